import type { Cluster } from '../spec/resolve.ts';

/** Where things lie in the bucket (docs/operations.md). Nothing below `state/` has a lifecycle. */
export function stateKeys({ name, aws }: Pick<Cluster, 'name' | 'aws'>) {
  const state = `${aws.prefix}state/${name}/`;
  return {
    secrets: `${aws.prefix}secrets/${name}/`,
    lock: `${state}lock.json`,
    /** The manifest of what was staged; written last. */
    manifest: `${state}manifest.json`,
    workers: `${state}workers/`,
    worker: (worker: string) => `${state}workers/${worker}.json`,
    userData: (sha256: string) => `${state}user-data/${sha256}`,
    evidence: (worker: string, instanceId: string) => `${state}evidence/${worker}/${instanceId}/`,
    binary: (sha256: string, name: string) => `${aws.prefix}bin/${sha256}/${name}`,
  };
}
