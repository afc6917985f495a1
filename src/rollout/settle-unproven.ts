import { OperationError } from '../diagnostics/operation-error.ts';
import { createFollower } from './follow.ts';
import { isOver } from './old-node.ts';
import type { Generation, Operation } from './record.ts';
import { secretsOwners } from './steps-end.ts';
import { type Task, warn } from './task.ts';
import { unstageWorker } from './unstage.ts';
import { judgeBoot } from './verify-boot.ts';
import { createNodeProof } from './verify-worker.ts';

/** What is found out of a launch that was not waited for. */
type Proof = Pick<Generation, 'verified' | 'nodeUid'>;

/**
 * A launch that was not waited for (`--wait none`): once its console or its Node proves it, or its instance has ended, its staged
 * secrets are deleted. Of one that failed or does not say so yet, a warning is told.
 */
export async function settleUnproven(task: Task): Promise<void> {
  const before = task.journal.record();
  const { current, operation } = before;
  if (!current || operation || current.secretsDeleted) return;
  const asLaunched = operationOf(current);
  const proof = await proofOf(task, current, asLaunched);
  if (!proof) return;
  const { store, cluster, clock } = task.world;
  for (const owner of await secretsOwners(task, asLaunched)) await unstageWorker(store, cluster, owner);
  const verifiedAt = new Date(clock.now()).toISOString();
  await task.journal.write({ ...before, current: { ...current, ...proof, verifiedAt, secretsDeleted: true } });
}

async function proofOf(task: Task, current: Generation, operation: Operation): Promise<Proof | undefined> {
  const { instanceId, nodeUid } = current;
  const boot = await createFollower(task, instanceId)(0);
  const seen = await task.watch();
  const view = seen.instances.get(instanceId);
  if (view && isOver(view)) return { verified: 'none', nodeUid };
  const node = seen.nodes ? await createNodeProof(task, operation)(seen, boot) : undefined;
  if (node?.proven) return { verified: 'registered', nodeUid: node.nodeUid };
  try {
    if (judgeBoot(task, operation, boot)) return { verified: 'booted', nodeUid };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    warn(task, `${error.message} \`firstboot replace ${task.name}\` launches it anew.`);
    return undefined;
  }
  warn(task, `${task.name} (${instanceId}) was not waited for and is not proven yet; its secrets stay staged.`);
  return undefined;
}

/** As the operation was that launched it. */
function operationOf(current: Generation): Operation {
  const { generation, instanceId, fingerprint, digest, notAfter, launch, interfaceId, run, verifiedAt } = current;
  return {
    ...{ generation, instanceId, fingerprint, digest, notAfter, launch, interfaceId, run },
    kind: 'launch',
    startedAt: verifiedAt,
    reasons: [],
    step: 'await-verified',
    attempt: 1,
    old: null,
    cordoned: false,
    reservationId: null,
    wait: 'registered',
    request: null,
    failure: null,
  };
}
