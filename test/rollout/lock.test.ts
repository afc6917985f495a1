import { expect, test } from 'vitest';
import { OperationError } from '../../src/diagnostics/operation-error.ts';
import { emptyRecord, openJournal } from '../../src/rollout/journal.ts';
import { readLock, removeLock, takeLock } from '../../src/rollout/lock.ts';
import { retrying } from '../../src/rollout/retry.ts';
import { testCloud } from '../support/cloud.ts';

const mine = { run: 'run-1', holder: 'ada@build-7', command: 'apply', timeout: 0 };
const other = { run: 'run-2', holder: 'bob@laptop', command: 'replace worker-0', timeout: 0 };

function place(faults: readonly string[] = []) {
  const cloud = testCloud({ faults });
  const { clock, compute, cluster } = cloud;
  const world = retrying({ clock, compute, store: cloud.store(), kube: undefined }, 'test');
  return { cloud, clock, cluster, store: world.store };
}

test('another’s lock is told: who, since when, from where, and how to go on', async () => {
  const at = place();
  const { lock } = await takeLock(at, mine);
  const error = await takeLock(at, other).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({
    code: 'LOCK_HELD',
    message: `the lock of from-scratch is held by ada@build-7 since 2026-11-25T09:00:00.000Z: \`firstboot apply\`, run run-1.`,
    hint: expect.stringContaining(`firstboot unlock ${lock.id}`),
  });
});

test('the same run takes its own up again, from any host', async () => {
  const at = place();
  const first = await takeLock(at, mine);
  const again = await takeLock(at, { ...mine, holder: 'ada@other-host' });
  expect(again).toMatchObject({ resumed: true, lock: { id: first.lock.id, holder: 'ada@build-7' } });
});

test('a lost answer to the put is no other’s lock', async () => {
  const at = place(['PutObject@1=lost']);
  expect(await takeLock(at, mine)).toMatchObject({ resumed: false });
});

test('it is waited for as long as asked, and never taken by its age', async () => {
  const at = place();
  const held = await takeLock(at, mine);
  void at.clock.sleep(30_000).then(() => held.release(at.store));
  const start = at.clock.now();
  expect(await takeLock(at, { ...other, timeout: 60_000 })).toMatchObject({ resumed: false });
  expect(at.clock.now() - start).toBeLessThan(40_000);
  await at.clock.advance(30 * 24 * 3_600_000);
  await expect(takeLock(at, { ...mine, timeout: 10_000 })).rejects.toMatchObject({
    code: 'LOCK_HELD',
    message: expect.stringContaining('after 10 s of waiting'),
  });
});

test('released by its version: nothing is left, and nobody else’s goes', async () => {
  const at = place();
  const first = await takeLock(at, mine);
  await first.release(at.store);
  expect(await at.store.versions('state/')).toEqual([]);
  const { lock } = await takeLock(at, other);
  await first.release(at.store);
  expect((await readLock(at))?.id).toBe(lock.id);
  expect(await removeLock(at, first.lock.id)).toBe(false);
  expect(await removeLock(at, lock.id)).toBe(true);
});

test('the journal: lost answers are ours, foreign writes are refused', async () => {
  const at = place(['PutObject@1=lost', 'PutObject@2=lost']);
  const journal = openJournal(at.store, at.cluster, 'worker-0', undefined);
  await journal.write({ ...emptyRecord('worker-0'), generation: 1 });
  await journal.write({ ...emptyRecord('worker-0'), generation: 2 });
  const late = openJournal(at.store, at.cluster, 'worker-0', undefined);
  await expect(late.write(emptyRecord('worker-0'))).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
  expect(journal.record().generation).toBe(2);
});
