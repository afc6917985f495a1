import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { type FetchEvent, openBinaries, type WantedBinary } from '../../src/local/binaries.ts';
import { fetchToCache } from '../../src/local/fetch-to-cache.ts';
import { type Handler, listen } from '../../src/local/http.ts';
import type { Stored } from '../../src/local/object-server.ts';
import { sha256 } from '../../src/tree/digest.ts';

const kubelet = randomBytes(300_000);

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-binaries-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

async function web(handler: Handler): Promise<string> {
  const { port, close } = await listen(handler, '127.0.0.1');
  onTestFinished(close);
  return `http://127.0.0.1:${port}`;
}

const wanted = (...urls: readonly string[]): WantedBinary => ({
  name: 'kubelet',
  version: '1.36.1',
  arch: 'amd64',
  urls,
  sha256: sha256(kubelet),
});

async function contentOf({ open, size }: Stored, from = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of open(from)) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  expect(content.length).toBe(size - from);
  return content;
}

function place(mirror: string, name: string, content: Uint8Array): void {
  const file = path.join(mirror, 'kubelet/1.36.1/amd64', name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

test('the mirror folder is first, by the last part of any URL, and served under each of them', async () => {
  const mirror = folder();
  place(mirror, 'kubelet-amd64', kubelet);
  const urls = [
    'https://a.invalid/kubelet',
    'https://b.invalid/x/kubelet-amd64?download=1',
    's3+https://c.invalid/bin/kubelet',
  ];
  const { stored, missing } = await openBinaries([wanted(...urls)], { mirror, cache: folder() });
  expect(missing).toEqual([]);
  expect(stored.map(({ url, signed }) => [url, signed])).toEqual([
    ['https://a.invalid/kubelet', false],
    ['https://b.invalid/x/kubelet-amd64?download=1', false],
    ['https://c.invalid/bin/kubelet', true],
  ]);
  expect(await contentOf(stored[1] as Stored, 1000)).toEqual(kubelet.subarray(1000));
});

test('a wrong file in the mirror is served as it is: the node refuses it', async () => {
  const mirror = folder();
  place(mirror, 'kubelet', Buffer.from('other'));
  const { stored } = await openBinaries([wanted('https://a.invalid/kubelet')], { mirror, cache: folder() });
  expect((await contentOf(stored[0] as Stored)).toString()).toBe('other');
});

test.each(['', 'file'])('FILE_NOT_READ: a mirror that is no folder (%j)', async name => {
  const mirror = path.join(folder(), 'mirror');
  if (name === 'file') fs.writeFileSync(mirror, 'a file');
  const opened = openBinaries([wanted('https://a.invalid/kubelet')], { mirror, cache: folder() });
  await expect(opened).rejects.toMatchObject({ code: 'FILE_NOT_READ', message: expect.stringContaining(mirror) });
});

test('a file in the place of one of a mirror’s folders is no binary', async () => {
  const [mirror, cache] = [folder(), folder()];
  fs.writeFileSync(path.join(mirror, 'kubelet'), 'a file');
  const { missing } = await openBinaries([wanted('http://127.0.0.1:9/kubelet')], { mirror, cache });
  expect(missing.map(one => one.reason)).toEqual([expect.stringMatching(/does not exist; .*could not be fetched/)]);
});

test('a binary of two workers is looked for once', async () => {
  let asked = 0;
  const base = await web(async () => {
    asked++;
    return { status: 200, body: kubelet };
  });
  const one = wanted(`${base}/kubelet`);
  const { stored } = await openBinaries([one, { ...one }], { mirror: undefined, cache: folder() });
  expect([asked, stored.length]).toEqual([1, 1]);
});

test('what is in neither mirror nor cache is fetched from the first URL that has it, once for all times', async () => {
  const cache = path.join(folder(), 'new');
  const base = await web(async ({ url }) =>
    url === '/good?token=abc' ? { status: 200, body: kubelet } : { status: 404 },
  );
  const binary = wanted(`${base}/none`, `${base}/good?token=abc`);
  const events: FetchEvent[] = [];
  const first = await openBinaries([binary], { mirror: folder(), cache }, event => events.push(event));
  expect(events.map(({ kind, url }) => [kind, url])).toEqual([
    ['fetching', `${base}/none`],
    ['fetching', `${base}/good?…`],
    ['fetched', `${base}/good?…`],
  ]);
  expect(await contentOf(first.stored[0] as Stored)).toEqual(kubelet);
  expect(fs.readdirSync(cache)).toEqual([sha256(kubelet)]);
  const again = await openBinaries([binary], { mirror: undefined, cache }, () => expect.unreachable());
  expect(await contentOf(again.stored[0] as Stored)).toEqual(kubelet);
});

test('a file in the cache that is not what its name says is fetched anew', async () => {
  const cache = folder();
  fs.writeFileSync(path.join(cache, sha256(kubelet)), 'torn');
  const base = await web(async () => ({ status: 200, body: kubelet }));
  const { stored } = await openBinaries([wanted(`${base}/kubelet`)], { mirror: undefined, cache });
  expect(await contentOf(stored[0] as Stored)).toEqual(kubelet);
});

test('what can be had from nowhere is missing, with what was looked for and what each URL said', async () => {
  const mirror = folder();
  const cache = folder();
  const cut = async function* () {
    yield kubelet.subarray(0, 1000);
    throw new Error('cut');
  };
  const base = await web(async ({ url }) => {
    if (url === '/gone') return { status: 404 };
    if (url === '/other') return { status: 200, body: 'other' };
    return url === '/cut' ? { status: 200, headers: { 'content-length': '300000' }, body: cut() } : undefined;
  });
  const closed = await listen(async () => undefined, '127.0.0.1');
  await closed.close();
  const urls = ['/gone', '/other', '/cut', '/closed'].map(one => base + one);
  const { stored, missing } = await openBinaries(
    [wanted(...urls, `http://127.0.0.1:${closed.port}/kubelet`, 's3+https://c.invalid/bin/kubelet')],
    { mirror, cache },
  );
  expect(stored).toEqual([]);
  expect(missing).toMatchObject([{ binary: 'kubelet', version: '1.36.1' }]);
  const reasons = missing[0]?.reason.split('; ');
  expect(reasons?.slice(0, 5)).toEqual(
    ['gone', 'other', 'cut', 'closed', 'kubelet'].map(
      name => `${path.join(mirror, 'kubelet/1.36.1/amd64', name)} does not exist`,
    ),
  );
  expect(reasons?.slice(5)).toEqual([
    `${base}/gone answered 404`,
    `${base}/other gave a file of SHA-256 ${sha256('other')}, pinned is ${sha256(kubelet)}`,
    `${base}/cut broke off`,
    `${base}/closed broke off`,
    `http://127.0.0.1:${closed.port}/kubelet could not be fetched (ECONNREFUSED)`,
    's3+https://c.invalid/bin/kubelet is not fetched here: only a node’s role can read it',
  ]);
  expect(fs.readdirSync(cache)).toEqual([]);
});

test('what falls silent is given up', async () => {
  const cache = folder();
  const silent = async function* () {
    yield kubelet.subarray(0, 1000);
    await new Promise(() => {});
  };
  const base = await web(async ({ url }) =>
    url === '/half'
      ? { status: 200, headers: { 'content-length': '300000' }, body: silent() }
      : new Promise<undefined>(() => {}),
  );
  const target = path.join(cache, 'kubelet');
  for (const name of ['half', 'nothing'])
    expect(await fetchToCache(`${base}/${name}`, wanted(), target, 200)).toBe('did not answer for 0.2 s');
  expect(fs.readdirSync(cache)).toEqual([]);
});

test('several processes fill one cache at once', async () => {
  const cache = folder();
  const base = await web(async () => ({ status: 200, body: kubelet }));
  const program = path.join(folder(), 'open.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/local/binaries.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    footer: {
      js: `const { stored, missing } = await openBinaries(${JSON.stringify([wanted(`${base}/kubelet`)])}, { cache: ${JSON.stringify(cache)} });
process.exit(stored.length === 1 && missing.length === 0 ? 0 : 1);`,
    },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [program])));
  expect(fs.readdirSync(cache)).toEqual([sha256(kubelet)]);
  expect(fs.readFileSync(path.join(cache, sha256(kubelet)))).toEqual(kubelet);
});
