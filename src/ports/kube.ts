/**
 * The cluster's api-server, as the operator may use it. Every method may throw a CallError whose code is the reason of the
 * Status object (Forbidden, Unauthorized, TooManyRequests, …), or NoResponse.
 */
export type Kube = {
  /** URL of the api-server, for messages. */
  readonly server: string;
  /** Verbs that the credentials lack among those that a replacement needs, as “delete nodes”; SelfSubjectAccessReview. */
  readonly missingRights: () => Promise<readonly string[]>;
  readonly node: (name: string) => Promise<NodeView | undefined>;
  readonly nodes: () => Promise<readonly NodeView[]>;
  /** Refused with Conflict when the Node of this name has another UID by now. */
  readonly setUnschedulable: (node: NodeName, unschedulable: boolean) => Promise<void>;
  /** Every pod bound to the node, finished ones too; all pages. */
  readonly podsOn: (node: string) => Promise<readonly PodView[]>;
  readonly disruptionBudgets: () => Promise<readonly DisruptionBudgetView[]>;
  /** Eviction API. `gone`: no such pod, or another of this name. */
  readonly evict: (pod: PodName) => Promise<Eviction>;
  /** Only the Node with this UID; one that is gone, or another of this name, counts as deleted. */
  readonly deleteNode: (node: NodeName) => Promise<void>;
  /** The kubelet's healthz through the api-server's proxy: “ok”, or what came instead; `denied` without the right to ask. */
  readonly healthz: (
    node: string,
  ) => Promise<{ readonly kind: 'answer'; readonly text: string } | { readonly kind: 'denied' }>;
};

/**
 * `blocked`: a PodDisruptionBudget does not allow it now (429), with what the api-server said; `retryAfter` in seconds, where
 * it named a time. `refused`: it never will, since several budgets select the pod (500).
 */
export type Eviction =
  | 'evicted'
  | 'gone'
  | { readonly blocked: string; readonly retryAfter?: number | undefined }
  | { readonly refused: string };

export type NodeName = { readonly name: string; readonly uid: string };
export type PodName = { readonly namespace: string; readonly name: string; readonly uid: string };

export type NodeView = NodeName & {
  readonly createdAt: number;
  readonly unschedulable: boolean;
  readonly providerId: string | undefined;
  readonly systemUuid: string | undefined;
  /** As “v1.36.1”. */
  readonly kubeletVersion: string;
  readonly internalIps: readonly string[];
  readonly ready: {
    readonly status: 'True' | 'False' | 'Unknown';
    readonly reason: string;
    readonly message: string;
    readonly since: number;
  };
  readonly labels: Readonly<Record<string, string>>;
};

export type PodView = PodName & {
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Kind of its controller; undefined: a bare pod. */
  readonly controller: string | undefined;
  /** A static pod's shadow: nothing can evict it. */
  readonly mirror: boolean;
  readonly emptyDir: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds that it may take to end. */
  readonly gracePeriod: number;
};

export type DisruptionBudgetView = {
  readonly namespace: string;
  readonly name: string;
  readonly selects: (labels: Readonly<Record<string, string>>) => boolean;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  /** “minAvailable 2”, “maxUnavailable 25%”. */
  readonly rule: string;
  /** unhealthyPodEvictionPolicy AlwaysAllow: a pod that is not ready may go whatever the arithmetic says. */
  readonly letsUnreadyGo: boolean;
};
