import type { BuiltWorker } from '../fleet.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { DesiredWorker } from './plan.ts';

/** What the spec and the PKI folder want of each worker that compiles, in the order of the spec. */
export function desiredWorkers(cluster: Cluster, built: readonly BuiltWorker[]): readonly DesiredWorker[] {
  const byName = new Map(built.map(one => [one.name, one]));
  return cluster.workers.flatMap(worker => {
    const found = byName.get(worker.name);
    if (!found) return [];
    const { fingerprint, notAfter, complete, digest } = found;
    return [{ worker, fingerprint, notAfter, digest: complete ? digest : null }];
  });
}
