import { sha256 } from '../tree/digest.ts';

export type TokenParts = {
  readonly cluster: string;
  readonly worker: string;
  readonly generation: number;
  readonly attempt: number;
  readonly zone: string;
};

/** The ClientToken of a launch: the same operation asks for the same instance, from whatever process. 64 characters. */
export function launchToken({ cluster, worker, generation, attempt, zone }: TokenParts): string {
  return sha256(JSON.stringify(['firstboot launch v1', cluster, worker, generation, attempt, zone]));
}

/** Of a capacity reservation. `ends` is part of the request, so it is part of its token. */
export function reservationToken(parts: TokenParts, instanceType: string, ends: number): string {
  const { cluster, worker, generation, attempt, zone } = parts;
  const identity = [cluster, worker, generation, attempt, zone, instanceType, ends];
  return sha256(JSON.stringify(['firstboot reservation v1', ...identity]));
}

/** Of a network interface that outlives instances. One that was deleted is made again, by another generation. */
export function interfaceToken(cluster: string, worker: string, generation: number, attempt: number): string {
  return sha256(JSON.stringify(['firstboot interface v1', cluster, worker, generation, attempt]));
}

/** Of a DryRun: never that of a launch, whose instance would be what is asked about. */
export function trialToken(cluster: string, worker: string, fingerprint: string): string {
  return sha256(JSON.stringify(['firstboot trial v1', cluster, worker, fingerprint]));
}
