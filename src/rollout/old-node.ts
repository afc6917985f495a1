import type { InstanceView } from '../ports/compute.ts';
import type { Kube, NodeView } from '../ports/kube.ts';
import type { Operation } from './record.ts';
import type { Task } from './task.ts';
import { mayBeHidden } from './worker-views.ts';

/** It will never run again; its addresses may still be held. */
export function isOver({ state }: InstanceView): boolean {
  return state === 'terminated' || state === 'shutting-down';
}

/** Whether the instance that is to be replaced or retired needs no care any more. One that is young may not be shown yet. */
export async function goneFor(task: Task, { old }: Operation): Promise<boolean> {
  if (!old || old.instanceId === '') return true;
  const { compute, clock } = task.world;
  const view = await compute.instance(old.instanceId);
  return view ? isOver(view) : clock.now() - youngSince(task, old.instanceId) >= mayBeHidden;
}

/** When the record says that an instance was proven, or launched and not waited for; 0: it is not the one that runs. */
export function youngSince({ journal }: Task, instanceId: string): number {
  const { current } = journal.record();
  return current?.instanceId === instanceId ? Date.parse(current.verifiedAt) : 0;
}

/** The Node of the old instance: by its UID, or by the instance that it names, since a kubelet may have registered anew. */
export async function nodeOf(kube: Kube, name: string, { old }: Operation): Promise<NodeView | undefined> {
  const node = await kube.node(name);
  if (!node || !old) return undefined;
  const instanceId = instanceOf(node);
  if (node.uid === old.nodeUid || instanceId === old.instanceId) return node;
  return instanceId === undefined && old.nodeUid === null ? node : undefined;
}

/** ID of the instance that a Node’s providerID names. */
export function instanceOf({ providerId }: NodeView): string | undefined {
  return providerId?.split('/').at(-1);
}
