import { OperationError } from '../diagnostics/operation-error.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { objectUrl } from '../spec/bucket-url.ts';
import type { Cluster } from '../spec/resolve.ts';
import { inParallel } from './in-parallel.ts';
import { stateKeys } from './state-keys.ts';

/** A binary that workers fetch, as pins.yaml has it. */
export type PinnedBinary = {
  readonly binary: string;
  readonly version: string;
  readonly arch: string;
  readonly sha256: string;
  /** In bytes; undefined: the pin does not say. */
  readonly size: number | undefined;
  /** Last part of its key: that of its URL. */
  readonly file: string;
};

/** Its bytes on this machine. */
export type BinarySource = {
  readonly size: number;
  /** SHA-256 of what lies there. */
  readonly digest: () => Promise<string>;
  /** The bytes from `from` to `to` (not included). */
  readonly read: (from: number, to: number) => Promise<Uint8Array>;
};

export type MirroredBinary = PinnedBinary & {
  /** For pins.yaml: `s3+` tells the boot program to sign the request. */
  readonly url: string;
  readonly outcome: 'put' | 'present';
};

type Place = Pick<Cluster, 'name' | 'aws'>;

const mostHeads = 8;

/**
 * Copies binaries to bin/<sha256>/<file>, each in parts that a later run goes on with, after its digest was verified. `open`
 * is asked for those that are not there yet; it throws when one can be had from nowhere. Results in the order given.
 */
export async function mirrorBinaries(
  store: ObjectStore,
  cluster: Place,
  pinned: readonly PinnedBinary[],
  open: (absent: readonly PinnedBinary[]) => Promise<ReadonlyMap<PinnedBinary, BinarySource>>,
  told: (binary: MirroredBinary) => void,
): Promise<readonly MirroredBinary[]> {
  const there = await inParallel(pinned, mostHeads, one => isThere(store, cluster, one));
  const absent = pinned.filter((_, index) => !there[index]);
  const sources = absent.length > 0 ? await open(absent) : new Map<PinnedBinary, BinarySource>();
  const mirrored: MirroredBinary[] = [];
  for (const one of pinned) {
    const source = sources.get(one);
    if (source) await putBinary(store, cluster, one, source);
    const url = `s3+${objectUrl(cluster.aws, keyOf(cluster, one))}`;
    const done: MirroredBinary = { ...one, url, outcome: source ? 'put' : 'present' };
    told(done);
    mirrored.push(done);
  }
  return mirrored;
}

/** The key has the digest in it, and only what was verified is put there; an object in parts has no SHA-256 of the whole. */
async function isThere(store: ObjectStore, cluster: Place, one: PinnedBinary): Promise<boolean> {
  const found = await store.head(keyOf(cluster, one));
  if (!found) return false;
  return (one.size ?? found.size) === found.size && (found.sha256 ?? one.sha256) === one.sha256;
}

async function putBinary(store: ObjectStore, cluster: Place, one: PinnedBinary, source: BinarySource): Promise<void> {
  const digest = await source.digest();
  if (digest !== one.sha256) throw differs(one, digest);
  const { kmsKey } = cluster.aws;
  const encryption = kmsKey === null ? undefined : { kmsKey };
  const { size, read } = source;
  await store.putLarge({ key: keyOf(cluster, one), size, sha256: one.sha256, read, encryption });
}

function keyOf(cluster: Place, { sha256, file }: PinnedBinary): string {
  return stateKeys(cluster).binary(sha256, file);
}

function differs({ binary, version, arch, sha256 }: PinnedBinary, digest: string): OperationError {
  return new OperationError(
    'STAGE_BINARY_DIFFERS',
    `${binary} ${version} ${arch} has the SHA-256 ${digest}, and pins.yaml has ${sha256}.`,
    'put the file of the pin into the mirror folder, or pin it anew (`firstboot pin`); it was not put.',
  );
}
