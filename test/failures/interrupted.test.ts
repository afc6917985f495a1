import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readRecords } from '../../src/rollout/read-records.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { root } from '../support/cluster.ts';
import { type FailureWorld, failureWorld } from './world.ts';

/** The built program (`make test` builds it): signals are a process’s own. */
const program = path.join(root, 'dist/firstboot.cjs');
const applying = ['apply', '--wait', 'booted', '--yes'];

type Ended = { readonly signal: NodeJS.Signals | null; readonly code: number | null; readonly err: string };

/** Starts an apply and sends the signal once it has said this. */
async function applyUntil(world: FailureWorld, words: string, signal: NodeJS.Signals): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...applying], {
    cwd: world.folder.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let err = '';
  child.stderr.on('data', part => {
    const before = err.includes(words);
    err += part;
    if (!before && err.includes(words)) child.kill(signal);
  });
  return new Promise(resolve => child.once('close', (code, by) => resolve({ code, signal: by, err })));
}

async function operationOf({ cloud }: FailureWorld) {
  return (await readRecords(cloud.store(), stateKeys(cloud.cluster))).get('worker-0')?.record.operation;
}

const lockOf = ({ cloud }: FailureWorld) => cloud.store().get('state/from-scratch/lock.json');

test('Ctrl-C in the middle says how it goes on, gives the lock back, and the next apply takes the instance over', async () => {
  const world = await failureWorld();
  world.boot = () => ({ kind: 'hangs', phase: 'binaries' });
  const { signal, err } = await applyUntil(world, 'worker-0 await-running: ', 'SIGINT');
  expect(signal, err).toBe('SIGINT');
  expect(err).toMatch(/^firstboot: stopped\. What was begun is on record,/m);
  expect(await lockOf(world)).toBeUndefined();
  const operation = await operationOf(world);
  expect(operation).toMatchObject({ step: expect.stringMatching(/^await-/), failure: null });
  world.cloud.ec2.interrupt(operation?.instanceId ?? '', 'host');
  world.mend();
  const told = await world.run(...applying);
  expect(told.out).toContain('LAUNCH_ENDED');
  expect((await world.run(...applying)).code).toBe(0);
  expect(world.cloud.violations()).toEqual([]);
  expect(await world.staged()).toBe(0);
});

test('43: killed while it waits, the same command goes on under its own lock with the same instance', async () => {
  const world = await failureWorld();
  const { signal } = await applyUntil(world, 'worker-0 launch: i-', 'SIGKILL');
  expect(signal).toBe('SIGKILL');
  const lock = await lockOf(world);
  expect(lock).toBeDefined();
  const { instanceId } = (await operationOf(world)) ?? {};
  const stranger = await world.run(...applying, '--run-id', 'another');
  expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining('LOCK_HELD')]);
  const { code, err, out } = await world.run(...applying);
  expect([code, out], err).toEqual([0, '1 launched.\n']);
  expect(err).toMatch(/ lock [0-9a-f]{12} taken up again\n/);
  expect(world.cloud.ec2.machines().map(one => one.instanceId)).toEqual([instanceId]);
  expect([await lockOf(world), await world.staged(), world.cloud.violations()]).toEqual([undefined, 0, []]);
});
