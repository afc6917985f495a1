import fs from 'node:fs';
import path from 'node:path';
import { createCalls } from './calls.ts';
import type { CloudObjects, CloudOptions } from './cloud.ts';
import { folderBlobs, memoryBlobs } from './s3-blobs.ts';
import { emptyBucket } from './s3-buckets.ts';
import { bucketsFrom, indexWriter, namedBlobs, readIndex, type S3Snapshot, snapshotOf } from './s3-index.ts';
import { createOperations, type S3Operations } from './s3-operations.ts';
import { createRaces } from './s3-races.ts';
import { createStore } from './s3-store.ts';
import type { Posture } from './s3-types.ts';
import type { S3World } from './s3-world.ts';

export type S3Options = CloudOptions & {
  /** Where bytes and index are kept; undefined: in memory. */
  readonly folder?: string | undefined;
  /** ARN of what `aws:kms` without a key ID means: the key aws/s3 of the account. */
  readonly kmsDefaultKey?: string | undefined;
};

export type CloudS3 = CloudObjects & {
  /** For the HTTP shell. */
  readonly operations: S3Operations;
  /** Makes a bucket as AWS makes it today, or as `posture` says; one that is there gets what `posture` says. */
  readonly createBucket: (name: string, posture?: Partial<Posture>) => void;
  /** Sets configurations of a bucket, or with `undefined` takes them away. */
  readonly setPosture: (name: string, posture: Partial<Posture>) => void;
  /** Prefixes that the role of an instance may read; `secrets/` and `bin/` unless said. */
  readonly setNodePrefixes: (prefixes: readonly string[]) => void;
  /** Entries of a page of a list, at most; 1000 unless said. */
  readonly setPageSize: (entries: number) => void;
  /** True: a conditional write that loses to another one in flight is answered 409 and not 412. */
  readonly setConflicts: (on: boolean) => void;
  readonly callCounts: () => Readonly<Record<string, number>>;
  /** Everything but the bytes. */
  readonly snapshot: () => S3Snapshot;
};

/** S3 as a state machine; what a folder has from before is there again. */
export function createS3(options: S3Options): CloudS3 {
  const calls = createCalls(options);
  const world = createWorld(options);
  const operations = createOperations(world, calls);
  const setPosture = (name: string, posture: Partial<Posture>) => {
    const bucket = world.buckets.get(name) ?? emptyBucket(name, options.clock.now());
    bucket.posture = { ...bucket.posture, ...posture };
    bucket.expiredOn = undefined;
    world.buckets.set(name, bucket);
    world.save().catch(() => {});
  };
  return {
    operations,
    store: (bucket, caller) => createStore(operations, { bucket, caller, expectedOwner: options.accountId }),
    createBucket: (name, posture = {}) => setPosture(name, posture),
    setPosture,
    setNodePrefixes: prefixes => {
      world.rights = { prefixes };
    },
    setPageSize: entries => {
      world.pageSize = entries;
    },
    setConflicts: on => {
      world.races.conflicts = on;
    },
    callCounts: calls.counts,
    snapshot: () => snapshotOf(world.buckets),
  };
}

function createWorld({ accountId, region, clock, folder, kmsDefaultKey }: S3Options): S3World {
  if (folder !== undefined) fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const saved = folder === undefined ? undefined : readIndex(folder);
  const buckets = saved ? bucketsFrom(saved) : new Map();
  const known = new Set(namedBlobs(buckets).map(({ name }) => name));
  return {
    accountId,
    region,
    clock,
    buckets,
    blobs: folder === undefined ? memoryBlobs() : folderBlobs(path.join(folder, 'objects'), known),
    races: createRaces(),
    kmsDefaultKey: kmsDefaultKey ?? `arn:aws:kms:${region}:${accountId}:key/00000000-0000-0000-0000-000000000000`,
    rights: { prefixes: ['secrets/', 'bin/'] },
    pageSize: 1000,
    save: folder === undefined ? async () => {} : indexWriter(folder, () => snapshotOf(buckets)),
  };
}
