import { refusal } from './s3-errors.ts';
import type { Asked, Bucket } from './s3-types.ts';

/** Prefixes that an instance's role may read, without leave to list: what `firstboot iam` gives it. */
export type NodeRights = { readonly prefixes: readonly string[] };

/** The instance below whose ARN a key is (instance-scoped delivery); undefined: the key is nobody's own. */
export function scopedTo(key: string): string | undefined {
  return /(?:^|\/)arn:[^/]*:instance\/(i-[0-9a-f]+)\//.exec(key)?.[1];
}

/**
 * What a role may: s3:GetObject, which HeadObject needs too; a version by its ID needs s3:GetObjectVersion, which it lacks.
 * Below an instance's ARN only that instance reads. Without s3:ListBucket what is absent is
 * 403 (Amazon S3 API Reference, “GetObject”, Permissions), so the caller asks before it looks.
 */
export function checkRights(asked: Asked, rights: NodeRights, key?: string, versionId?: string): void {
  const { call, caller } = asked;
  if (caller.kind === 'operator') return;
  const owner = scopedTo(key ?? '');
  const mayRead =
    (call === 'GetObject' || call === 'HeadObject') &&
    versionId === undefined &&
    rights.prefixes.some(prefix => key?.startsWith(prefix)) &&
    (owner === undefined || owner === caller.instanceId);
  if (!mayRead) throw refusal(asked, 'AccessDenied');
}

/** Whether an absent object may be told from a forbidden one. */
export function absent(asked: Asked, code: 'NoSuchKey' | 'NoSuchVersion') {
  return refusal(asked, asked.caller.kind === 'operator' ? code : 'AccessDenied');
}

/** The bucket, when it is there and belongs to whom the caller expects (“Verifying bucket ownership with bucket owner condition”). */
export function bucketOf(asked: Asked, buckets: ReadonlyMap<string, Bucket>, accountId: string): Bucket {
  const bucket = buckets.get(asked.bucket);
  if (!bucket) throw refusal(asked, 'NoSuchBucket');
  if (asked.expectedOwner !== undefined && asked.expectedOwner !== accountId) throw refusal(asked, 'AccessDenied');
  return bucket;
}
