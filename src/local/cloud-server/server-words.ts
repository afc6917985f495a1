import type { FaultRule } from '../cloud/cloud.ts';
import type { InstanceOptions } from '../instances/instance-kind.ts';
import type { CloudSeed } from './seed.ts';
import type { Connection } from './server-file.ts';

/** The argument that makes the program an embedded cloud in the background. */
export const cloudWord = '--embedded-cloud';

/** How a cloud is served; JSON. */
export type ServeRequest = {
  /** Absolute. */
  readonly folder: string;
  readonly region: string;
  readonly seed: CloudSeed;
  readonly instances: InstanceOptions;
  readonly faults: readonly FaultRule[];
};

export type ToServer = { readonly kind: 'serve'; readonly request: ServeRequest };

export type FromServer =
  | { readonly kind: 'here' }
  | { readonly kind: 'ready'; readonly connection: Connection }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string };
