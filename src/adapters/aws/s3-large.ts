import { createHash } from 'node:crypto';
import type { CompletedPart, Part } from '@aws-sdk/client-s3';
import { CallError } from '../../diagnostics/call-error.ts';
import type { LargeObject, WrittenObject } from '../../ports/object-store.ts';
import { absentAs, called } from './call-errors.ts';
import type { S3Place } from './s3.ts';
import { openUpload, partsOf, type Upload } from './s3-uploads.ts';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from './sdk.ts';

/** S3 takes 10,000 parts, each but the last at least 5 MiB. */
const mostParts = 10_000;
const leastPart = 8 * 2 ** 20;
/** Parts on their way at once: what is held in memory is so many times the size of a part. */
const atOnce = 4;

/**
 * Puts an object in parts. An upload of the same key that was broken off goes on: parts that are there with the size and
 * checksum of ours are not sent again. The whole is compared with `sha256` before it becomes an object: BadDigest.
 */
export async function putLarge(place: S3Place, object: LargeObject): Promise<WrittenObject> {
  const upload = await openUpload(place, object);
  const there = await partsOf(place, upload);
  const partSize = Math.max(leastPart, Math.ceil(object.size / mostParts));
  const { parts, digest } = await sendParts(place, upload, object, partSize, there);
  if (digest !== object.sha256) {
    await abort(place, upload);
    const message = `the bytes of ${object.key} have the digest ${digest}, not ${object.sha256}`;
    throw new CallError('S3', 'CompleteMultipartUpload', 'BadDigest', message, undefined);
  }
  return complete(place, upload, object, parts);
}

type Sent = { readonly parts: readonly CompletedPart[]; readonly digest: string };

async function sendParts(
  place: S3Place,
  upload: Upload,
  { size, read }: LargeObject,
  partSize: number,
  there: ReadonlyMap<number, Part>,
): Promise<Sent> {
  const whole = createHash('sha256');
  const count = Math.max(1, Math.ceil(size / partSize));
  const parts: CompletedPart[] = [];
  for (let first = 1; first <= count; first += atOnce) {
    const sending: Promise<CompletedPart>[] = [];
    try {
      for (let number = first; number < Math.min(first + atOnce, count + 1); number++) {
        const bytes = await read((number - 1) * partSize, Math.min(number * partSize, size));
        whole.update(bytes);
        const sent = sendPart(place, upload, number, bytes, there.get(number));
        // It is awaited below; failing while the next part is read must not end the process.
        sent.catch(() => {});
        sending.push(sent);
      }
    } finally {
      // None is left running when one fails, or when the next cannot be read.
      await Promise.allSettled(sending);
    }
    parts.push(...(await Promise.all(sending)));
  }
  return { parts, digest: whole.digest('hex') };
}

async function sendPart(
  { client, target }: S3Place,
  upload: Upload,
  PartNumber: number,
  bytes: Uint8Array,
  there: Part | undefined,
): Promise<CompletedPart> {
  const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
  if (there?.Size === bytes.length && there.ChecksumSHA256 === ChecksumSHA256)
    return { PartNumber, ETag: there.ETag, ChecksumSHA256 };
  const { ETag } = await called('S3', 'UploadPart', () =>
    client.send(new UploadPartCommand({ ...target, ...upload, PartNumber, Body: bytes, ChecksumSHA256 })),
  );
  return { PartNumber, ETag, ChecksumSHA256 };
}

async function complete(
  place: S3Place,
  upload: Upload,
  { key, size }: LargeObject,
  Parts: readonly CompletedPart[],
): Promise<WrittenObject> {
  const { client, target } = place;
  const answer = await absentAs(['NoSuchUpload'], () =>
    called('S3', 'CompleteMultipartUpload', () =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...target,
          ...upload,
          MultipartUpload: { Parts: [...Parts] },
          MpuObjectSize: size,
        }),
      ),
    ),
  );
  // The upload is over: this request’s first try, whose reply was lost, or another’s who resumed it with the same bytes.
  const there =
    answer ?? (await called('S3', 'HeadObject', () => client.send(new HeadObjectCommand({ ...target, Key: key }))));
  return {
    key,
    size,
    etag: there.ETag ?? '',
    sha256: undefined,
    versionId: there.VersionId ?? 'null',
    encryption: there.ServerSideEncryption,
  };
}

async function abort({ client, target }: S3Place, upload: Upload): Promise<void> {
  await absentAs(['NoSuchUpload'], () =>
    called('S3', 'AbortMultipartUpload', () => client.send(new AbortMultipartUploadCommand({ ...target, ...upload }))),
  );
}
