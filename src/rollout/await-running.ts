import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import { invariant } from '../tree/invariant.ts';
import { sightPatience } from './end-instance.ts';
import { type PerformStep, type Task, waitingTeller } from './task.ts';

/** EC2 may say NotFound for minutes after it launched. */
export const awaitRunning: PerformStep = async (task, { instanceId }) => {
  invariant(instanceId, 'the instance is launched');
  const waiting = waitingTeller(task, 'await-running');
  const start = task.world.clock.now();
  for (;;) {
    const view = (await task.watch()).instances.get(instanceId);
    if (view?.state === 'running') return { detail: instanceId };
    if (view && view.state !== 'pending') throw endedError(task.name, view);
    waiting(view ? `${instanceId} is pending` : `EC2 does not show ${instanceId} yet`);
    const waited = task.world.clock.now() - start;
    if (!view && waited > sightPatience) throw notSeen(task, instanceId);
    if (view && waited > Math.max(task.options.timeout, sightPatience))
      throw stillPending(task.name, instanceId, waited);
  }
};

/** Says why, in EC2’s words: a spot interruption, a failed host, a key that the volume may not use. */
export function endedError(worker: string, { instanceId, state, stateReason }: InstanceView): OperationError {
  // The message begins with the code.
  const why = stateReason?.message ?? 'EC2 gives no reason';
  return new OperationError(
    'LAUNCH_ENDED',
    `${instanceId} of ${worker} is ${state} before its boot was proven (${why.replace(/\.$/, '')}).`,
    stateReason?.code.startsWith('Client.')
      ? 'mend what the reason names (a KMS key’s policy, a volume limit); then run the same command again.'
      : 'run the same command again: it launches another instance.',
  );
}

function notSeen({ name }: Task, instanceId: string): OperationError {
  return new OperationError(
    'LAUNCH_NOT_SEEN',
    `EC2 launched ${instanceId} for ${name} and does not show it after ${sightPatience / 60_000} minutes.`,
    'see whether DescribeInstances is allowed for its tags, and the region; then run the same command again.',
  );
}

function stillPending(worker: string, instanceId: string, waited: number): OperationError {
  return new OperationError(
    'LAUNCH_ENDED',
    `${instanceId} of ${worker} is still pending after ${Math.round(waited / 60_000)} minutes.`,
    'look at the instance in EC2; then run the same command again: it launches another one.',
  );
}
