import { createHash, randomBytes } from 'node:crypto';
import type { CallError } from '../../diagnostics/call-error.ts';
import { openBlobs } from './s3-content.ts';
import { digesting } from './s3-digests.ts';
import { refusal } from './s3-errors.ts';
import { compareBytes } from './s3-lists.ts';
import {
  type Conditions,
  checkKey,
  conditionally,
  type EncryptionRequest,
  encryptionOf,
  etagOf,
  untold,
} from './s3-objects.ts';
import { type Incoming, receive } from './s3-receive.ts';
import type { Asked, Blob, Bucket, Checksum, Content, Part, Told, Upload, Version } from './s3-types.ts';
import { wholeSeconds } from './s3-versions.ts';
import { enter, keep, type S3World } from './s3-world.ts';

/** “There is no minimum size limit on the last part of your multipart upload.” (Multipart upload limits) */
const minPartSize = 5 << 20;
const maxPartNumber = 10_000;

export type CreateInput = {
  readonly key: string;
  readonly told?: Told | undefined;
  readonly encryption?: EncryptionRequest | undefined;
  readonly checksum?: Upload['checksum'];
};

export async function createUpload(world: S3World, asked: Asked, input: CreateInput): Promise<Upload> {
  const bucket = await enter(world, asked, input.key);
  checkKey(asked, input.key);
  const upload: Upload = {
    ...(input.told ?? untold),
    uploadId: randomBytes(48).toString('base64url'),
    key: input.key,
    started: wholeSeconds(world.clock.now()),
    encryption: encryptionOf(world, bucket, input.encryption),
    checksum: input.checksum,
    parts: new Map(),
  };
  bucket.uploads.set(upload.uploadId, upload);
  await keep(world);
  return upload;
}

export type UploadName = { readonly key: string; readonly uploadId: string };

/** A part of a number that is there already takes its place. */
export async function uploadPart(
  world: S3World,
  asked: Asked,
  input: Incoming & UploadName & { readonly number: number },
): Promise<Part> {
  const bucket = await enter(world, asked, input.key);
  const upload = uploadOf(asked, bucket, input);
  const { number } = input;
  if (!Number.isInteger(number) || number < 1 || number > maxPartNumber)
    throw refusal(asked, 'InvalidArgument', `Part number must be an integer between 1 and ${maxPartNumber}, inclusive`);
  const { blob, digests, checksum } = await receive(world, asked, input);
  const problem = wrongChecksum(asked, upload, checksum) ?? gone(asked, bucket, input);
  if (problem) {
    await world.blobs.remove([blob]);
    throw problem;
  }
  const earlier = upload.parts.get(number);
  const etag = etagOf(digests.md5Hex, upload.encryption);
  const part = { number, size: blob.size, etag, checksum, blob, lastModified: wholeSeconds(world.clock.now()) };
  upload.parts.set(number, part);
  await keep(world, earlier ? [earlier.blob] : []);
  return part;
}

function wrongChecksum(asked: Asked, upload: Upload, checksum: Checksum | undefined): CallError | undefined {
  const wanted = upload.checksum?.algorithm;
  if (wanted === undefined || wanted === checksum?.algorithm) return undefined;
  const [expected, actual] = [wanted, checksum?.algorithm ?? 'null'].map(one => one.toLowerCase());
  return refusal(
    asked,
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual}`,
  );
}

function gone(asked: Asked, bucket: Bucket, { uploadId }: UploadName): CallError | undefined {
  return bucket.uploads.has(uploadId) ? undefined : refusal(asked, 'NoSuchUpload');
}

function uploadOf(asked: Asked, bucket: Bucket, { key, uploadId }: UploadName): Upload {
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== key) throw refusal(asked, 'NoSuchUpload');
  return upload;
}

/** A part as the request that completes an upload names it. */
export type NamedPart = { readonly number: number; readonly etag: string; readonly checksum?: string | undefined };

export async function completeUpload(
  world: S3World,
  asked: Asked,
  input: UploadName & Conditions & { readonly parts: readonly NamedPart[]; readonly checksum?: string | undefined },
): Promise<Version & { content: Content }> {
  const bucket = await enter(world, asked, input.key);
  const upload = uploadOf(asked, bucket, input);
  const parts = chosenParts(asked, upload, input.parts);
  const checksum = await wholeChecksum(world, upload, parts);
  if (input.checksum !== undefined && input.checksum.replace(/-\d+$/, '') !== checksum?.value.replace(/-\d+$/, ''))
    throw refusal(
      asked,
      'BadDigest',
      `The ${upload.checksum?.algorithm ?? ''} you specified did not match the calculated checksum.`,
    );
  const content: Content = {
    headers: upload.headers,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: `"${createHash('md5')
      .update(Buffer.concat(parts.map(md5Of)))
      .digest('hex')}-${parts.length}"`,
    checksum,
    encryption: upload.encryption,
    blobs: parts.map(({ blob }) => blob),
  };
  return conditionally(world, asked, bucket, input.key, input, async () => ({
    content,
    commit: () => finish(asked, bucket, upload, parts),
    // The upload is there for another try.
    discard: async () => {},
  }));
}

/** The upload ends; the parts that were not named go. */
function finish(asked: Asked, bucket: Bucket, upload: Upload, parts: readonly Part[]): readonly Blob[] {
  if (!bucket.uploads.has(upload.uploadId)) throw refusal(asked, 'NoSuchUpload');
  if (parts.some(part => upload.parts.get(part.number) !== part)) throw refusal(asked, 'InvalidPart');
  bucket.uploads.delete(upload.uploadId);
  return [...upload.parts.values()].filter(part => !parts.includes(part)).map(({ blob }) => blob);
}

function md5Of({ etag }: Part): Buffer {
  return Buffer.from(etag.slice(1, -1), 'hex');
}

function chosenParts(asked: Asked, upload: Upload, named: readonly NamedPart[]): readonly Part[] {
  if (named.length === 0) throw refusal(asked, 'MalformedXML');
  if (named.some(({ number }, n) => number <= (named[n - 1]?.number ?? 0))) throw refusal(asked, 'InvalidPartOrder');
  const parts = named.map(({ number, etag, checksum }) => {
    const part = upload.parts.get(number);
    if (!part || part.etag.slice(1, -1) !== etag.replace(/^"|"$/g, '')) throw refusal(asked, 'InvalidPart');
    if (upload.checksum?.type === 'COMPOSITE' && checksum === undefined)
      throw refusal(
        asked,
        'InvalidRequest',
        `The upload was created using a ${upload.checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    if (checksum !== undefined && checksum !== part.checksum?.value) throw refusal(asked, 'InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < minPartSize)) throw refusal(asked, 'EntityTooSmall');
  return parts;
}

/** Of the parts' checksums, or of the bytes (“Checking object integrity”, composite and full object checksums). */
async function wholeChecksum(world: S3World, upload: Upload, parts: readonly Part[]): Promise<Checksum | undefined> {
  if (!upload.checksum) return undefined;
  const { algorithm, type } = upload.checksum;
  const raw = async function* () {
    for (const { checksum } of parts) yield Buffer.from(checksum?.value ?? '', 'base64');
  };
  const blobs = parts.map(({ blob }) => blob);
  const { stream, digests } = digesting(type === 'COMPOSITE' ? raw() : openBlobs(world.blobs, blobs, 0), [algorithm]);
  for await (const _ of stream);
  const value = digests().checksumOf(algorithm) ?? '';
  return { algorithm, type, value: type === 'COMPOSITE' ? `${value}-${parts.length}` : value };
}

export async function abortUpload(world: S3World, asked: Asked, name: UploadName): Promise<void> {
  const bucket = await enter(world, asked, name.key);
  const upload = uploadOf(asked, bucket, name);
  bucket.uploads.delete(upload.uploadId);
  await keep(
    world,
    [...upload.parts.values()].map(({ blob }) => blob),
  );
}

/** Parts by number; `after`: only those with a greater one. */
export async function listParts(
  world: S3World,
  asked: Asked,
  { after = 0, maxParts, ...name }: UploadName & { readonly after?: number; readonly maxParts?: number | undefined },
): Promise<{ readonly upload: Upload; readonly parts: readonly Part[]; readonly next: number | undefined }> {
  const upload = uploadOf(asked, await enter(world, asked, name.key), name);
  const all = [...upload.parts.values()].filter(part => part.number > after).sort((a, b) => a.number - b.number);
  const parts = all.slice(0, Math.min(maxParts ?? world.pageSize, world.pageSize));
  return { upload, parts, next: parts.length < all.length ? parts.at(-1)?.number : undefined };
}

export type UploadsInput = {
  readonly prefix: string;
  /** Begins after this upload, or with an empty ID after all of the key. */
  readonly after?: UploadName | undefined;
  readonly maxUploads?: number | undefined;
};

/** Uploads that are neither complete nor aborted, by key, of a key the oldest first. */
export async function listUploads(
  world: S3World,
  asked: Asked,
  { prefix, after, maxUploads }: UploadsInput,
): Promise<{ readonly uploads: readonly Upload[]; readonly next: UploadName | undefined }> {
  const bucket = await enter(world, asked);
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => compareBytes(a.key, b.key) || a.started - b.started || compareBytes(a.uploadId, b.uploadId));
  const marked = all.findIndex(({ key, uploadId }) => key === after?.key && uploadId === after.uploadId);
  const rest = marked < 0 ? all.filter(({ key }) => !after || compareBytes(key, after.key) > 0) : all.slice(marked + 1);
  const uploads = rest.slice(0, Math.min(maxUploads ?? world.pageSize, world.pageSize));
  return { uploads, next: uploads.length < rest.length ? uploads.at(-1) : undefined };
}
