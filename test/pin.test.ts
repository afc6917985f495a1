import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { makeCluster, run, type TestCluster } from './support/cluster.ts';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

async function tarball(members: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(members)) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** A cluster whose pins have no digests for amd64 and no arm64 at all. */
async function unpinned(): Promise<TestCluster> {
  const cluster = await makeCluster();
  cluster.edit('pins.yaml', text =>
    text.replace(/^ {6}arm64:\n {8}url.*\n {8}sha256.*\n/gm, '').replace(/^ {8}sha256.*\n/gm, ''),
  );
  return cluster;
}

async function writeMirror(cluster: TestCluster): Promise<Readonly<Record<string, Buffer>>> {
  const files: Record<string, Buffer> = {};
  const pins = parse(cluster.read('pins.yaml')).binaries;
  for (const [binary, versions] of Object.entries<any>(pins)) {
    for (const [version, arches] of Object.entries<any>(versions)) {
      const name = arches.amd64.url.split('/').at(-1);
      const content = /gz$/.test(name)
        ? await tarball({ 'bin/one': `${binary} one`, './two': 'two' })
        : Buffer.from(`${binary} itself`);
      cluster.write(`mirror/${binary}/${version}/amd64/${name}`, content);
      files[binary] = content;
    }
  }
  return files;
}

test('pin --mirror fills digests, sizes and members, and keeps comments and order', async () => {
  const cluster = await unpinned();
  const files = await writeMirror(cluster);
  const before = cluster.read('pins.yaml');
  const { code, json } = await run(cluster, 'pin', '--mirror', path.join(cluster.folder, 'mirror'), '--json');
  expect(code).toBe(0);
  expect(json.pinned).toHaveLength(Object.keys(files).length);
  const after = cluster.read('pins.yaml');
  expect(after.split('\n')[0]).toBe(before.split('\n')[0]);
  const pins = parse(after).binaries;
  expect(Object.keys(pins)).toEqual(Object.keys(parse(before).binaries));
  expect(pins.kubelet['1.36.1'].amd64).toMatchObject({
    sha256: sha256(files.kubelet ?? ''),
    size: files.kubelet?.length,
  });
  expect(pins.containerd['2.3.1'].amd64.files).toEqual({ 'bin/one': sha256('containerd one'), two: sha256('two') });
  expect((await run(cluster, 'pin')).out).toContain('nothing to pin');
});

test('pin fetches the URLs in order, past a dead one; a failure leaves pins.yaml as it was', async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/good') response.end('the binary');
    else response.writeHead(404).end();
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = await makeCluster();
  const pins = (urls: string) => `version: 1\nbinaries:\n  tool:\n    1.0.0:\n      amd64: {url: ${urls}}\n`;
  cluster.write('pins.yaml', pins(`["${base}/missing"]`));
  const failed = await run(cluster, 'pin');
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/PIN_NOT_FILLED: tool 1.0.0 amd64 cannot be pinned: .*\/missing answered 404/);
  expect(cluster.read('pins.yaml')).toBe(pins(`["${base}/missing"]`));
  cluster.write('pins.yaml', pins(`["${base}/missing", "${base}/good"]`));
  expect((await run(cluster, 'pin')).code).toBe(0);
  expect(parse(cluster.read('pins.yaml')).binaries.tool['1.0.0'].amd64).toMatchObject({
    sha256: sha256('the binary'),
    size: 10,
  });
});

/** The beginning of an ELF program. */
function program(machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(machine, 18);
  return head;
}

test.each([
  ['a program', 'tool', (content: Buffer) => content],
  ['all programs of an archive', 'tool.tar.gz', (content: Buffer) => tarball({ README: 'text', 'bin/tool': content })],
])('%s for another machine is not pinned', async (_, name, wrap) => {
  const cluster = await makeCluster();
  cluster.write('pins.yaml', `version: 1\nbinaries: {tool: {1.0.0: {amd64: {url: "https://example.org/${name}"}}}}\n`);
  const file = `mirror/tool/1.0.0/amd64/${name}`;
  const pinned = async (machine: number) => {
    cluster.write(file, await wrap(program(machine)));
    return run(cluster, 'pin', '--mirror', path.join(cluster.folder, 'mirror'));
  };
  const { code, err } = await pinned(183);
  expect(code).toBe(1);
  expect(err).toContain(`PIN_NOT_FILLED: tool 1.0.0 amd64 cannot be pinned: `);
  expect(err).toContain(`${file} is for arm64, not for amd64`);
  expect((await pinned(40)).err).toContain('is for ELF machine 40, not for amd64');
  expect((await pinned(62)).code).toBe(0);
});

test('an archive may have programs of several machines beside the right one', async () => {
  const cluster = await makeCluster();
  cluster.write('pins.yaml', 'version: 1\nbinaries: {tool: {1.0.0: {amd64: {url: "https://example.org/t.tgz"}}}}\n');
  cluster.write('mirror/tool/1.0.0/amd64/t.tgz', await tarball({ a: program(183), b: program(62) }));
  expect((await run(cluster, 'pin', '--mirror', path.join(cluster.folder, 'mirror'))).code).toBe(0);
});

test('a mirror that lacks a binary is named', async () => {
  const cluster = await unpinned();
  fs.mkdirSync(path.join(cluster.folder, 'empty'));
  const { code, err } = await run(cluster, 'pin', '--mirror', 'empty');
  expect(code).toBe(1);
  expect(err).toContain('empty/containerd/2.3.1/amd64/containerd-2.3.1-linux-amd64.tar.gz does not exist');
});
