import type { Bundle } from '../compile/bundle.ts';
import type { ClusterInputs } from '../compile/inputs.ts';
import type { Finding } from '../diagnostics/diagnostic.ts';
import type { Certificate } from '../pki/certificate.ts';
import type { Identity } from '../pki/identity.ts';
import type { Cluster, Worker } from '../spec/resolve.ts';

/** What a rule about the whole cluster sees. */
export type ClusterContext = {
  readonly cluster: Cluster;
  readonly inputs: ClusterInputs;
  /** Milliseconds since 1970: the moment that validity is judged at. */
  readonly now: number;
};

/** What a rule about one worker sees. Parts that could not be read are undefined (that was reported where they were read). */
export type WorkerContext = ClusterContext & {
  readonly worker: Worker;
  readonly identity: Identity;
  readonly ca: Certificate | undefined;
  readonly bundle: Bundle | undefined;
};

/** What is left of a worker when all are compared with each other: small, and no secret in it. */
export type WorkerSummary = {
  readonly worker: string;
  readonly certificateFile: string;
  readonly certificateSha256: string | undefined;
  readonly publicKeySha256: string | undefined;
};

export type FleetContext = { readonly cluster: Cluster; readonly workers: readonly WorkerSummary[] };

export type ClusterRule = (context: ClusterContext) => readonly Finding[];
export type WorkerRule = (context: WorkerContext) => readonly Finding[];
export type FleetRule = (context: FleetContext) => readonly Finding[];
