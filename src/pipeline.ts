import { checkCluster, checkWorker } from './check/check.ts';
import type { WorkerSummary } from './check/context.ts';
import { mergeCloudConfig } from './compile/cloud-config.ts';
import { type Compiler, createCompiler } from './compile/compile.ts';
import { type ClusterInputs, type ReadSecret, readClusterInputs, readIdentityOf } from './compile/inputs.ts';
import { type Finding, severityOf } from './diagnostics/diagnostic.ts';
import { createEmitter, type Emitter, type WorkerArtifacts } from './emit/emit-worker.ts';
import { describeNode, type NodeDescription } from './emit/node-description.ts';
import type { Files } from './ports/files.ts';
import { validate } from './spec/parse.ts';
import { type Cluster, resolve, type Worker } from './spec/resolve.ts';
import { specSchema } from './spec/schema.ts';
import { type Parsed, readYaml } from './spec/yaml.ts';

/** read spec -> parse -> resolve. `file` is the spec's name in its own folder. */
export function loadCluster(files: Files, file: string): Parsed<Cluster> {
  const yaml = readYaml(file, files.read(file));
  if (!yaml.ok) return yaml;
  const spec = validate(file, specSchema, yaml.value, yaml.sourceAt);
  return spec.ok ? { ok: true, value: resolve(spec.value, file) } : spec;
}

export type Purpose = {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** False where nothing secret is needed: absent keys are warnings. */
  readonly keysRequired: boolean;
};

/** A cluster made ready: what all workers share is read and compiled, workers follow one by one. */
export type Prepared = {
  readonly cluster: Cluster;
  readonly inputs: ClusterInputs;
  /** Of the cluster as a whole: shared files and cluster rules. */
  readonly findings: readonly Finding[];
  readonly worker: (worker: Worker) => CheckedWorker;
};

export type CheckedWorker = {
  readonly summary: WorkerSummary;
  readonly findings: readonly Finding[];
  /** Archive, user-data and the rest; undefined when an error forbids it. */
  readonly emit: () => Promise<
    { readonly artifacts: WorkerArtifacts; readonly findings: readonly Finding[] } | undefined
  >;
  /** What its node consists of; undefined when its components could not be read. */
  readonly describe: () => NodeDescription | undefined;
};

/** read -> compile -> check for everything that workers share, and a function that does the same for one worker. */
export function prepare(cluster: Cluster, files: Files, readSecret: ReadSecret, purpose: Purpose): Prepared {
  const inputs = readClusterInputs(cluster, files, readSecret, purpose.keysRequired);
  const context = { cluster, inputs, now: purpose.now };
  const findings = [...inputs.findings, ...checkCluster(context)];
  const compile: Compiler | undefined = createCompiler(cluster, inputs);
  const mayEmit = !hasErrors(findings);
  const emitter: Emitter | undefined = mayEmit
    ? createEmitter(cluster, inputs, mergeCloudConfig(inputs.cloudConfig, cluster.cloudInit))
    : undefined;
  return {
    cluster,
    inputs,
    findings,
    worker: worker => {
      const identity = readIdentityOf(worker.name, cluster, files, readSecret, purpose.keysRequired);
      const bundle = compile?.(worker, identity);
      const workerFindings = [
        ...identity.findings,
        ...checkWorker({ ...context, worker, identity, ca: inputs.ca.certificate, bundle }),
      ];
      return {
        summary: {
          worker: worker.name,
          certificateFile: identity.files.certificate,
          certificateSha256: identity.certificate?.sha256,
          publicKeySha256: identity.certificate?.publicKeySha256,
        },
        findings: workerFindings,
        emit: async () => (bundle && emitter && !hasErrors(workerFindings) ? emitter(bundle) : undefined),
        describe: () => bundle && describeNode(bundle, identity.kubeconfig === undefined),
      };
    },
  };
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => severityOf(code) === 'error');
}
