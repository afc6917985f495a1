import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { sha256 } from '../../src/tree/digest.ts';
import { type BootCluster, makeBootCluster } from '../support/boot.ts';
import { run } from '../support/cluster.ts';
import { issue } from '../support/pki.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

type ListedFile = { path: string; mode: string; owner: string; size: number; sha256?: string; secret?: boolean };

const keyPath = '/var/lib/kubelet/kubelet-key.pem';
const inRoot = (cluster: BootCluster, name: string) => path.join(cluster.folder, 'root', name);
const readRoot = (cluster: BootCluster, name: string) => fs.readFileSync(inRoot(cluster, name), 'utf8');
const modeOf = (file: string) => (fs.statSync(file).mode & 0o7777).toString(8);

test('a worker is rehearsed: its files are in the root with their modes, its key only in the key’s file', async () => {
  const cluster = await makeBootCluster();
  const result = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect([result.code, result.json.ok, result.json.boot], result.err).toEqual([0, true, 'first boot']);
  expect(readRoot(cluster, keyPath)).toBe(cluster.read('pki/worker-0-key.pem'));
  const files: readonly ListedFile[] = result.json.files;
  const found = Object.fromEntries(files.map(({ path: name, mode }) => [name, mode]));
  expect(found).toMatchObject({
    [keyPath]: '0600',
    '/var/lib/kubelet/kubeconfig': '0600',
    '/var/lib/kubelet/kubelet.pem': '0644',
    '/var/lib/firstboot/manifest.json': '0600',
    '/var/lib/firstboot/report.json': '0600',
    '/etc/systemd/system/kubelet.service': '0600',
    '/usr/local/bin/kubelet': '0755',
    '/usr/local/bin/containerd-shim-runc-v2': '0755',
    '/opt/cni/bin/portmap': '0755',
  });
  expect(Object.keys(found).filter(name => /\.firstboot$|__pycache__|containerd-stress|\/ready$/.test(name))).toEqual(
    [],
  );
  expect(modeOf(inRoot(cluster, 'var/lib/kubelet'))).toBe('700');
  const [key] = files.filter(file => file.secret);
  expect(key).toEqual({ path: keyPath, mode: '0600', owner: 'root:root', size: expect.any(Number), secret: true });
  for (const { path: name, size, sha256: digest } of files.filter(file => !file.secret)) {
    const content = fs.readFileSync(inRoot(cluster, name));
    expect([name, content.length, sha256(content)]).toEqual([name, size, digest]);
    expect(content.includes(cluster.read('pki/worker-0-key.pem').slice(40, 90)), name).toBe(false);
  }
});

test('what runs is the user-data that build writes, byte for byte', async () => {
  const cluster = await makeBootCluster();
  const { json } = await cluster.rehearse('worker-1', '--root', 'root', '--json');
  await run(cluster, 'build');
  const userData = fs.readFileSync(path.join(cluster.folder, 'build/from-scratch/worker-1/user-data'));
  expect(json.report.instanceId).toBe(`i-${sha256(userData).slice(0, 17)}`);
  const yaml = cluster.read('build/from-scratch/worker-1/user-data.yaml');
  for (const name of fs.readdirSync(inRoot(cluster, 'usr/local/lib/firstboot')))
    expect(yaml).toContain(readRoot(cluster, `usr/local/lib/firstboot/${name}`).split('\n').at(-2));
});

test('a terminal gets live phases, a timeline, what a node would have done and where the root is, within 80 columns', async () => {
  const cluster = await makeBootCluster();
  const { code, out, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect(code, err).toBe(0);
  for (const phase of ['identify', 'secrets', 'binaries', 'registered', 'done']) expect(err).toMatch(`${phase} `);
  for (const line of [
    'systemctl start kubelet.service',
    'modprobe overlay',
    'sysctl -qp',
    'On a node all files are root’s',
  ])
    expect(out).toContain(line);
  expect(out).toContain(`The root is ${path.join(cluster.folder, 'root')}`);
  const wide = `${out}${err}`.split('\n').filter(line => line.length > 80 && !/warning|hint:/.test(line));
  expect(wide).toEqual([]);
});

test('without --root the scratch root is temporary and nothing is left of it', async () => {
  const cluster = await makeBootCluster();
  cluster.write('temporary/.keep', '');
  vi.stubEnv('TMPDIR', path.join(cluster.folder, 'temporary'));
  const { code, json } = await cluster.rehearse('worker-0', '--json');
  expect([code, json.root]).toEqual([0, null]);
  expect(fs.readdirSync(path.join(cluster.folder, 'temporary'))).toEqual(['.keep']);
});

test('the same root again is a reboot: nothing is fetched, no file of write_files is written again', async () => {
  const cluster = await makeBootCluster();
  await cluster.rehearse('worker-0', '--root', 'root');
  const binary = inRoot(cluster, 'usr/local/bin/kubelet');
  const script = inRoot(cluster, 'usr/local/lib/firstboot/__main__.py');
  const before = [fs.statSync(binary).ino, fs.statSync(script).mtimeMs];
  const { code, json, err } = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect([code, json.boot, json.requests.objects, json.report.attempts], err).toEqual([0, 'reboot', 0, 2]);
  expect([fs.statSync(binary).ino, fs.statSync(script).mtimeMs]).toEqual(before);
});

test('other user-data in the same root is a new instance on an old disk', async () => {
  const cluster = await makeBootCluster();
  const first = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  cluster.spec(spec => {
    spec.kubelet = { labels: { zone: 'b' } };
  });
  const second = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect([second.code, second.json.boot], second.err).toEqual([0, 'first boot']);
  expect(second.json.report.instanceId).not.toBe(first.json.report.instanceId);
  expect(readRoot(cluster, 'var/lib/firstboot/instance').trim()).toBe(second.json.report.instanceId);
});

test('instance-scoped delivery: the archive lies below the instance’s own ARN', async () => {
  const cluster = await makeBootCluster();
  cluster.spec(spec => {
    spec.aws.delivery = 'instance-scoped';
  });
  const { code, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect(code, err).toBe(0);
  expect(readRoot(cluster, keyPath)).toBe(cluster.read('pki/worker-0-key.pem'));
});

test('a node behind a proxy, with a CA and kube-proxy of its own', async () => {
  const cluster = await makeBootCluster();
  const identity = await issue({ cn: 'system:kube-proxy', o: ['system:node-proxier'], ca: cluster.ca });
  cluster.write('pki/kube-proxy.pem', identity.certificate);
  cluster.write('pki/kube-proxy-key.pem', identity.key, 0o600);
  cluster.write('company.pem', cluster.ca.certificate);
  cluster.spec(spec => {
    spec.components = ['containerd', 'kubelet', 'kube-proxy'];
    spec.node = { proxy: { https: 'http://proxy.invalid:3128', noProxy: [] }, ca: ['company.pem'] };
  });
  const { code, json, err } = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect(code, err).toBe(0);
  const secrets = (json.files as ListedFile[]).filter(file => file.secret).map(file => file.path);
  expect(secrets).toEqual(['/var/lib/kube-proxy/kube-proxy-key.pem', keyPath]);
  const commands = json.report.phases.flatMap((one: { would?: string[] }) => one.would ?? []);
  expect(commands).toEqual(expect.arrayContaining(['update-ca-certificates', 'systemctl start kube-proxy.service']));
});

test('a user’s own write_files are written as cloud-init writes them', async () => {
  const cluster = await makeBootCluster();
  cluster.spec(spec => {
    spec.cloudInit = {
      write_files: [
        { path: '/opt/late', content: 'late\n', defer: true },
        { path: '/opt/own.conf', content: 'one\n', permissions: '0640', owner: 'daemon:daemon' },
        { path: '/opt/own.conf', content: 'two\n', permissions: '0640', owner: 'daemon:daemon', append: true },
        {
          path: '/opt/packed',
          content: gzipSync('packed\n').toString('base64'),
          encoding: 'gz+b64',
          permissions: '0o755',
        },
        { path: '/opt/../etc/./coded', content: Buffer.from('coded\n').toString('base64'), encoding: 'b64' },
        { path: '/opt/empty' },
      ],
    };
  });
  const { code, json, err } = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect(code, err).toBe(0);
  const own = (json.files as ListedFile[]).filter(file => /^\/opt\/[^/]+$|coded/.test(file.path));
  expect(own.map(({ path: name, mode, owner }) => [name, mode, owner, readRoot(cluster, name)])).toEqual([
    ['/etc/coded', '0644', 'root:root', 'coded\n'],
    ['/opt/empty', '0644', 'root:root', ''],
    ['/opt/late', '0644', 'root:root', 'late\n'],
    ['/opt/own.conf', '0640', 'daemon:daemon', 'one\ntwo\n'],
    ['/opt/packed', '0755', 'root:root', 'packed\n'],
  ]);
  expect((await cluster.rehearse('worker-0', '--root', 'root')).out).toContain('/opt/own.conf (daemon:daemon)');
});

test('two workers side by side', async () => {
  const cluster = await makeBootCluster();
  const results = await Promise.all(['worker-0', 'worker-1'].map(name => cluster.rehearse(name, '--json')));
  expect(results.map(({ code, json }) => [code, json.report.worker])).toEqual([
    [0, 'worker-0'],
    [0, 'worker-1'],
  ]);
});

test('binaries come from the cache, too; what is nowhere is left out and named, and comes with the next run', async () => {
  const cluster = await makeBootCluster();
  vi.stubEnv('XDG_CACHE_HOME', path.join(cluster.folder, 'cache'));
  // Nobody listens there.
  cluster.edit('pins.yaml', text => text.replaceAll(/https:\/\/[^/]+\//g, 'https://127.0.0.1:9/'));
  const sources = fs.readdirSync(cluster.mirror, { recursive: true, encoding: 'utf8' });
  for (const name of sources.filter(one => fs.statSync(path.join(cluster.mirror, one)).isFile())) {
    const content = fs.readFileSync(path.join(cluster.mirror, name));
    if (!name.startsWith('kubelet')) cluster.write(`cache/firstboot/binaries/${sha256(content)}`, content);
  }
  const without = await run(cluster, 'rehearse', 'worker-0', '--root', 'root', '--json');
  expect([without.code, without.json.missing], without.err).toEqual([
    0,
    [{ binary: 'kubelet', version: '1.36.1', reason: expect.stringContaining('could not be fetched') }],
  ]);
  expect(fs.existsSync(inRoot(cluster, 'usr/local/bin/kubelet'))).toBe(false);
  expect(fs.existsSync(inRoot(cluster, 'usr/local/bin/ctr'))).toBe(true);
  const commands = without.json.report.phases.flatMap((one: { would?: string[] }) => one.would ?? []);
  expect(commands).toContain('systemctl start kubelet.service');
  const { out } = await run(cluster, 'rehearse', 'worker-0', '--root', 'root');
  expect(out).toContain('\n  kubelet 1.36.1: 127.0.0.1:9 could not be fetched');
  const complete = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect([complete.code, complete.json.missing]).toEqual([0, []]);
  expect(fs.existsSync(inRoot(cluster, 'usr/local/bin/kubelet'))).toBe(true);
});
