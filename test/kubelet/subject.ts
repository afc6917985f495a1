import fs from 'node:fs';
import path from 'node:path';
import { nodeFiles } from '../../src/adapters/node-files.ts';
import type { ClusterContext } from '../../src/check/context.ts';
import { judgeConfiguration } from '../../src/check/rules/kubelet-rules.ts';
import type { KubeletConfiguration } from '../../src/compile/bundle.ts';
import { readClusterInputs } from '../../src/compile/inputs.ts';
import { kubeletBase, layersOf } from '../../src/compile/kubelet.ts';
import type { Finding } from '../../src/diagnostics/diagnostic.ts';
import { loadCluster } from '../../src/pipeline.ts';
import type { JsonMap } from '../../src/tree/merge.ts';

const root = path.join(import.meta.dirname, '../..');

/** A KubeletConfiguration and whether the real kubelet starts with it; test/real holds the two verdicts against each other. */
export type KubeletCase = {
  readonly name: string;
  readonly config: JsonMap;
  readonly accepted: boolean;
  readonly reports?: readonly string[];
};

export const kubeletCases: readonly KubeletCase[] = JSON.parse(
  fs.readFileSync(path.join(root, 'test/real/kubelet-cases.json'), 'utf8'),
).cases;

let context: ClusterContext | undefined;

/** The example's cluster, of another Kubernetes version if told so; its PKI is not looked at here. */
export function exampleContext(version = '1.36.1'): ClusterContext {
  if (!context) {
    const files = nodeFiles(path.join(root, 'examples/from-scratch'), root);
    const cluster = loadCluster(files, 'cluster.yaml');
    if (!cluster.ok) throw new Error('the example is valid');
    context = {
      cluster: cluster.value,
      inputs: readClusterInputs(cluster.value, files, () => ({ kind: 'missing' }), false),
      now: 0,
    };
  }
  const { cluster } = context;
  return { ...context, cluster: { ...cluster, versions: { ...cluster.versions, kubernetes: version } } };
}

/** The example's KubeletConfiguration with overrides of the cluster, and of worker-0. */
export function configurationOf(
  config: JsonMap,
  ofWorker: JsonMap = {},
  { cluster, inputs } = exampleContext(),
): KubeletConfiguration {
  const base = kubeletBase(inputs.components ?? []);
  const worker = cluster.workers[0];
  if (!base || !worker) throw new Error('the example has a kubelet and a worker');
  return layersOf(base, { ...cluster, kubeletConfig: config }, { ...worker, kubeletConfig: ofWorker });
}

export function judge(config: JsonMap, ofWorker: JsonMap = {}, version?: string): readonly Finding[] {
  const of = exampleContext(version);
  return judgeConfiguration(configurationOf(config, ofWorker, of), of);
}

/** Codes of which the kubelet itself says no. */
export const fatalCodes: ReadonlySet<string> = new Set([
  'KUBELET_KIND',
  'KUBELET_FIELD_TYPE',
  'KUBELET_FEATURE_GATE_UNKNOWN',
  'KUBELET_FEATURE_GATE_LOCKED',
  'KUBELET_FEATURE_GATE_NEEDS',
  'KUBELET_VALUE_REFUSED',
  'KUBELET_TAINT_INVALID',
]);
