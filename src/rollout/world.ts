import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { Compute } from '../ports/compute.ts';
import type { Kube } from '../ports/kube.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';

/** What a rollout works on. */
export type World = {
  readonly cluster: Cluster;
  readonly compute: Compute;
  readonly store: ObjectStore;
  /** Undefined: the api-server cannot be asked from here. */
  readonly kube: Kube | undefined;
  readonly clock: Clock;
  /** What `build` would write for a worker of the spec; it needs the private key. */
  readonly artifactsOf: (worker: string) => Promise<WorkerArtifacts>;
};
