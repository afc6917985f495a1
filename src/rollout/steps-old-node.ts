import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import type { Kube, NodeView } from '../ports/kube.ts';
import { drain } from './drain.ts';
import { endInstance, isOf } from './end-instance.ts';
import { goneFor, instanceOf, isOver, nodeOf, youngSince } from './old-node.ts';
import type { Operation } from './record.ts';
import { type PerformStep, record, type Task, waitingTeller, warn } from './task.ts';

/** What the old node is asked to do while it lives; nothing when there is none, or its instance is gone already. */
type OnOldNode = (task: Task, kube: Kube, node: NodeView, operation: Operation) => ReturnType<PerformStep>;

const whileItLives =
  (perform: OnOldNode): PerformStep =>
  async (task, operation) => {
    const { kube } = task.world;
    if (!kube || (await goneFor(task, operation))) return { detail: 'the old instance is gone' };
    const node = await nodeOf(kube, task.name, operation);
    return node ? perform(task, kube, node, operation) : { detail: 'there is no Node' };
  };

/** That we did it is written first, so that nobody’s cordon is mistaken for ours, nor ours for somebody’s. */
export const cordon: PerformStep = whileItLives(async (task, kube, node, operation) => {
  const old = operation.old && { ...operation.old, nodeUid: node.uid };
  if (node.unschedulable) return { changes: { old }, detail: operation.cordoned ? '' : 'it was cordoned already' };
  await record(task, { cordoned: true, old });
  await kube.setUnschedulable(node, true);
  return { changes: { cordoned: true, old } };
});

export const drainNode: PerformStep = whileItLives(async (task, kube, node, operation) => {
  const { options, world, signal } = task;
  const outcome = await drain(kube, world.clock, node, options.drain, waitingTeller(task, 'drain'), signal);
  if (outcome.kind === 'done')
    return { detail: `${outcome.evicted} ${outcome.evicted === 1 ? 'pod' : 'pods'} evicted` };
  // A spot instance may be taken away meanwhile, and its pods with it.
  if (await goneFor(task, operation)) return { detail: 'the old instance is gone' };
  const reasons = outcome.reasons.join('; ');
  if (options.ignoreDrainFailure) {
    warn(task, `${task.name} is not drained and goes all the same (--ignore-drain-failure): ${reasons}.`);
    return { detail: 'failed, ignored' };
  }
  throw new OperationError(
    'DRAIN_FAILED',
    `${task.name} cannot be drained: ${reasons}.`,
    'mend what holds the pods, or give the option that is named; then run the same command again. Nothing was terminated, and the node takes pods again.',
  );
});

/** Termination protection is lifted where the instance is ours. */
export const terminateOld: PerformStep = async (task, { old }) => {
  if (!old || old.instanceId === '') return { detail: 'there is no old instance' };
  await endInstance(task, old.instanceId, youngSince(task, old.instanceId));
  return { detail: old.instanceId };
};

/** The Node of the instance that is gone, by its UID. One that a live instance stands behind stays. */
export const deleteNode: PerformStep = async (task, operation) => {
  const { kube } = task.world;
  const node = await kube?.node(task.name);
  if (!kube || !node) return { detail: 'there is none' };
  if (node.uid !== operation.old?.nodeUid) {
    const owner = await ownerOf(task, node);
    // A launch that was carried out and not written down yet may have registered already.
    if (owner && !isOver(owner) && isOf(owner, task)) return { detail: `it belongs to ${owner.instanceId}` };
    // EC2 shows for an hour what ended, so a Ready Node of none that it knows has a machine elsewhere.
    if (owner ? !isOver(owner) : node.ready.status === 'True') throw taken(task.name, node);
  }
  await kube.deleteNode(node);
  const old = operation.old ?? { instanceId: '', nodeUid: null };
  return { changes: { old: { ...old, nodeUid: node.uid } } };
};

/** The instance that a Node names, whoever launched it; undefined: EC2 knows none. */
async function ownerOf({ world }: Task, node: NodeView): Promise<InstanceView | undefined> {
  const instanceId = instanceOf(node) ?? '';
  // EC2 refuses what cannot be an ID.
  return /^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(instanceId) ? world.compute.instance(instanceId) : undefined;
}

function taken(worker: string, node: NodeView): OperationError {
  return new OperationError(
    'NODE_TAKEN',
    `the Node ${worker} belongs to ${node.providerId ?? 'a machine without a providerID that is Ready'}, which lives.`,
    `remove that machine and its Node (kubectl delete node ${worker}) first; two kubelets cannot have one name.`,
  );
}

/** The node that is there now must take pods: whatever this operation cordoned is the old one, or the same one still. */
export const uncordon: PerformStep = async (task, operation) => {
  const node = await task.world.kube?.node(task.name);
  const ours = node && node.uid === operation.old?.nodeUid && operation.cordoned;
  if (node?.unschedulable && ours) await task.world.kube?.setUnschedulable(node, false);
  return { changes: { cordoned: false } };
};
