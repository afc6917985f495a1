import type { KubeletConfiguration } from '../../compile/bundle.ts';
import type { ClusterInputs } from '../../compile/inputs.ts';
import { kubeletBase, layersOf } from '../../compile/kubelet.ts';
import type { Finding } from '../../diagnostics/diagnostic.ts';
import { versionOf, type Worker } from '../../spec/resolve.ts';
import type { ClusterContext, ClusterRule, WorkerRule } from '../context.ts';
import { kubeletAccess, kubeletFiles, kubeletRotation } from './kubelet-access.ts';
import { hasUsableBase, kubeletKind } from './kubelet-base.ts';
import { kubeletFields } from './kubelet-fields.ts';
import { kubeletGates } from './kubelet-gates.ts';
import { kubeletHardening } from './kubelet-hardening.ts';
import { kubeletDns, kubeletNodeFacts } from './kubelet-network.ts';
import { kubeletBoot, kubeletEviction, kubeletMachine, kubeletStaticPods } from './kubelet-node.ts';
import { type KubeletConcern, minorOf } from './kubelet-subject.ts';
import { kubeletTaintOverrides } from './kubelet-taints.ts';
import { kubeletValues } from './kubelet-values.ts';

/** What a KubeletConfiguration is held against, in the order of what the kubelet would trip over first. */
const concerns: readonly KubeletConcern[] = [
  kubeletKind,
  kubeletFields,
  kubeletGates,
  kubeletValues,
  kubeletTaintOverrides,
  kubeletAccess,
  kubeletFiles,
  kubeletRotation,
  kubeletHardening,
  kubeletDns,
  kubeletNodeFacts,
  kubeletEviction,
  kubeletBoot,
  kubeletMachine,
  kubeletStaticPods,
];

/** Every concern of one configuration; a finding points into its layers. */
export function judgeConfiguration(kubelet: KubeletConfiguration, context: ClusterContext): readonly Finding[] {
  const subject = {
    kubelet,
    config: kubelet.config,
    context,
    minor: minorOf(context.cluster),
    version: versionOf(context.cluster, 'kubelet') ?? '',
  };
  return concerns.flatMap(concern => concern(subject));
}

/**
 * The KubeletConfiguration of the cluster, judged once for all workers without overrides of their own: a finding of a layer that
 * thousands share is reported once, in whatever thread they are compiled. Where every worker has overrides, the first one's.
 */
export const clusterKubelet: ClusterRule = context => representative(context).findings;

/**
 * The KubeletConfiguration of a worker with overrides of its own: what is wrong with it and not with the cluster's. A fault that
 * takes two fields counts for the topmost layer that sets one of them, so it is the worker's when the worker completes it.
 */
export const workerKubelet: WorkerRule = context => {
  const { worker, bundle } = context;
  if (!bundle?.kubelet || Object.keys(worker.kubeletConfig).length === 0) return [];
  const shared = representative(context);
  if (!shared.worker || shared.worker.name === worker.name || isFine(bundle.kubelet, context)) return [];
  return judgeConfiguration(ownLayers(bundle.kubelet, worker), context).filter(one => !shared.known.has(identify(one)));
};

/** Workers with equal overrides share one object, so what has no fault is judged once. */
const fine = new WeakMap<KubeletConfiguration, boolean>();

function isFine(kubelet: KubeletConfiguration, context: ClusterContext): boolean {
  const known = fine.get(kubelet) ?? judgeConfiguration(kubelet, context).length === 0;
  fine.set(kubelet, known);
  return known;
}

type Representative = {
  readonly worker: Worker | undefined;
  readonly findings: readonly Finding[];
  readonly known: ReadonlySet<string>;
};

/** A memo, not a state: the findings follow from the inputs alone. */
const judged = new WeakMap<ClusterInputs, Representative>();

function representative(context: ClusterContext): Representative {
  const known = judged.get(context.inputs);
  if (known) return known;
  const { cluster, inputs } = context;
  const base = inputs.components && hasUsableBase(inputs.components) ? kubeletBase(inputs.components) : undefined;
  const worker =
    base && (cluster.workers.find(one => Object.keys(one.kubeletConfig).length === 0) ?? cluster.workers[0]);
  const findings = base && worker ? judgeConfiguration(layersOf(base, cluster, worker), context) : [];
  const made = { worker, findings, known: new Set(findings.map(identify)) };
  judged.set(inputs, made);
  return made;
}

/** Workers with equal overrides share one object, whose last layer names the first of them. */
function ownLayers(kubelet: KubeletConfiguration, worker: Worker): KubeletConfiguration {
  const layers = kubelet.layers.map((layer, index) =>
    index === kubelet.layers.length - 1
      ? { ...layer, origin: { ...layer.origin, path: ['workers', worker.name, 'kubelet', 'config'] } }
      : layer,
  );
  return { ...kubelet, layers };
}

function identify({ code, message, origin }: Finding): string {
  return JSON.stringify([code, message, origin.file, origin.path]);
}
