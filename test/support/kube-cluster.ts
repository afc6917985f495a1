import { CallError } from '../../src/diagnostics/call-error.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { DisruptionBudgetView, Eviction, NodeView, PodName, PodView } from '../../src/ports/kube.ts';
import { budgetView, type TwinBudget } from './kube-budgets.ts';

export type Joining = {
  readonly instanceId: string;
  readonly zone: string;
  readonly name: string;
  readonly ip: string;
  /** With or without the “v”. */
  readonly version: string;
  /** systemUUID. */
  readonly uuid: string;
  /** Ready at once, as with a network plugin; else NetworkPluginNotReady until setReady (default). */
  readonly ready?: boolean;
};

export type NewPod = Partial<Omit<PodView, 'uid' | 'deleting'>> & {
  readonly name: string;
  /** Undefined: waits for a node. */
  readonly node?: string | undefined;
  /** Its controller puts its successor onto a cordoned node too. */
  readonly tolerates?: boolean;
  /** A finalizer, or a kubelet that hangs: it never ends by itself. */
  readonly stuck?: boolean;
};

/** A Node is marked Unknown after this time without a heartbeat (node-monitor-grace-period, since 1.32). */
const heartbeatGrace = 50_000;
/** A successor is ready so long after it got its node. */
const start = 3_000;

type TwinNode = { view: NodeView; silentSince: number | undefined };
type TwinPod = {
  view: PodView;
  node: string | undefined;
  readonly tolerates: boolean;
  readonly stuck: boolean;
  /** When it ends by itself, once deleted. */
  ends: number | undefined;
  /** When it will be ready, for a successor. */
  readyAt: number | undefined;
};

/** Nodes, pods and budgets with the controllers and kubelets that move them, over a clock: `settle` lets happen what is due. */
export function createKubeCluster(clock: Clock) {
  const nodes = new Map<string, TwinNode>();
  const pods = new Map<string, TwinPod>();
  const budgets: TwinBudget[] = [];
  const daemonSets: { readonly namespace: string; readonly name: string }[] = [];
  const changes: string[] = [];
  let uids = 0;
  const newUid = () => `00000000-0000-4000-8000-${String(++uids).padStart(12, '0')}`;

  function settle(): void {
    const now = clock.now();
    for (const node of nodes.values())
      if (node.silentSince !== undefined && now >= node.silentSince + heartbeatGrace) markUnknown(node);
    for (let pod = nextEnd(now); pod !== undefined; pod = nextEnd(now)) end(pod, pod.ends ?? now);
    for (const pod of pods.values()) if (pod.node === undefined) schedule(pod, now);
    for (const pod of pods.values()) if (pod.readyAt !== undefined && now >= pod.readyAt) becomeReady(pod);
  }

  function markUnknown(node: TwinNode): void {
    if (node.view.ready.status === 'Unknown') return;
    const since = (node.silentSince ?? 0) + heartbeatGrace;
    const message = 'Kubelet stopped posting node status.';
    node.view = { ...node.view, ready: { status: 'Unknown', reason: 'NodeStatusUnknown', message, since } };
    for (const pod of pods.values()) if (pod.node === node.view.name) pod.view = { ...pod.view, ready: false };
  }

  function becomeReady(pod: TwinPod): void {
    pod.readyAt = undefined;
    pod.view = { ...pod.view, phase: 'Running', ready: !pod.view.deleting };
  }

  /** Pods of a silent kubelet stay as they are. */
  function nextEnd(now: number): TwinPod | undefined {
    const due = [...pods.values()].filter(({ ends, node }) => ends !== undefined && now >= ends && !isSilent(node));
    return due.sort((a, b) => (a.ends ?? 0) - (b.ends ?? 0))[0];
  }

  const isSilent = (node: string | undefined): boolean =>
    node !== undefined && nodes.get(node)?.silentSince !== undefined;

  /** A pod is gone; its controller makes its successor. */
  function end(pod: TwinPod, at: number): void {
    pods.delete(keyOf(pod.view));
    const { controller, mirror, phase } = pod.view;
    if (controller === undefined || mirror || phase === 'Succeeded') return;
    const node = controller === 'DaemonSet' ? pod.node : undefined;
    if (controller === 'DaemonSet' && (node === undefined || !nodes.has(node))) return;
    const uid = newUid();
    const name = controller === 'StatefulSet' ? pod.view.name : `${pod.view.name.replace(/-r\d+$/, '')}-r${uids}`;
    const view: PodView = { ...pod.view, name, uid, phase: 'Pending', deleting: false, ready: false };
    const readyAt = node === undefined ? undefined : at + start;
    const next: TwinPod = { ...pod, node, view, ends: undefined, readyAt };
    pods.set(keyOf(view), next);
    if (node === undefined) schedule(next, at);
  }

  function schedule(pod: TwinPod, at: number): void {
    const fits = ({ view, silentSince }: TwinNode) =>
      silentSince === undefined && (pod.tolerates || !view.unschedulable);
    pod.node = [...nodes.values()].find(fits)?.view.name;
    if (pod.node !== undefined) pod.readyAt = at + start;
  }

  const budgetViews = (): readonly DisruptionBudgetView[] => {
    const all = [...pods.values()].map(({ view }) => view);
    return budgets.map(budget => budgetView(budget, all));
  };

  /** registry/core/pod/storage/eviction.go. */
  function evict({ namespace, name, uid }: PodName): Eviction {
    const pod = pods.get(keyOf({ namespace, name }));
    if (pod?.view.uid !== uid) return 'gone';
    const { view } = pod;
    const over = view.phase === 'Succeeded' || view.phase === 'Failed';
    const protectedBy =
      over || view.phase === 'Pending' || view.deleting
        ? []
        : budgetViews().filter(one => one.namespace === namespace && one.selects(view.labels));
    const [budget, ...others] = protectedBy;
    if (others.length > 0)
      return {
        refused: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      };
    if (budget !== undefined && !lets(budget, view.ready))
      return { blocked: blockedWords(budget), retryAfter: undefined };
    if (!view.deleting) changes.push(`evict ${namespace}/${name}`);
    if (!pod.stuck) pod.ends ??= clock.now() + (over || pod.node === undefined ? 0 : view.gracePeriod * 1000);
    pod.view = { ...view, deleting: true, ready: false };
    settle();
    return 'evicted';
  }

  /** A kubelet’s registration: a new Node, or the one of its name that is there still, with its UID and providerID. */
  function join({ instanceId, zone, name, ip, version, uuid, ready = false }: Joining): NodeView {
    const old = nodes.get(name)?.view;
    const now = clock.now();
    const view: NodeView = {
      name,
      uid: old?.uid ?? newUid(),
      createdAt: old?.createdAt ?? now,
      unschedulable: old?.unschedulable ?? false,
      providerId: old?.providerId ?? `aws:///${zone}/${instanceId}`,
      systemUuid: uuid,
      kubeletVersion: `v${version.replace(/^v/, '')}`,
      internalIps: [ip],
      ready: { ...(ready ? readyWords : notReadyWords), since: now },
      labels: old?.labels ?? { 'kubernetes.io/hostname': name },
    };
    nodes.set(name, { view, silentSince: undefined });
    changes.push(`join ${name}`);
    for (const set of daemonSets) {
      const pod = { ...set, name: `${set.name}-${name}`, labels: { app: set.name } };
      if (!pods.has(keyOf(pod))) addPod({ ...pod, node: name, controller: 'DaemonSet' });
    }
    return view;
  }

  function addPod({ node, tolerates = false, stuck = false, ...fields }: NewPod): PodName {
    const view: PodView = { ...usualPod, ...fields, uid: newUid(), deleting: false };
    pods.set(keyOf(view), { view, node, tolerates, stuck, ends: undefined, readyAt: undefined });
    return { namespace: view.namespace, name: view.name, uid: view.uid };
  }

  /** The pod garbage collector removes what was bound to it. */
  function deleteNode(name: string, uid: string): void {
    if (nodes.get(name)?.view.uid !== uid) return;
    nodes.delete(name);
    changes.push(`delete node ${name}`);
    for (const pod of [...pods.values()].filter(one => one.node === name)) end(pod, clock.now());
  }

  function setUnschedulable(name: string, uid: string, unschedulable: boolean): void {
    const node = nodes.get(name);
    const refuse = (code: string, message: string, status: number) =>
      new CallError('Kubernetes', 'patch nodes', code, message, status);
    if (node === undefined) throw refuse('NotFound', `nodes "${name}" not found`, 404);
    if (node.view.uid !== uid) throw refuse('Conflict', `Node ${name} has another UID by now`, 409);
    if (node.view.unschedulable === unschedulable) return;
    node.view = { ...node.view, unschedulable };
    changes.push(`${unschedulable ? 'cordon' : 'uncordon'} ${name}`);
  }

  function setReady(name: string, ready: NodeView['ready']): void {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    node.view = { ...node.view, ready };
  }

  return {
    ...{
      settle,
      evict,
      join,
      addPod,
      deleteNode,
      setUnschedulable,
      setReady,
      budgetViews,
      budgets,
      daemonSets,
      changes,
    },
    node: (name: string) => nodes.get(name)?.view,
    isSilent,
    nodes: () => [...nodes.values()].map(({ view }) => view),
    pods: () => [...pods.values()].map(({ view, node }) => ({ ...view, node })),
    silence: (name: string) => {
      const node = nodes.get(name);
      if (node !== undefined) node.silentSince ??= clock.now();
    },
    removePod: (name: PodName) => {
      const pod = pods.get(keyOf(name));
      if (pod?.view.uid === name.uid) end(pod, clock.now());
    },
  };
}

const keyOf = ({ namespace, name }: Pick<PodName, 'namespace' | 'name'>) => `${namespace}/${name}`;

/** A pod that is not ready counts for no budget, but may go only where the ready ones suffice, or AlwaysAllow. */
function lets(budget: DisruptionBudgetView, ready: boolean): boolean {
  const enough = budget.desiredHealthy > 0 && budget.currentHealthy >= budget.desiredHealthy;
  return budget.disruptionsAllowed > 0 || (!ready && (enough || budget.letsUnreadyGo));
}

const blockedWords = ({ name, desiredHealthy, currentHealthy }: DisruptionBudgetView) =>
  `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;

const usualPod: Omit<PodView, 'uid' | 'name'> = {
  namespace: 'default',
  phase: 'Running',
  ready: true,
  deleting: false,
  controller: 'ReplicaSet',
  mirror: false,
  emptyDir: false,
  labels: {},
  gracePeriod: 30,
};

const readyWords = { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' } as const;
const notReadyWords = {
  status: 'False',
  reason: 'KubeletNotReady',
  message:
    'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
} as const;
