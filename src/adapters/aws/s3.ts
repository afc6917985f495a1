import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { CallError } from '../../diagnostics/call-error.ts';
import type {
  NewObject,
  ObjectHead,
  ObjectStore,
  StoredObject,
  VersionName,
  WrittenObject,
} from '../../ports/object-store.ts';
import { sha256 } from '../../tree/digest.ts';
import { absentAs, called, redacted } from './call-errors.ts';
import { encryptionFields, toBase64, wholeChecksum } from './s3-fields.ts';
import { putLarge } from './s3-large.ts';
import { listObjects, listVersions } from './s3-list.ts';
import { bucketPosture } from './s3-posture.ts';
import { DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from './sdk.ts';

/** The client, and what goes with every request of it. */
export type S3Place = {
  readonly client: S3Client;
  readonly target: { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
};

/** `accountId`: the bucket must belong to it; undefined at a store that knows no accounts. */
export type S3StoreOptions = { readonly bucket: string; readonly accountId: string | undefined };

/**
 * The object store on S3. A reply to `put` that was lost makes the SDK send the request again, which with `onlyIf` then fails
 * on the write that it made itself: PreconditionFailed does not say whose write it was, and the caller compares what
 * is there by `head` before it believes in another’s.
 */
export function createS3Store(client: S3Client, { bucket, accountId }: S3StoreOptions): ObjectStore {
  const place: S3Place = {
    client,
    target: { Bucket: bucket, ...(accountId !== undefined && { ExpectedBucketOwner: accountId }) },
  };
  return {
    bucket,
    put: object => put(place, object),
    get: key => get(place, key),
    head: key => head(place, key),
    list: prefix => listObjects(place, prefix),
    versions: prefix => listVersions(place, prefix),
    remove: versions => remove(place, versions),
    putLarge: object => putLarge(place, object),
    posture: () => bucketPosture(place),
  };
}

async function put(place: S3Place, object: NewObject): Promise<WrittenObject> {
  const { key, bytes } = object;
  const digest = sha256(bytes);
  const answer = await called('S3', 'PutObject', () =>
    place.client.send(
      new PutObjectCommand({
        ...place.target,
        Key: key,
        Body: bytes,
        ChecksumSHA256: toBase64(digest),
        ...conditions(object),
        ...encryptionFields(object.encryption),
      }),
    ),
  );
  return {
    key,
    size: bytes.length,
    etag: answer.ETag ?? '',
    sha256: digest,
    versionId: answer.VersionId ?? 'null',
    encryption: answer.ServerSideEncryption,
  };
}

function conditions({ onlyIf }: NewObject): { readonly IfNoneMatch?: '*'; readonly IfMatch?: string } {
  if (onlyIf === undefined) return {};
  return onlyIf.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: onlyIf.etag };
}

async function get(place: S3Place, key: string): Promise<StoredObject | undefined> {
  return absentAs(['NoSuchKey'], () =>
    called('S3', 'GetObject', async () => {
      const answer = await place.client.send(
        new GetObjectCommand({ ...place.target, Key: key, ChecksumMode: 'ENABLED' }),
      );
      // The body is read here: a checksum that differs, and a connection that breaks, are failures of this call.
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      return { ...headOf(key, answer), bytes };
    }),
  );
}

/** HEAD cannot tell a bucket that is not there from a key that is not: both are `undefined`. */
async function head(place: S3Place, key: string): Promise<ObjectHead | undefined> {
  return absentAs(['NotFound', 'NoSuchKey'], () =>
    called('S3', 'HeadObject', async () =>
      headOf(
        key,
        await place.client.send(new HeadObjectCommand({ ...place.target, Key: key, ChecksumMode: 'ENABLED' })),
      ),
    ),
  );
}

function headOf(key: string, answer: Omit<HeadObjectCommandOutput, '$metadata'>): ObjectHead {
  return {
    key,
    size: answer.ContentLength ?? 0,
    etag: answer.ETag ?? '',
    sha256: wholeChecksum(answer.ChecksumSHA256),
    versionId: answer.VersionId ?? 'null',
    lastModified: answer.LastModified?.getTime() ?? 0,
    encryption: answer.ServerSideEncryption,
  };
}

/** DeleteObjects takes a thousand at most. */
const batch = 1000;

async function remove(place: S3Place, versions: readonly VersionName[]): Promise<void> {
  for (let from = 0; from < versions.length; from += batch) {
    const Objects = versions
      .slice(from, from + batch)
      .map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const { Errors = [] } = await called('S3', 'DeleteObjects', () =>
      place.client.send(
        new DeleteObjectsCommand({ ...place.target, Delete: { Objects, Quiet: true }, ChecksumAlgorithm: 'SHA256' }),
      ),
    );
    const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchVersion' && Code !== 'NoSuchKey');
    if (first)
      throw new CallError('S3', 'DeleteObjects', first.Code ?? 'Unknown', redacted(first.Message ?? ''), undefined);
  }
}
