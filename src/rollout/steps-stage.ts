import { invariant } from '../tree/invariant.ts';
import { keepUserData } from './request.ts';
import { stageWorker } from './stage.ts';
import type { PerformStep } from './task.ts';

/** What must lie in the bucket before the launch: the copy of user-data, the archive (content-addressed), the manifest last. */
export const stage: PerformStep = async task => {
  const { store, cluster, clock } = task.world;
  const artifacts = await task.artifacts();
  const { worker: name, fingerprint, digest, notAfter, userData } = artifacts;
  await keepUserData(task.world, userData);
  const scoped = cluster.aws.delivery === 'instance-scoped';
  const outcome = scoped ? undefined : await stageWorker(store, cluster, artifacts, undefined, clock.now());
  const stagedAt = outcome === 'put' ? { stagedAt: new Date(clock.now()).toISOString() } : {};
  await task.shared.staged({ name, fingerprint, digest, notAfter, userDataSize: userData.length, ...stagedAt });
  return { detail: scoped ? 'the archive follows the instance' : outcome };
};

/** Below the instance’s own ARN, so after its launch. */
export const stageScoped: PerformStep = async (task, { instanceId }) => {
  const { store, cluster } = task.world;
  invariant(instanceId, 'the instance is launched');
  return { detail: await stageWorker(store, cluster, await task.artifacts(), await task.shared.arnOf(instanceId)) };
};
