import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/rollout/status.ts';
import { makeBootCluster } from '../support/boot.ts';
import { run } from './lab.ts';
import { runCommand } from './run-command.ts';

const names = Array.from({ length: 20 }, (_, n) => `worker-${n}`);
const replaced = ['worker-3', 'worker-7'];

/** Objects of the embedded S3 that a private key is in: archives are not compressed. */
const objectsWithKey = (state: string): number =>
  run(['grep', '-rlaF', '--', 'PRIVATE KEY', join(state, 's3')])
    .stdout.split('\n')
    .filter(Boolean).length;

test('twenty workers boot on the embedded cloud, each with its own key, and two of them are replaced', async () => {
  const { folder, spec, mirror, ca, write } = await makeBootCluster({ bytes: 16 << 10 });
  const state = join(folder, '.firstboot-cloud');
  spec(value => {
    value.workers = Object.fromEntries(names.map((name, n) => [name, { privateIp: `10.0.1.${20 + n}` }]));
  });
  const firstboot = (...args: readonly string[]) => runCommand(args, { cwd: folder });
  const done = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await firstboot(...args);
    expect(code, `firstboot ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const statusNow = async () => JSON.parse(await done('status', '--local', '--json')) as Status;

  write('ca-key.pem', ca.key, 0o600);
  await done('pki', 'issue', '--key-type', 'ec', '--ca-key', 'ca-key.pem');
  await done('local', 'up', '--instances', 'rehearse', '--mirror', mirror);
  onTestFinished(async () => void (await firstboot('local', 'down')));
  await done('stage', '--local');
  expect(objectsWithKey(state)).toBe(20);

  const applied = JSON.parse(await done('apply', '--local', '--yes', '--wait', 'booted', '--json'));
  expect(
    applied.workers
      .map(({ worker, outcome, verified }: Record<string, string>) => [worker, outcome, verified].join(' '))
      .sort(),
  ).toEqual(names.map(name => `${name} launched booted`).sort());
  const before = await statusNow();
  expect(before.workers.map(row => row.worker)).toEqual(names);
  expect(new Set(before.workers.map(row => row.instanceId)).size).toBe(20);
  for (const row of before.workers)
    expect(row).toMatchObject({ state: 'running', verified: 'booted', fingerprint: 'current', secretsDeleted: true });
  expect([before.staged, before.problems, objectsWithKey(state)]).toEqual([[], [], 0]);
  expect(keysOnNodes(state, before)).toEqual(
    names.map(name => readFileSync(join(folder, 'pki', `${name}-key.pem`), 'utf8')),
  );

  const choices = ['--local', '--yes', '--wait', 'booted', '--ignore-drain-failure'];
  await done('replace', ...replaced, ...choices);
  const after = await statusNow();
  const instanceOf = (status: Status, name: string) => status.workers.find(({ worker }) => worker === name)?.instanceId;
  const changed = names.filter(name => instanceOf(before, name) !== instanceOf(after, name));
  expect(changed).toEqual(replaced);
  expect([after.workers.length, after.staged, after.problems, objectsWithKey(state)]).toEqual([20, [], [], 0]);
  expect(instancesIn(state)).toEqual(after.workers.map(({ instanceId }) => instanceId).sort());
});

/** What each worker's boot program put where the kubelet looks for its key, in the order of the rows. */
function keysOnNodes(state: string, { workers }: Status): readonly string[] {
  return workers.map(({ instanceId }) => {
    const file = join(state, 'instances', String(instanceId), 'root/var/lib/kubelet/kubelet-key.pem');
    return existsSync(file) ? readFileSync(file, 'utf8') : 'no key';
  });
}

/** Those of terminated instances are removed: a key lies in them. */
function instancesIn(state: string): readonly string[] {
  return readdirSync(join(state, 'instances'))
    .filter(name => name.startsWith('i-'))
    .sort();
}
