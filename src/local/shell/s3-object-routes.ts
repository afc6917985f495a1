import { refusal } from '../cloud/s3-errors.ts';
import type { DeleteInput, Found } from '../cloud/s3-objects.ts';
import type { Checksum, Content, Encryption, Version } from '../cloud/s3-types.ts';
import { nullVersion } from '../cloud/s3-versions.ts';
import type { Reply } from '../http.ts';
import { serveContent } from '../ranges.ts';
import {
  checkLength,
  checksumHeader,
  conditionsOf,
  documentOf,
  encryptionOf,
  type Route,
  type S3Request,
  toldOf,
} from './s3-request.ts';
import { childrenOf, s3Xml, textOf } from './s3-xml.ts';

type Headers = Readonly<Record<string, string>>;

export const objectRoutes: Readonly<Record<string, Route>> = {
  PutObject: putObject,
  GetObject: request => readObject(request, 'getObject'),
  HeadObject: request => readObject(request, 'headObject'),
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
};

async function putObject(request: S3Request): Promise<Reply> {
  const { operations, target, key } = request;
  checkLength(request);
  const version = await operations.putObject(target, {
    ...request.incoming(),
    ...conditionsOf(request),
    key,
    told: toldOf(request),
    encryption: encryptionOf(request),
  });
  return { status: 200, headers: writtenHeaders(version) };
}

/** What an answer to a write says of the version that it made. */
export function writtenHeaders(version: Version & { readonly content: Content }): Headers {
  const { etag, encryption, checksum } = version.content;
  return { etag, ...versionHeader(version), ...encryptionHeaders(encryption), ...checksumHeaders(checksum) };
}

export function versionHeader({ versionId }: Pick<Version, 'versionId'>): Headers {
  return versionId === nullVersion ? {} : { 'x-amz-version-id': versionId };
}

export function encryptionHeaders(encryption: Encryption): Headers {
  if (encryption.algorithm === 'AES256') return { 'x-amz-server-side-encryption': 'AES256' };
  return {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': encryption.kmsKey,
    ...(encryption.bucketKey ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
}

export function checksumHeaders(checksum: Checksum | undefined): Headers {
  return checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};
}

async function readObject(request: S3Request, operation: 'getObject' | 'headObject'): Promise<Reply> {
  const { ask, operations, target, key, query } = request;
  const found = await operations[operation](target, key, query.get('versionId'));
  const { content } = found;
  const early = answerCondition(request, found);
  if (early) return early;
  const served = serveContent(
    ask,
    { size: content.size, open: found.open },
    {
      etag: content.etag,
      'last-modified': new Date(found.lastModified).toUTCString(),
      ...content.headers,
      ...versionHeader(found),
      ...encryptionHeaders(content.encryption),
    },
  );
  if (served === 'unsatisfiable') throw refusal(request, 'InvalidRange');
  const wantsChecksum = ask.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && served.status === 200;
  return wantsChecksum ? { ...served, headers: { ...served.headers, ...checksumHeaders(content.checksum) } } : served;
}

/** RFC 9110, 13.1: If-Match and If-None-Match of a read. */
function answerCondition(request: S3Request, { content }: Found): Reply | undefined {
  const { ifMatch, ifNoneMatch } = conditionsOf(request);
  const names = (list: string) => list.split(',').some(one => one.trim() === '*' || one.trim() === content.etag);
  if (ifMatch !== undefined && !names(ifMatch)) throw refusal(request, 'PreconditionFailed');
  return ifNoneMatch !== undefined && names(ifNoneMatch) ? { status: 304, headers: { etag: content.etag } } : undefined;
}

async function deleteObject(request: S3Request): Promise<Reply> {
  const { operations, target, key, query } = request;
  const { ifMatch } = conditionsOf(request);
  const deleted = await operations.deleteObject(target, { key, versionId: query.get('versionId'), ifMatch });
  return {
    status: 204,
    headers: {
      ...(deleted.versionId === undefined ? {} : { 'x-amz-version-id': deleted.versionId }),
      ...(deleted.deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    },
  };
}

async function deleteObjects(request: S3Request): Promise<Reply> {
  const { md5, checksum } = request.incoming();
  if (md5 === undefined && checksum === undefined)
    throw refusal(
      request,
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  const document = await documentOf(request, 'Delete');
  const objects = childrenOf(document, 'Object').map((one): DeleteInput => {
    const key = textOf(one, 'Key');
    if (key === undefined || key === '') throw refusal(request, 'MalformedXML');
    return { key, versionId: textOf(one, 'VersionId') };
  });
  const results = await request.operations.deleteObjects(request.target, objects);
  const isQuiet = textOf(document, 'Quiet') === 'true';
  const rows = results.map(({ key, versionId, deleted }) => ({
    Key: key,
    VersionId: versionId,
    DeleteMarker: deleted.deleteMarker || undefined,
    DeleteMarkerVersionId: deleted.deleteMarker ? deleted.versionId : undefined,
  }));
  return xmlReply(s3Xml('DeleteResult', isQuiet ? {} : { Deleted: rows }));
}

export function xmlReply(body: string, headers: Headers = {}): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}
