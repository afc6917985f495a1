import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test, vi } from 'vitest';
import { makeBootCluster } from '../support/boot.ts';
import { root, run } from '../support/cluster.ts';

/** The built program, as a user runs it (`make test` builds it). */
const program = path.join(root, 'dist/firstboot.cjs');

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ['a folder with something in it', 'root/notes.txt'],
  ['the / of a real node', 'root/var/lib/firstboot/instance'],
  ['a file', 'root'],
])('ROOT_TAKEN: %s is refused, and nothing is written', async (_, name) => {
  const cluster = await makeBootCluster();
  cluster.write(name, 'mine\n');
  const { code, err, json } = await cluster.rehearse('worker-0', '--root', 'root', '--json');
  expect(code).toBe(1);
  expect(err).toContain('firstboot: ROOT_TAKEN: ');
  expect(json.diagnostics[0].code).toBe('ROOT_TAKEN');
  const all = fs.statSync(path.join(cluster.folder, 'root')).isDirectory()
    ? fs.readdirSync(path.join(cluster.folder, 'root'), { recursive: true, withFileTypes: true })
    : [];
  expect(all.filter(entry => entry.isFile()).map(entry => entry.name)).toEqual(
    name === 'root' ? [] : [path.basename(name)],
  );
});

test('ROOT_TAKEN: a root that another rehearsal is using; not one whose rehearsal was killed', async () => {
  const cluster = await makeBootCluster();
  await cluster.rehearse('worker-0', '--root', 'root');
  const ended = spawnSync(process.execPath, ['--version']);
  cluster.write('root/.firstboot-rehearsal', `${process.ppid}\n`);
  const refused = await cluster.rehearse('worker-0', '--root', 'root');
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`is in use by process ${process.ppid}.`)]);
  cluster.write('root/.firstboot-rehearsal', `${ended.pid}\n`);
  expect((await cluster.rehearse('worker-0', '--root', 'root')).code).toBe(0);
  expect(cluster.read('root/.firstboot-rehearsal')).toBe('');
});

test('ROOT_NOT_WRITTEN: a file of write_files whose path is a folder', async () => {
  const cluster = await makeBootCluster();
  cluster.spec(spec => {
    spec.cloudInit = {
      write_files: [
        { path: '/opt/a/b', content: 'x' },
        { path: '/opt/a', content: 'x' },
      ],
    };
  });
  const { code, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect([code, err]).toEqual([1, expect.stringContaining('firstboot: ROOT_NOT_WRITTEN: ')]);
});

test('ROOT_NOT_WRITTEN: there is no folder for temporary files', async () => {
  const cluster = await makeBootCluster();
  vi.stubEnv('TMPDIR', path.join(cluster.folder, 'absent'));
  const { code, err } = await cluster.rehearse('worker-0');
  expect([code, err]).toEqual([1, expect.stringMatching(/ROOT_NOT_WRITTEN: .*absent/)]);
});

test.each([
  ['no python3', undefined, 'python3 cannot be run'],
  ['a python3 that is too old', '#!/bin/sh\necho 3.8\n', 'python3 is 3.8'],
])('PYTHON_NEEDED: %s', async (_, python3, message) => {
  const cluster = await makeBootCluster();
  cluster.write('bin/.keep', '');
  if (python3) cluster.write('bin/python3', python3, 0o755);
  vi.stubEnv('PATH', path.join(cluster.folder, 'bin'));
  const { code, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect(code).toBe(1);
  expect(err).toContain(`firstboot: PYTHON_NEEDED: ${message}`);
  expect(err).toContain('apt install python3');
  expect(fs.existsSync(path.join(cluster.folder, 'root'))).toBe(false);
});

test('REHEARSAL_BROKEN: a program that breaks is said to, with Python’s last line', async () => {
  const cluster = await makeBootCluster();
  await cluster.rehearse('worker-0', '--root', 'root');
  cluster.write('root/usr/local/lib/firstboot/__main__.py', 'raise RuntimeError("broken here")\n');
  const { code, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect(code).toBe(1);
  expect(err).toMatch(/REHEARSAL_BROKEN: .*exit code 1: RuntimeError: broken here\./);
});

test.each([
  [['worker-7'], 'from-scratch has no worker worker-7', 'did you mean worker-'],
  [['worker-0', '--fault', 'kil'], 'there is no fault “kil”', 'did you mean kill?'],
  [['worker-0', '--fault', 'clock-behind@units'], 'clock-behind cannot hit in a phase “units”', 'it can in clock'],
])('wrong usage: rehearse %j', async (args, problem, hint) => {
  const cluster = await makeBootCluster();
  const [worker = '', ...more] = args;
  const { code, err, json } = await cluster.rehearse(worker, ...more, '--json');
  expect(code).toBe(2);
  expect(err).toContain(problem);
  expect(json.diagnostics[0]).toMatchObject({ code: 'USAGE', hint: expect.stringContaining(hint) });
});

test('a spec with an error is not rehearsed', async () => {
  const cluster = await makeBootCluster();
  cluster.remove('pki/worker-0-key.pem');
  const { code, err } = await cluster.rehearse('worker-0', '--root', 'root');
  expect(code).toBe(1);
  expect(err).toMatch(/error PKI_/);
  expect(fs.existsSync(path.join(cluster.folder, 'root'))).toBe(false);
});

test('--fault list names every fault, where it can hit and how it ends', async () => {
  const cluster = await makeBootCluster();
  const { code, out } = await run(cluster, 'rehearse', 'worker-0', '--fault', 'list');
  expect(code).toBe(0);
  for (const name of ['imds-late', 's3-403-then-ok', 'cut-in-the-middle', 'disk-full', 'clock-behind', 'kill'])
    expect(out).toMatch(new RegExp(`^${name} `, 'm'));
  expect(out.split('\n').filter(line => line.length > 80)).toEqual([]);
});

test.each(['stdout', 'stderr'] as const)(
  'a reader of %s that goes away leaves no temporary root behind',
  async stream => {
    const cluster = await makeBootCluster();
    cluster.write('temporary/.keep', '');
    const temporary = path.join(cluster.folder, 'temporary');
    const child = spawn(process.execPath, [program, 'rehearse', 'worker-0', '--mirror', cluster.mirror], {
      cwd: cluster.folder,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child[stream].destroy();
    await new Promise(resolve => child.once('exit', resolve));
    expect(fs.readdirSync(temporary)).toEqual(['.keep']);
  },
);

test('Ctrl-C in the middle: the program ends, the temporary root goes, and the shell sees the signal', async () => {
  const cluster = await makeBootCluster();
  cluster.write('temporary/.keep', '');
  const temporary = path.join(cluster.folder, 'temporary');
  const argv = ['rehearse', 'worker-0', '--mirror', cluster.mirror, '--fault', 'slow'];
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: cluster.folder,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise(resolve => child.once('close', (code, signal) => resolve([code, signal])));
  let seen: readonly string[] = [];
  for await (const line of createInterface({ input: child.stderr }))
    if (/secrets +ok/.test(line)) {
      seen = fs.readdirSync(temporary);
      child.kill('SIGINT');
    }
  expect(await closed).toEqual([null, 'SIGINT']);
  expect(seen).toHaveLength(2);
  expect(fs.readdirSync(temporary)).toEqual(['.keep']);
});
