import { refusal, type S3Code } from './s3-errors.ts';
import type { Asked, Bucket, Posture } from './s3-types.ts';
import { enter, keep, type S3World } from './s3-world.ts';

/** How AWS makes a bucket since April 2023: all public access blocked, ACLs off, SSE-S3, no versions. */
export const newBucketPosture: Posture = {
  publicAccessBlock: [true, true, true, true],
  policy: undefined,
  encryption: { algorithm: 'AES256', kmsKey: undefined, bucketKey: false },
  versioning: 'Off',
  ownership: 'BucketOwnerEnforced',
  replication: false,
  objectLock: false,
  lifecycle: [],
};

export function emptyBucket(name: string, created: number, posture: Partial<Posture> = {}): Bucket {
  return {
    name,
    created,
    posture: { ...newBucketPosture, ...posture },
    versions: new Map(),
    uploads: new Map(),
    expiredOn: undefined,
  };
}

/** “Bucket naming rules”: the most important of them. */
const bucketName = /^(?!xn--|\d+\.\d+\.\d+\.\d+$|.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** `location`: LocationConstraint of the request; in us-east-1 alone one's own bucket may be made again. */
export async function createBucket(world: S3World, asked: Asked, location: string | undefined): Promise<void> {
  if (asked.caller.kind !== 'operator') throw refusal(asked, 'AccessDenied');
  if (!bucketName.test(asked.bucket)) throw refusal(asked, 'InvalidBucketName');
  if ((location ?? 'us-east-1') !== world.region) throw refusal(asked, 'IllegalLocationConstraintException');
  if (world.buckets.has(asked.bucket)) {
    if (world.region === 'us-east-1') return;
    throw refusal(asked, 'BucketAlreadyOwnedByYou');
  }
  world.buckets.set(asked.bucket, emptyBucket(asked.bucket, world.clock.now()));
  await keep(world);
}

export async function deleteBucket(world: S3World, asked: Asked): Promise<void> {
  const bucket = await enter(world, asked);
  if (bucket.versions.size > 0) throw refusal(asked, 'BucketNotEmpty');
  world.buckets.delete(bucket.name);
  const parts = [...bucket.uploads.values()].flatMap(({ parts }) => [...parts.values()]);
  await keep(
    world,
    parts.map(({ blob }) => blob),
  );
}

/** What S3 answers where a bucket has no such configuration. */
const whenAbsent = {
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  policy: 'NoSuchBucketPolicy',
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  ownership: 'OwnershipControlsNotFoundError',
  replication: 'ReplicationConfigurationNotFoundError',
  objectLock: 'ObjectLockConfigurationNotFoundError',
  lifecycle: 'NoSuchLifecycleConfiguration',
} as const satisfies Partial<Record<keyof Posture, S3Code>>;

type Part = keyof typeof whenAbsent;

/** One of a bucket's configurations; throws S3's own error where there is none. */
export async function getPart<P extends Part>(world: S3World, asked: Asked, part: P): Promise<NonNullable<Posture[P]>> {
  const value = (await enter(world, asked)).posture[part];
  if (value === undefined || value === false || (part === 'lifecycle' && (value as readonly unknown[]).length === 0))
    throw refusal(asked, whenAbsent[part]);
  return value as NonNullable<Posture[P]>;
}

export async function getVersioning(world: S3World, asked: Asked): Promise<Posture['versioning']> {
  return (await enter(world, asked)).posture.versioning;
}

/** Sets configurations, or with `undefined` takes them away. */
export async function setParts(world: S3World, asked: Asked, parts: Partial<Posture>): Promise<void> {
  const bucket = await enter(world, asked);
  if (parts.versioning === 'Suspended' && bucket.posture.objectLock)
    throw refusal(
      asked,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  bucket.posture = { ...bucket.posture, ...parts };
  bucket.expiredOn = undefined;
  await keep(world);
}
