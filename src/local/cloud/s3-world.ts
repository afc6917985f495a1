import type { Clock } from '../../ports/clock.ts';
import type { Blobs } from './s3-blobs.ts';
import { expire } from './s3-lifecycle.ts';
import type { Races } from './s3-races.ts';
import { bucketOf, checkRights, type NodeRights } from './s3-rights.ts';
import type { Asked, Blob, Bucket } from './s3-types.ts';

/** What the operations work on. */
export type S3World = {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly buckets: Map<string, Bucket>;
  readonly blobs: Blobs;
  readonly races: Races;
  /** ARN of the key that aws:kms without a key ID means. */
  readonly kmsDefaultKey: string;
  rights: NodeRights;
  /** Entries of a page of a list, at most. */
  pageSize: number;
  /** Returns once what changed is kept. */
  readonly save: () => Promise<void>;
};

/** The bucket of a call, if the caller may do this to the key. */
export async function enter(world: S3World, asked: Asked, key?: string, versionId?: string): Promise<Bucket> {
  const bucket = bucketOf(asked, world.buckets, world.accountId);
  checkRights(asked, world.rights, key, versionId);
  const orphans = expire(bucket, world.clock.now());
  if (orphans.length > 0) await keep(world, orphans);
  return bucket;
}

/** Keeps what changed; only then the bytes go that nothing names any more. */
export async function keep(world: S3World, orphans: readonly Blob[] = []): Promise<void> {
  await world.save();
  if (orphans.length > 0) await world.blobs.remove(orphans);
}
