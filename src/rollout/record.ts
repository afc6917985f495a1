import type { LaunchRequest } from '../ports/compute.ts';
import type { Launch } from '../spec/resolve.ts';

/** How far a launch must have come before it counts. */
export type Wait = 'none' | 'booted' | 'registered' | 'ready';

/**
 * What `state/<cluster>/workers/<worker>.json` holds of one worker: what runs, and the operation that is going on or was cut
 * off. Every write is conditional on the ETag read before it. Never a secret, never the name of a secrets object.
 */
export type WorkerRecord = {
  readonly version: 1;
  readonly worker: string;
  /** Rises with every operation that launches. */
  readonly generation: number;
  /** The last launch that was proven as far as it was asked to; null: none, or it was retired. */
  readonly current: Generation | null;
  readonly operation: Operation | null;
};

/** A launch that came to its end. */
export type Generation = {
  readonly generation: number;
  readonly instanceId: string;
  /** UID of its Node, where the api-server was asked. */
  readonly nodeUid: string | null;
  readonly fingerprint: string;
  /** Digest of the secrets archive. */
  readonly digest: string;
  /** SHA-256 of its user-data, which lies in `state/<cluster>/user-data/<SHA-256>`. */
  readonly userData: string;
  readonly notAfter: string | null;
  readonly imageId: string;
  /** As the spec had it when it was launched: what plan compares and shows. */
  readonly launch: Launch;
  readonly instanceType: string;
  readonly interfaceId: string | null;
  readonly verified: Wait;
  /** ISO 8601. */
  readonly verifiedAt: string;
  readonly run: string;
  /** False: its staged secrets are still to be deleted (`--wait none`). */
  readonly secretsDeleted: boolean;
};

export type Step =
  | 'reserve'
  | 'cordon'
  | 'drain'
  | 'terminate'
  | 'await-terminated'
  | 'delete-node'
  | 'stage'
  | 'launch'
  | 'stage-scoped'
  | 'await-running'
  | 'await-verified'
  | 'uncordon'
  | 'delete-secrets'
  | 'release'
  | 'close';

/** RunInstances as it was or will be sent; user-data by its SHA-256, to be found as in Generation. */
export type RecordedRequest = Omit<LaunchRequest, 'userData'> & { readonly userData: string };

/** Written ahead of every step: a rerun goes on with `step`. */
export type Operation = {
  /** Part of the client token’s identity together with cluster and worker. */
  readonly generation: number;
  readonly kind: 'launch' | 'replace' | 'retire';
  readonly run: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Why, as plan said it. */
  readonly reasons: readonly string[];
  readonly step: Step;
  /** Rises with every new client token: another instance type, or another try after the last one was settled. */
  readonly attempt: number;
  readonly old: { readonly instanceId: string; readonly nodeUid: string | null } | null;
  /** True once the old node was cordoned by this operation and not uncordoned since. */
  readonly cordoned: boolean;
  readonly reservationId: string | null;
  readonly fingerprint: string;
  readonly digest: string;
  readonly notAfter: string | null;
  readonly launch: Launch;
  readonly wait: Wait;
  readonly request: RecordedRequest | null;
  readonly instanceId: string | null;
  /** ISO 8601, by the clock of whoever launched: EC2’s and an operator’s may differ. */
  readonly launchedAt?: string;
  readonly interfaceId: string | null;
  /** UID of the new Node, once it was proven. */
  readonly nodeUid?: string | null;
  readonly failure: { readonly step: Step; readonly code: string; readonly message: string } | null;
};
