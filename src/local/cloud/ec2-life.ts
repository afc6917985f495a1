import type { InstanceState, InstanceView, InterfaceView } from '../../ports/compute.ts';
import type { CloudPace } from './cloud.ts';
import { type StoredInstance, type StoredInterface, tagsAt } from './ec2-state.ts';

/** As “Amazon EC2 instance state changes” has it. `at`: the moment that is asked about. */
export function stateAt({ end, runningAt }: StoredInstance, at: number): InstanceState {
  if (end && at >= end.at) return end.kind;
  if (end && at >= end.askedAt) return end.kind === 'terminated' ? 'shutting-down' : 'stopping';
  return at < runningAt ? 'pending' : 'running';
}

/** True until it is terminated: a stopped instance holds its address and its identity. */
export function isLiveAt(instance: StoredInstance, at: number): boolean {
  return at >= instance.launchedAt && stateAt(instance, at) !== 'terminated';
}

/** What Describe shows of an instance at a moment; undefined before it was launched, and an hour or so after its end. */
export function viewInstance(instance: StoredInstance, at: number, pace: CloudPace): InstanceView | undefined {
  const { request, end } = instance;
  if (at < instance.launchedAt) return undefined;
  if (end?.kind === 'terminated' && at >= end.at + pace.terminatedShownFor) return undefined;
  const state = stateAt(instance, at);
  const ended = state === 'terminated';
  return {
    instanceId: instance.instanceId,
    state,
    stateReason: end && at >= end.askedAt ? end.reason : undefined,
    launchTime: instance.launchedAt,
    imageId: request.imageId,
    instanceType: request.instanceType,
    arch: instance.arch,
    // EC2 shows neither network nor interface of a terminated instance.
    subnetId: ended ? undefined : request.subnetId,
    zone: instance.zone,
    privateIp: ended ? undefined : instance.privateIp,
    interfaceIds: ended ? [] : [instance.interfaceId],
    clientToken: request.clientToken,
    spot: request.spot,
    tags: tagsAt(instance.tags, at),
  };
}

/** True while it exists, and so holds its address. */
export function existsAt({ createdAt, deletedAt }: StoredInterface, at: number): boolean {
  return at >= createdAt && (deletedAt === null || at < deletedAt);
}

/** The instance that holds an interface at a moment. */
export function holderAt({ attachments }: StoredInterface, at: number): string | undefined {
  return attachments.findLast(({ from, until }) => at >= from && (until === null || at < until))?.instanceId;
}

/** What Describe shows of an interface; undefined when it is not there. */
export function viewInterface(one: StoredInterface, at: number): InterfaceView | undefined {
  if (!existsAt(one, at)) return undefined;
  const instanceId = holderAt(one, at);
  return {
    interfaceId: one.interfaceId,
    subnetId: one.subnetId,
    privateIp: one.privateIp,
    status: instanceId === undefined ? 'available' : 'in-use',
    instanceId,
    securityGroups: one.securityGroups,
    description: one.description,
    tags: tagsAt(one.tags, at),
  };
}
