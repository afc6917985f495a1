import { createHash, randomBytes } from 'node:crypto';
import { openBlobs } from './s3-content.ts';
import { refusal } from './s3-errors.ts';
import { type Incoming, receive } from './s3-receive.ts';
import { absent } from './s3-rights.ts';
import type { Asked, Blob, Bucket, Content, Encryption, Told, Version } from './s3-types.ts';
import { addVersion, currentContent, type Deleted, deleteCurrent, deleteVersion, hasContent } from './s3-versions.ts';
import { enter, keep, type S3World } from './s3-world.ts';

/** If-Match and If-None-Match of a write, as they were sent. */
export type Conditions = { readonly ifMatch?: string | undefined; readonly ifNoneMatch?: string | undefined };
export type EncryptionRequest = {
  readonly algorithm: Encryption['algorithm'];
  readonly kmsKey?: string | undefined;
  readonly bucketKey?: boolean | undefined;
};
export type PutInput = Incoming &
  Conditions & {
    readonly key: string;
    readonly told?: Told | undefined;
    readonly encryption?: EncryptionRequest | undefined;
  };

export type Found = Version & { readonly content: Content; readonly open: (from: number) => AsyncIterable<Uint8Array> };

export async function putObject(
  world: S3World,
  asked: Asked,
  input: PutInput,
): Promise<Version & { content: Content }> {
  const bucket = await enter(world, asked, input.key);
  checkKey(asked, input.key);
  const encryption = encryptionOf(world, bucket, input.encryption);
  return conditionally(world, asked, bucket, input.key, input, async () => {
    const { blob, digests, checksum } = await receive(world, asked, input);
    const etag = etagOf(digests.md5Hex, encryption);
    return {
      content: { ...(input.told ?? untold), size: digests.size, etag, checksum, encryption, blobs: [blob] },
      commit: () => [],
      discard: () => world.blobs.remove([blob]),
    };
  });
}

export const untold: Told = { headers: { 'content-type': 'binary/octet-stream' } };

type Prepared = {
  readonly content: Content;
  /** Done together with the write; returns blobs that are not needed after it. */
  readonly commit: () => readonly Blob[];
  readonly discard: () => Promise<void>;
};

/** Makes a version of what `prepare` gives, if the conditions hold by then. */
export async function conditionally(
  world: S3World,
  asked: Asked,
  bucket: Bucket,
  key: string,
  conditions: Conditions,
  prepare: () => Promise<Prepared>,
): Promise<Version & { content: Content }> {
  const isConditional = conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined;
  if (conditions.ifNoneMatch !== undefined && conditions.ifNoneMatch !== '*') throw refusal(asked, 'NotImplemented');
  const { flight, end } = world.races.begin(bucket.name, key);
  try {
    const { content, commit, discard } = await prepare();
    let superfluous: readonly Blob[] = [];
    try {
      if (isConditional && flight.conflict) throw refusal(asked, 'ConditionalRequestConflict');
      checkConditions(asked, bucket, key, conditions);
      superfluous = commit();
    } catch (error) {
      await discard();
      throw error;
    }
    const { version, orphans } = addVersion(bucket, key, content, world.clock.now());
    world.races.written(bucket.name, key);
    await keep(world, [...orphans, ...superfluous]);
    return { ...version, content };
  } finally {
    end();
  }
}

/** Amazon S3 User Guide, “Conditional writes”: after a delete marker If-None-Match holds, and If-Match finds nothing. */
export function checkConditions(asked: Asked, bucket: Bucket, key: string, { ifMatch, ifNoneMatch }: Conditions): void {
  const current = currentContent(bucket, key);
  if (ifNoneMatch !== undefined && current) throw refusal(asked, 'PreconditionFailed');
  if (ifMatch === undefined) return;
  if (!current) throw refusal(asked, 'NoSuchKey');
  if (ifMatch !== '*' && unquoted(ifMatch) !== unquoted(current.content.etag))
    throw refusal(asked, 'PreconditionFailed');
}

function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

/** GetObject and HeadObject. An absent key is 403 to who may not list. */
export async function getObject(world: S3World, asked: Asked, key: string, versionId?: string): Promise<Found> {
  const bucket = await enter(world, asked, key, versionId);
  const versions = bucket.versions.get(key) ?? [];
  const found = versionId === undefined ? versions[0] : versions.find(one => one.versionId === versionId);
  if (!found) throw absent(asked, versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion');
  if (!hasContent(found))
    throw versionId === undefined ? absent(asked, 'NoSuchKey') : refusal(asked, 'MethodNotAllowed');
  return { ...found, open: from => openBlobs(world.blobs, found.content.blobs, from) };
}

export type DeleteInput = { readonly key: string; readonly versionId?: string | undefined };

export async function deleteObject(
  world: S3World,
  asked: Asked,
  { key, versionId, ifMatch }: DeleteInput & Conditions,
): Promise<Deleted> {
  const bucket = await enter(world, asked, key, versionId);
  if (ifMatch !== undefined) checkConditions(asked, bucket, key, { ifMatch });
  const deleted = removeOne(world, bucket, key, versionId);
  await keep(world, deleted.orphans);
  return deleted;
}

/** “The request can contain a list of up to 1,000 keys.” */
export async function deleteObjects(
  world: S3World,
  asked: Asked,
  objects: readonly DeleteInput[],
): Promise<readonly (DeleteInput & { readonly deleted: Deleted })[]> {
  const bucket = await enter(world, asked);
  if (objects.length === 0 || objects.length > 1000) throw refusal(asked, 'MalformedXML');
  const results = objects.map(one => ({ ...one, deleted: removeOne(world, bucket, one.key, one.versionId) }));
  await keep(
    world,
    results.flatMap(({ deleted }) => deleted.orphans),
  );
  return results;
}

function removeOne(world: S3World, bucket: Bucket, key: string, versionId: string | undefined): Deleted {
  const deleted =
    versionId === undefined ? deleteCurrent(bucket, key, world.clock.now()) : deleteVersion(bucket, key, versionId);
  world.races.deleted(bucket.name, key);
  return deleted;
}

/** What a write asks for, else the bucket's default, else SSE-S3: “Setting default server-side encryption behavior”. */
export function encryptionOf(world: S3World, bucket: Bucket, request: EncryptionRequest | undefined): Encryption {
  const preset = bucket.posture.encryption;
  const wanted = request ?? preset;
  if (wanted?.algorithm !== 'aws:kms') return { algorithm: 'AES256' };
  const presetKey = preset?.algorithm === 'aws:kms' ? preset.kmsKey : undefined;
  return {
    algorithm: 'aws:kms',
    kmsKey: wanted.kmsKey ?? presetKey ?? world.kmsDefaultKey,
    bucketKey: wanted.bucketKey ?? preset?.bucketKey ?? false,
  };
}

/** The MD5 where SSE-S3 encrypts, something else where KMS does (API Reference, “Object”, ETag). */
export function etagOf(md5Hex: string, { algorithm }: Encryption): string {
  const value =
    algorithm === 'AES256' ? md5Hex : createHash('md5').update(md5Hex).update(randomBytes(16)).digest('hex');
  return `"${value}"`;
}

export function checkKey(asked: Asked, key: string): void {
  if (key === '') throw refusal(asked, 'InvalidRequest');
  if (Buffer.byteLength(key) > 1024) throw refusal(asked, 'KeyTooLongError');
}
