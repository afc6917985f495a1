import { refusal } from '../cloud/s3-errors.ts';
import type { Checksum, ChecksumAlgorithm, Upload } from '../cloud/s3-types.ts';
import type { Reply } from '../http.ts';
import { encoderOf } from './s3-list-routes.ts';
import { checksumHeaders, encryptionHeaders, versionHeader, xmlReply } from './s3-object-routes.ts';
import {
  checkLength,
  checksumAlgorithms,
  checksumHeader,
  conditionsOf,
  documentOf,
  encryptionOf,
  numberOf,
  type Route,
  type S3Request,
  toldOf,
} from './s3-request.ts';
import { childrenOf, s3Xml, textOf } from './s3-xml.ts';

export const multipartRoutes: Readonly<Record<string, Route>> = {
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  ListParts: listParts,
  ListMultipartUploads: listUploads,
};

async function createUpload(request: S3Request): Promise<Reply> {
  const { operations, target, key } = request;
  const checksum = wantedChecksum(request);
  const told = toldOf(request);
  const upload = await operations.createMultipartUpload(target, {
    key,
    checksum,
    told,
    encryption: encryptionOf(request),
  });
  const xml = s3Xml('InitiateMultipartUploadResult', { Bucket: target.bucket, Key: key, UploadId: upload.uploadId });
  return xmlReply(xml, {
    ...encryptionHeaders(upload.encryption),
    ...(checksum ? { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type } : {}),
  });
}

/** CRC64NVME is always of the full object, SHA-256 never (“Checking object integrity”, checksum types by algorithm). */
function wantedChecksum(request: S3Request): Upload['checksum'] {
  const { headers } = request.ask;
  const name = headers['x-amz-checksum-algorithm']?.toUpperCase();
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithms.find(one => one === name);
  if (!algorithm) throw refusal(request, 'NotImplemented', `The embedded cloud does not verify checksums of ${name}`);
  const type = headers['x-amz-checksum-type'] ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const never: Readonly<Record<string, ChecksumAlgorithm>> = { COMPOSITE: 'CRC64NVME', FULL_OBJECT: 'SHA256' };
  if ((type !== 'COMPOSITE' && type !== 'FULL_OBJECT') || never[type] === algorithm)
    throw refusal(
      request,
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  return { algorithm, type };
}

function uploadIdOf({ query }: S3Request): string {
  return query.get('uploadId') ?? '';
}

async function uploadPart(request: S3Request): Promise<Reply> {
  const { operations, target, key } = request;
  checkLength(request);
  const number = numberOf(request, 'partNumber') ?? 0;
  const input = { ...request.incoming(), key, uploadId: uploadIdOf(request), number };
  const { etag, checksum } = await operations.uploadPart(target, input);
  const { 'x-amz-checksum-type': _, ...checksums } = checksumHeaders(checksum);
  return { status: 200, headers: { etag, ...checksums } };
}

async function completeUpload(request: S3Request): Promise<Reply> {
  const { operations, target, key, ask } = request;
  const document = await documentOf(request, 'CompleteMultipartUpload');
  const parts = childrenOf(document, 'Part').map(part => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag') ?? '',
    checksum: checksumAlgorithms.map(one => textOf(part, elementOf(one))).find(one => one !== undefined),
  }));
  if (parts.some(({ number }) => !Number.isInteger(number))) throw refusal(request, 'MalformedXML');
  const version = await operations.completeMultipartUpload(target, {
    ...conditionsOf(request),
    key,
    uploadId: uploadIdOf(request),
    parts,
    checksum: checksumAlgorithms.map(one => ask.headers[checksumHeader(one)]).find(one => one !== undefined),
  });
  const { etag, checksum, encryption } = version.content;
  const xml = s3Xml('CompleteMultipartUploadResult', {
    Location: `http://${ask.headers.host ?? ''}/${target.bucket}/${encodeURIComponent(key)}`,
    Bucket: target.bucket,
    Key: key,
    ETag: etag,
    ...checksumElements(checksum),
    ChecksumType: checksum?.type,
  });
  return xmlReply(xml, { ...versionHeader(version), ...encryptionHeaders(encryption) });
}

function elementOf(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

function checksumElements(checksum: Checksum | undefined) {
  return checksum ? { [elementOf(checksum.algorithm)]: checksum.value } : {};
}

async function abortUpload(request: S3Request): Promise<Reply> {
  const { operations, target, key } = request;
  await operations.abortMultipartUpload(target, { key, uploadId: uploadIdOf(request) });
  return { status: 204 };
}

async function listParts(request: S3Request): Promise<Reply> {
  const { operations, target, key } = request;
  const uploadId = uploadIdOf(request);
  const after = numberOf(request, 'part-number-marker') ?? 0;
  const maxParts = numberOf(request, 'max-parts');
  const { upload, parts, next } = await operations.listParts(target, { key, uploadId, after, maxParts });
  const xml = s3Xml('ListPartsResult', {
    Bucket: target.bucket,
    Key: encoderOf(request)(key),
    UploadId: uploadId,
    PartNumberMarker: after,
    NextPartNumberMarker: next ?? parts.at(-1)?.number ?? after,
    MaxParts: Math.min(maxParts ?? 1000, 1000),
    IsTruncated: next !== undefined,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
    Part: parts.map(part => ({
      PartNumber: part.number,
      LastModified: new Date(part.lastModified).toISOString(),
      ETag: part.etag,
      Size: part.size,
      ...checksumElements(part.checksum),
    })),
  });
  return xmlReply(xml);
}

async function listUploads(request: S3Request): Promise<Reply> {
  const { operations, target, query } = request;
  const text = encoderOf(request);
  const prefix = query.get('prefix') ?? '';
  const [key, uploadId] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const maxUploads = numberOf(request, 'max-uploads');
  const after = key === '' ? undefined : { key, uploadId };
  const { uploads, next } = await operations.listMultipartUploads(target, { prefix, after, maxUploads });
  const xml = s3Xml('ListMultipartUploadsResult', {
    Bucket: target.bucket,
    Prefix: text(prefix),
    KeyMarker: text(key),
    UploadIdMarker: uploadId,
    NextKeyMarker: next && text(next.key),
    NextUploadIdMarker: next?.uploadId,
    MaxUploads: Math.min(maxUploads ?? 1000, 1000),
    EncodingType: query.get('encoding-type'),
    IsTruncated: next !== undefined,
    Upload: uploads.map(upload => ({
      Key: text(upload.key),
      UploadId: upload.uploadId,
      Initiated: new Date(upload.started).toISOString(),
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: upload.checksum?.algorithm,
      ChecksumType: upload.checksum?.type,
    })),
  });
  return xmlReply(xml);
}
