import { createHash } from 'node:crypto';
import type { LargeObject, ObjectHead } from '../../ports/object-store.ts';
import { openBytes } from '../file-content.ts';
import { refusal } from './s3-errors.ts';
import { encryptionRequest, headOf } from './s3-head.ts';
import type { NamedPart, UploadName } from './s3-multipart.ts';
import type { S3Operations, Target } from './s3-operations.ts';
import type { Part, Upload } from './s3-types.ts';

const partSize = 16 << 20;

/**
 * Goes on with the newest upload of the key that was begun with the same checksums, where there is one: parts that are as
 * they were are not sent again. The whole must have the digest that it is said to have.
 */
export async function putLarge(operations: S3Operations, target: Target, object: LargeObject): Promise<ObjectHead> {
  const { key } = object;
  const uploadId = (await unfinished(operations, target, key)) ?? (await begin(operations, target, object)).uploadId;
  const there = new Map((await partsOf(operations, target, { key, uploadId })).map(part => [part.number, part]));
  const whole = createHash('sha256');
  const parts: NamedPart[] = [];
  for (let number = 1, from = 0; from < object.size || number === 1; number++, from += partSize) {
    const bytes = await object.read(from, Math.min(from + partSize, object.size));
    whole.update(bytes);
    const earlier = there.get(number);
    const part =
      earlier?.size === bytes.length && earlier.checksum?.value === createHash('sha256').update(bytes).digest('base64')
        ? earlier
        : await operations.uploadPart(target, {
            key,
            uploadId,
            number,
            body: openBytes(bytes)(0),
            checksum: { algorithm: 'SHA256', value: () => undefined },
          });
    parts.push({ number, etag: part.etag, checksum: part.checksum?.value });
  }
  if (whole.digest('hex') !== object.sha256) {
    await operations.abortMultipartUpload(target, { key, uploadId });
    throw refusal({ call: 'CompleteMultipartUpload' }, 'BadDigest');
  }
  return headOf(await operations.completeMultipartUpload(target, { key, uploadId, parts }));
}

function begin(operations: S3Operations, target: Target, { key, encryption }: LargeObject): Promise<Upload> {
  return operations.createMultipartUpload(target, {
    key,
    encryption: encryptionRequest(encryption),
    checksum: { algorithm: 'SHA256', type: 'COMPOSITE' },
  });
}

async function unfinished(operations: S3Operations, target: Target, key: string): Promise<string | undefined> {
  const ours: Upload[] = [];
  for (let after: UploadName | undefined; ; ) {
    const page = await operations.listMultipartUploads(target, { prefix: key, after });
    ours.push(...page.uploads.filter(upload => upload.key === key && upload.checksum?.algorithm === 'SHA256'));
    if (!page.next) return ours.at(-1)?.uploadId;
    after = page.next;
  }
}

async function partsOf(
  operations: S3Operations,
  target: Target,
  name: { readonly key: string; readonly uploadId: string },
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (let after = 0; ; ) {
    const page = await operations.listParts(target, { ...name, after });
    parts.push(...page.parts);
    if (page.next === undefined) return parts;
    after = page.next;
  }
}
