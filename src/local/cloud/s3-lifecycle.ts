import type { LifecycleRule } from '../../ports/object-store.ts';
import type { Blob, Bucket, Version } from './s3-types.ts';
import { deleteCurrent, deleteVersion } from './s3-versions.ts';

const day = 24 * 3600 * 1000;

/**
 * Applies a bucket's lifecycle: Amazon S3 User Guide, “Lifecycle configuration elements”. S3 does it once a day and may be
 * late; here it is done on the first call of a day (UTC), which is when something can become due.
 * @returns the blobs that nothing names any more.
 */
export function expire(bucket: Bucket, now: number): readonly Blob[] {
  const today = Math.floor(now / day);
  if (bucket.expiredOn === today) return [];
  bucket.expiredOn = today;
  const rules = bucket.posture.lifecycle.filter(rule => rule.enabled);
  return rules.flatMap(rule => [
    ...expireNoncurrent(bucket, rule, now),
    ...expireCurrent(bucket, rule, now),
    ...abortUploads(bucket, rule, now),
  ]);
}

function expireCurrent(bucket: Bucket, { days, prefix }: LifecycleRule, now: number): readonly Blob[] {
  if (days === undefined) return [];
  const due = below(bucket, prefix).filter(([, [latest]]) => latest?.content && isDue(latest.lastModified, days, now));
  return due.flatMap(([key]) => deleteCurrent(bucket, key, now).orphans);
}

/** A version is noncurrent since its successor came. */
function expireNoncurrent(bucket: Bucket, { noncurrentDays, prefix }: LifecycleRule, now: number): readonly Blob[] {
  if (noncurrentDays === undefined) return [];
  return below(bucket, prefix).flatMap(([key, versions]) =>
    versions
      .filter((_, n) => n > 0 && isDue(versions[n - 1]?.lastModified ?? now, noncurrentDays, now))
      .flatMap(({ versionId }) => deleteVersion(bucket, key, versionId).orphans),
  );
}

function abortUploads(bucket: Bucket, { abortUploadDays, prefix }: LifecycleRule, now: number): readonly Blob[] {
  if (abortUploadDays === undefined) return [];
  const due = [...bucket.uploads.values()].filter(
    ({ key, started }) => key.startsWith(prefix) && isDue(started, abortUploadDays, now),
  );
  for (const { uploadId } of due) bucket.uploads.delete(uploadId);
  return due.flatMap(({ parts }) => [...parts.values()].map(({ blob }) => blob));
}

function below(bucket: Bucket, prefix: string): readonly (readonly [string, readonly Version[]])[] {
  return [...bucket.versions].filter(([key]) => key.startsWith(prefix));
}

/** The days are added and the result rounded up to the next midnight UTC. */
function isDue(since: number, days: number, now: number): boolean {
  return now >= Math.ceil((since + days * day) / day) * day;
}
