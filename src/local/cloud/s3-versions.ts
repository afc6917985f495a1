import { randomBytes } from 'node:crypto';
import type { Blob, Bucket, Content, Version } from './s3-types.ts';

/** “null” is the one version of a key whose bucket has no versions, or had none when it was written. */
export const nullVersion = 'null';

/** The object that a key names: none when it was deleted. */
export function currentContent(bucket: Bucket, key: string): (Version & { readonly content: Content }) | undefined {
  const [latest] = bucket.versions.get(key) ?? [];
  return latest && hasContent(latest) ? latest : undefined;
}

export function hasContent(version: Version): version is Version & { readonly content: Content } {
  return version.content !== undefined;
}

/**
 * Amazon S3 User Guide, “How S3 Versioning works” and “Working with objects in a versioning-suspended bucket”: with
 * versioning a version more, otherwise the version “null” instead of an earlier “null”.
 * @returns the version, and the blobs that nothing names any more.
 */
export function addVersion(
  bucket: Bucket,
  key: string,
  content: Content | undefined,
  now: number,
): { readonly version: Version; readonly orphans: readonly Blob[] } {
  const earlier = bucket.versions.get(key) ?? [];
  const isEnabled = bucket.posture.versioning === 'Enabled';
  const versionId = isEnabled ? newVersionId() : nullVersion;
  const version = { key, versionId, lastModified: wholeSeconds(now), content };
  const kept = isEnabled ? earlier : earlier.filter(one => one.versionId !== nullVersion);
  bucket.versions.set(key, [version, ...kept]);
  return { version, orphans: blobsOf(earlier.filter(one => !kept.includes(one))) };
}

/** What a DELETE did. */
export type Deleted = {
  /** Of the marker that was made, or of the version that was removed. */
  readonly versionId: string | undefined;
  /** A marker was made or removed. */
  readonly deleteMarker: boolean;
  readonly orphans: readonly Blob[];
};

/** DELETE without a version: a marker where there are versions. */
export function deleteCurrent(bucket: Bucket, key: string, now: number): Deleted {
  if (bucket.posture.versioning === 'Off') return { ...deleteVersion(bucket, key, nullVersion), versionId: undefined };
  const { version, orphans } = addVersion(bucket, key, undefined, now);
  return { versionId: version.versionId, deleteMarker: true, orphans };
}

/** DELETE of one version, for good; one that is not there is as good as deleted. */
export function deleteVersion(bucket: Bucket, key: string, versionId: string): Deleted {
  const earlier = bucket.versions.get(key) ?? [];
  const removed = earlier.filter(one => one.versionId === versionId);
  const kept = earlier.filter(one => one.versionId !== versionId);
  if (kept.length > 0) bucket.versions.set(key, kept);
  else bucket.versions.delete(key);
  return { versionId, deleteMarker: removed.some(one => !one.content), orphans: blobsOf(removed) };
}

export function blobsOf(versions: readonly Version[]): readonly Blob[] {
  return versions.flatMap(({ content }) => content?.blobs ?? []);
}

/** S3 keeps whole seconds. */
export function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

function newVersionId(): string {
  return randomBytes(24).toString('base64url').replaceAll('-', '.');
}
