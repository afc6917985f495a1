import type { BucketPosture, LifecycleRule } from '../../ports/object-store.ts';
import type { Caller } from './cloud.ts';

/** One call, as far as every operation asks for it. */
export type Asked = {
  /** As AWS names it: PutObject. */
  readonly call: string;
  readonly bucket: string;
  readonly caller: Caller;
  /** Account that must own the bucket (x-amz-expected-bucket-owner). */
  readonly expectedOwner?: string | undefined;
};

export type ChecksumAlgorithm = 'SHA256' | 'CRC32' | 'CRC32C' | 'CRC64NVME';

/** `value` as S3 writes it: base64, for parts of an upload with “-” and their number. */
export type Checksum = {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
};

export type Encryption =
  | { readonly algorithm: 'AES256' }
  | { readonly algorithm: 'aws:kms'; readonly kmsKey: string; readonly bucketKey: boolean };

/** Headers that a client gives an object, and gets with it: content-type, cache-control, x-amz-meta-…. */
export type Told = { readonly headers: Readonly<Record<string, string>> };

/** A stretch of stored bytes, by the name that the storage gave. */
export type Blob = { readonly name: string; readonly size: number };

export type Version = {
  readonly key: string;
  /** “null” where the bucket has no versions. */
  readonly versionId: string;
  readonly lastModified: number;
  readonly content: Content | undefined;
};

export type Content = Told & {
  readonly size: number;
  /** With its quotes. */
  readonly etag: string;
  readonly checksum: Checksum | undefined;
  readonly encryption: Encryption;
  /** One, or those of the parts. */
  readonly blobs: readonly Blob[];
};

export type Part = {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  readonly checksum: Checksum | undefined;
  readonly blob: Blob;
  readonly lastModified: number;
};

export type Upload = Told & {
  readonly uploadId: string;
  readonly key: string;
  readonly started: number;
  readonly encryption: Encryption;
  /** What every part, and the whole, is checked by. */
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | undefined;
  readonly parts: Map<number, Part>;
};

export type Bucket = {
  readonly name: string;
  readonly created: number;
  posture: Posture;
  /** By key, newest version first; never empty. */
  readonly versions: Map<string, readonly Version[]>;
  readonly uploads: Map<string, Upload>;
  /** Day since 1970 on which its lifecycle was applied last. */
  expiredOn: number | undefined;
};

/** How a bucket is set up; undefined: there is no such configuration. */
export type Posture = Omit<BucketPosture, 'region' | 'unknown' | 'lifecycle'> & {
  readonly lifecycle: readonly LifecycleRule[];
};
