/**
 * One bucket, as an operator uses it. Every method may throw a CallError with S3's own code (AccessDenied, SlowDown, …), or
 * NoResponse when it is not known whether the call was carried out. Digests are SHA-256 in hexadecimal.
 */
export type ObjectStore = {
  readonly bucket: string;
  /**
   * Puts an object whole, with its checksum. Throws PreconditionFailed (412) when `onlyIf` does not hold, and
   * ConditionalRequestConflict (409) when two are at it at once. `encryption`: SSE-KMS with this key; left out or null: no
   * header, so that the bucket's default holds (with the header and no key S3 takes aws/s3, not the bucket's key).
   */
  readonly put: (object: NewObject) => Promise<WrittenObject>;
  readonly get: (key: string) => Promise<StoredObject | undefined>;
  readonly head: (key: string) => Promise<ObjectHead | undefined>;
  /** Current objects below a prefix, by key; all pages. */
  readonly list: (prefix: string) => Promise<readonly ListedObject[]>;
  /** Every version and delete marker below a prefix; of a bucket without versions, its objects with the version “null”. */
  readonly versions: (prefix: string) => Promise<readonly ObjectVersion[]>;
  /** Removes these versions for good; those that are gone already count as removed. */
  readonly remove: (versions: readonly VersionName[]) => Promise<void>;
  /** Puts a large object in parts; an upload that was broken off goes on where it ended. */
  readonly putLarge: (object: LargeObject) => Promise<WrittenObject>;
  /** How the bucket is protected. What may not be asked, or is not known to the server, is in `unknown` by its call. */
  readonly posture: () => Promise<BucketPosture>;
};

export type NewObject = {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly onlyIf?: { readonly kind: 'absent' } | { readonly kind: 'etag'; readonly etag: string } | undefined;
  readonly encryption?: { readonly kmsKey: string | null } | undefined;
};

export type ObjectHead = {
  readonly key: string;
  readonly size: number;
  /** With its quotes, as S3 gives it. */
  readonly etag: string;
  /** Of the whole object; undefined where the server does not keep it (parts, other stores). */
  readonly sha256: string | undefined;
  /** “null” in a bucket without versions. */
  readonly versionId: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** What S3 says of the encryption at rest: “aws:kms”, “AES256”, undefined where it says nothing. */
  readonly encryption: string | undefined;
};

/** What S3 answers to a put: not the time, which only a later request tells. */
export type WrittenObject = Omit<ObjectHead, 'lastModified'>;
export type StoredObject = ObjectHead & { readonly bytes: Uint8Array };
export type ListedObject = Pick<ObjectHead, 'key' | 'size' | 'lastModified'>;
export type VersionName = { readonly key: string; readonly versionId: string };
export type ObjectVersion = VersionName & {
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  readonly size: number;
  readonly lastModified: number;
};

export type LargeObject = {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  /** The bytes from `from` to `to` (not included). */
  readonly read: (from: number, to: number) => Promise<Uint8Array>;
  readonly encryption?: { readonly kmsKey: string | null } | undefined;
};

export type BucketPosture = {
  readonly region: string | undefined;
  /** The four switches of its public access block; undefined: it has none. */
  readonly publicAccessBlock:
    | readonly [acls: boolean, ignoreAcls: boolean, policy: boolean, restrict: boolean]
    | undefined;
  /** JSON; undefined: it has none. */
  readonly policy: string | undefined;
  readonly encryption:
    | { readonly algorithm: string; readonly kmsKey: string | undefined; readonly bucketKey: boolean }
    | undefined;
  readonly versioning: 'Enabled' | 'Suspended' | 'Off';
  readonly ownership: string | undefined;
  readonly replication: boolean;
  readonly objectLock: boolean;
  readonly lifecycle: readonly LifecycleRule[];
  /** Calls that were not answered, with S3's code: { GetBucketPolicy: 'AccessDenied' }. */
  readonly unknown: Readonly<Record<string, string>>;
};

export type LifecycleRule = {
  readonly enabled: boolean;
  readonly prefix: string;
  readonly days: number | undefined;
  readonly noncurrentDays: number | undefined;
  readonly abortUploadDays: number | undefined;
};
