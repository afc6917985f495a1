import type { V1LabelSelector, V1Node, V1Pod, V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { DisruptionBudgetView, NodeView, PodView } from '../../ports/kube.ts';

type Labels = Readonly<Record<string, string>>;

/** Kubernetes’ default of terminationGracePeriodSeconds. */
const defaultGrace = 30;

export function nodeView({ metadata, spec, status }: V1Node): NodeView {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const createdAt = timeOf(metadata?.creationTimestamp);
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    createdAt,
    unschedulable: spec?.unschedulable ?? false,
    providerId: spec?.providerID || undefined,
    systemUuid: status?.nodeInfo?.systemUUID || undefined,
    kubeletVersion: status?.nodeInfo?.kubeletVersion ?? '',
    internalIps: (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    ready: {
      status: ready?.status === 'True' || ready?.status === 'False' ? ready.status : 'Unknown',
      reason: ready?.reason ?? 'NodeStatusNeverUpdated',
      message: ready?.message ?? '',
      since: ready === undefined ? createdAt : timeOf(ready.lastTransitionTime),
    },
    labels: metadata?.labels ?? {},
  };
}

export function podView({ metadata, spec, status }: V1Pod): PodView {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    phase: status?.phase ?? 'Unknown',
    ready: (status?.conditions ?? []).some(one => one.type === 'Ready' && one.status === 'True'),
    deleting: metadata?.deletionTimestamp !== undefined,
    controller: metadata?.ownerReferences?.find(({ controller }) => controller)?.kind,
    mirror: metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined,
    emptyDir: (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined && emptyDir !== null),
    labels: metadata?.labels ?? {},
    gracePeriod: metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? defaultGrace,
  };
}

export function budgetView({ metadata, spec, status }: V1PodDisruptionBudget): DisruptionBudgetView {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    selects: selectorOf(spec?.selector),
    disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    currentHealthy: status?.currentHealthy ?? 0,
    desiredHealthy: status?.desiredHealthy ?? 0,
    expectedPods: status?.expectedPods ?? 0,
    rule:
      spec?.minAvailable !== undefined
        ? `minAvailable ${spec.minAvailable}`
        : `maxUnavailable ${spec?.maxUnavailable ?? 'unset'}`,
    letsUnreadyGo: spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow',
  };
}

/** In policy/v1 an empty selector takes every pod of the namespace, and none at all takes no pod. */
export function selectorOf(selector: V1LabelSelector | undefined): (labels: Labels) => boolean {
  if (selector === undefined || selector === null) return () => false;
  const equal = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  return labels => equal.every(([key, value]) => labels[key] === value) && expressions.every(one => holds(one, labels));
}

type Expression = NonNullable<V1LabelSelector['matchExpressions']>[number];

/** An operator that we do not know selects: a drain had better be told of a budget too many. */
function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return true;
  }
}

/** The client makes dates of the times in an answer. */
const timeOf = (time: Date | string | undefined): number => (time === undefined ? 0 : new Date(time).getTime());
