import { CallError } from '../../src/diagnostics/call-error.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Kube, NodeView, PodName, PodView } from '../../src/ports/kube.ts';
import type { TwinBudget } from './kube-budgets.ts';
import { createKubeCluster, type Joining, type NewPod } from './kube-cluster.ts';

/** The api-server in memory, with its controllers and kubelets, over a clock; and what a test does to them. */
export type KubeTwin = Kube & {
  /** A kubelet registers. It adopts a Node of its name that is still there (same UID and providerID), as kubelets do. */
  readonly join: (node: Joining) => NodeView;
  /** The kubelet is heard of no more, as when its instance ends: Ready is Unknown 50 s later, and its pods never end. */
  readonly silence: (name: string) => void;
  readonly setReady: (name: string, status: 'True' | 'False', reason?: string, message?: string) => void;
  /** Running, ready, of a ReplicaSet, in the namespace “default”, unless it says otherwise; `controller: undefined` is a bare one. */
  readonly addPod: (pod: NewPod) => PodName;
  /** Every node that joins from now on gets a pod of it. */
  readonly addDaemonSet: (namespace: string, name: string) => void;
  readonly addBudget: (budget: TwinBudget) => void;
  /** As by `kubectl delete pod --force`. */
  readonly removePod: (pod: PodName) => void;
  readonly pods: () => readonly (PodView & { readonly node: string | undefined })[];
  /** “cordon worker-0”, “evict default/web-0”, “delete node worker-0”, “join worker-0”, in order. */
  readonly changes: () => readonly string[];
  /** By verb and resource, as CallError names them. */
  readonly callCounts: () => Readonly<Record<string, number>>;
  /** May be changed at any time. */
  readonly faults: {
    /** Every call throws NoResponse. */
    unreachable: boolean;
    /** As missingRights names them: “delete nodes”; “get nodes/proxy” too. */
    forbidden: readonly string[];
    /** What a kubelet’s healthz says, by node; “ok” without an entry. */
    healthz: Record<string, string>;
    /** Called before each call is carried out; may throw. */
    before: ((call: string) => void) | undefined;
    /** Called after each; a throw is an answer that was lost. */
    after: ((call: string) => void) | undefined;
  };
};

/** What a replacement needs, as the ClusterRole has it. */
const needed = [
  'get nodes',
  'list nodes',
  'patch nodes',
  'delete nodes',
  'list pods',
  'create pods/eviction',
  'list poddisruptionbudgets',
];

export function createKubeTwin(clock: Clock, server = 'https://10.0.1.10:6443'): KubeTwin {
  const cluster = createKubeCluster(clock);
  const counts: Record<string, number> = {};
  const faults: KubeTwin['faults'] = {
    unreachable: false,
    forbidden: [],
    healthz: {},
    before: undefined,
    after: undefined,
  };

  async function call<T>(right: string, work: () => T): Promise<T> {
    counts[right] = (counts[right] ?? 0) + 1;
    await Promise.resolve();
    faults.before?.(right);
    if (faults.unreachable)
      throw new CallError('Kubernetes', right, 'NoResponse', 'connect ECONNREFUSED 10.0.1.10:6443', undefined);
    if (faults.forbidden.includes(right))
      throw new CallError('Kubernetes', right, 'Forbidden', `User "operator" cannot ${right}`, 403);
    cluster.settle();
    const answer = work();
    faults.after?.(right);
    return answer;
  }

  function healthzOf(name: string): { readonly kind: 'answer'; readonly text: string } {
    if (cluster.node(name) === undefined)
      throw new CallError('Kubernetes', 'get nodes/proxy', 'NotFound', `nodes "${name}" not found`, 404);
    const refused = 'error trying to reach service: dial tcp: connect: connection refused';
    return { kind: 'answer', text: cluster.isSilent(name) ? refused : (faults.healthz[name] ?? 'ok') };
  }

  return {
    server,
    faults,
    ...{ join: cluster.join, silence: cluster.silence, addPod: cluster.addPod, removePod: cluster.removePod },
    setReady: (name, status, reason = status === 'True' ? 'KubeletReady' : 'KubeletNotReady', message = '') =>
      cluster.setReady(name, { status, reason, message, since: clock.now() }),
    addDaemonSet: (namespace, name) => void cluster.daemonSets.push({ namespace, name }),
    addBudget: budget => void cluster.budgets.push(budget),
    pods: () => {
      cluster.settle();
      return cluster.pods();
    },
    changes: () => cluster.changes,
    callCounts: () => counts,

    missingRights: () =>
      call('create selfsubjectaccessreviews', () => needed.filter(right => faults.forbidden.includes(right))),
    node: name => call('get nodes', () => cluster.node(name)),
    nodes: () => call('list nodes', cluster.nodes),
    setUnschedulable: ({ name, uid }, unschedulable) =>
      call('patch nodes', () => cluster.setUnschedulable(name, uid, unschedulable)),
    podsOn: name =>
      call('list pods', () =>
        cluster
          .pods()
          .filter(({ node }) => node === name)
          .map(({ node, ...view }) => view),
      ),
    disruptionBudgets: () => call('list poddisruptionbudgets', cluster.budgetViews),
    evict: pod => call('create pods/eviction', () => cluster.evict(pod)),
    deleteNode: ({ name, uid }) => call('delete nodes', () => cluster.deleteNode(name, uid)),
    healthz: name =>
      call('get nodes/proxy', () => healthzOf(name)).catch(error => {
        if (error instanceof CallError && error.code === 'Forbidden') return { kind: 'denied' as const };
        throw error;
      }),
  };
}
