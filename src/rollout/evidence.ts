import { consoleOf } from './follow.ts';
import { stateKeys } from './state-keys.ts';
import type { Task } from './task.ts';
import { writeIf } from './written.ts';

/** Of an instance that is about to be terminated: where its console is to be found, a clause for a hint. */
export function evidenceWords({ world, name }: Pick<Task, 'world' | 'name'>, instanceId: string | null): string {
  const key = `${stateKeys(world.cluster).evidence(name, instanceId ?? '')}${consoleLog}`;
  return `the instance is terminated, and its console kept in the bucket as ${key} (\`firstboot report\` reads it).`;
}

const consoleLog = 'console.log';

/** Keeps the console of an instance that is about to be terminated, below state/<cluster>/evidence/. */
export async function keepEvidence({ world, name }: Task, instanceId: string): Promise<void> {
  const { compute, store, cluster } = world;
  const output = await consoleOf(compute, instanceId);
  if (output === undefined) return;
  const key = `${stateKeys(cluster).evidence(name, instanceId)}${consoleLog}`;
  // An earlier look of a run that was cut off is as good.
  await writeIf(store, { key, bytes: new TextEncoder().encode(output), onlyIf: { kind: 'absent' } });
}
