import type { MultipartUpload, Part } from '@aws-sdk/client-s3';
import { CallError } from '../../diagnostics/call-error.ts';
import type { LargeObject } from '../../ports/object-store.ts';
import { called } from './call-errors.ts';
import type { S3Place } from './s3.ts';
import { encryptionFields } from './s3-fields.ts';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, ListPartsCommand } from './sdk.ts';

/** As requests name it. */
export type Upload = { readonly Key: string; readonly UploadId: string };

/** The newest upload of this key that was broken off and that keeps SHA-256 of its parts, else a new one. */
export async function openUpload(place: S3Place, { key, encryption }: LargeObject): Promise<Upload> {
  const { client, target } = place;
  const [newest] = (await uploadsOf(place, key)).sort((a, b) => startOf(b) - startOf(a));
  if (newest?.UploadId !== undefined) return { Key: key, UploadId: newest.UploadId };
  const { UploadId } = await called('S3', 'CreateMultipartUpload', () =>
    client.send(
      new CreateMultipartUploadCommand({
        ...target,
        Key: key,
        ChecksumAlgorithm: 'SHA256',
        ...encryptionFields(encryption),
      }),
    ),
  );
  if (UploadId === undefined)
    throw new CallError('S3', 'CreateMultipartUpload', 'NoResponse', 'the answer names no upload', undefined);
  return { Key: key, UploadId };
}

function startOf({ Initiated }: MultipartUpload): number {
  return Initiated?.getTime() ?? 0;
}

async function uploadsOf({ client, target }: S3Place, key: string): Promise<MultipartUpload[]> {
  const found: MultipartUpload[] = [];
  let more = true;
  let markers: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } = {};
  while (more) {
    const { KeyMarker, UploadIdMarker } = markers;
    const page = await called('S3', 'ListMultipartUploads', () =>
      client.send(new ListMultipartUploadsCommand({ ...target, Prefix: key, KeyMarker, UploadIdMarker })),
    );
    found.push(...(page.Uploads ?? []).filter(one => one.Key === key && hasChecksums(one)));
    more = page.IsTruncated === true;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  return found;
}

/** Not every store says so in its list; one that does, and says something else, cannot be gone on with. */
function hasChecksums({ ChecksumAlgorithm }: MultipartUpload): boolean {
  return ChecksumAlgorithm === undefined || ChecksumAlgorithm === 'SHA256';
}

/** What has arrived already, by number. */
export async function partsOf({ client, target }: S3Place, upload: Upload): Promise<ReadonlyMap<number, Part>> {
  const found = new Map<number, Part>();
  let PartNumberMarker: string | undefined;
  let more = true;
  while (more) {
    const marker = PartNumberMarker;
    const page = await called('S3', 'ListParts', () =>
      client.send(new ListPartsCommand({ ...target, ...upload, PartNumberMarker: marker })),
    );
    for (const part of page.Parts ?? []) found.set(part.PartNumber ?? 0, part);
    more = page.IsTruncated === true;
    PartNumberMarker = page.NextPartNumberMarker;
  }
  return found;
}
