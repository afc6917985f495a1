import { readLock, removeLock } from '../rollout/lock.ts';
import { readRecords } from '../rollout/read-records.ts';
import { retrying } from '../rollout/retry.ts';
import { stateKeys } from '../rollout/state-keys.ts';
import type { World } from '../rollout/world.ts';
import type { LeftRun } from './run-id.ts';

/** A run that was killed after its last step has left nothing but its lock; run again, the same command removes it. */
export async function removeLeftLock(given: World, { id, killed }: LeftRun, command: string): Promise<void> {
  const world = retrying(given, id);
  const lock = await readLock(world);
  if (lock?.run === id && (killed || lock.command === command)) await removeLock(world, lock.id);
}

/** Workers that this very command had done with when it was killed: gone on with, it does not begin them anew. */
export async function doneBefore(
  given: World,
  left: LeftRun | undefined,
  command: string,
): Promise<ReadonlySet<string>> {
  if (!left || !(await isCutOff(given, left, command))) return new Set();
  const world = retrying(given, left.id);
  const records = await readRecords(world.store, stateKeys(world.cluster));
  const done = [...records].filter(([, { record }]) => record.current?.run === left.id && record.operation === null);
  return new Set(done.map(([worker]) => worker));
}

/** Whether the lock is still that of an earlier start of this very command. */
export async function isCutOff(given: World, left: LeftRun | undefined, command: string): Promise<boolean> {
  if (!left) return false;
  const lock = await readLock(retrying(given, left.id));
  return lock?.run === left.id && lock.command === command;
}
