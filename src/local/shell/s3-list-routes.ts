import { refusal } from '../cloud/s3-errors.ts';
import type { VersionsPage } from '../cloud/s3-lists.ts';
import type { Content, Version } from '../cloud/s3-types.ts';
import type { Reply } from '../http.ts';
import { xmlReply } from './s3-object-routes.ts';
import { numberOf, type Route, type S3Request } from './s3-request.ts';
import { s3Xml, type XmlContent } from './s3-xml.ts';

export const listRoutes: Readonly<Record<string, Route>> = {
  ListObjectsV2: listObjects,
  ListObjectVersions: listVersions,
};

const wholePage = 1000;

async function listObjects(request: S3Request): Promise<Reply> {
  const { query, operations, target } = request;
  const text = encoderOf(request);
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const maxKeys = numberOf(request, 'max-keys');
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
  const after = token === undefined ? startAfter : readToken(request, token);
  const page = await operations.listObjectsV2(target, { prefix, delimiter, after, maxKeys });
  const xml = s3Xml('ListBucketResult', {
    Name: target.bucket,
    Prefix: text(prefix),
    Delimiter: delimiter && text(delimiter),
    StartAfter: startAfter && text(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64'),
    KeyCount: page.objects.length + page.prefixes.length,
    MaxKeys: Math.min(maxKeys ?? wholePage, wholePage),
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map(object => ({ Key: text(object.key), ...rowOf(object, object.content) })),
    CommonPrefixes: page.prefixes.map(one => ({ Prefix: text(one) })),
  });
  return xmlReply(xml);
}

function readToken(request: S3Request, token: string): string {
  const decoded = Buffer.from(token, 'base64');
  if (decoded.toString('base64') !== token)
    throw refusal(request, 'InvalidArgument', 'The continuation token provided is incorrect');
  return decoded.toString('utf8');
}

async function listVersions(request: S3Request): Promise<Reply> {
  const { query, operations, target } = request;
  const text = encoderOf(request);
  const maxKeys = numberOf(request, 'max-keys');
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
  const [keyMarker, versionIdMarker] = [
    query.get('key-marker') || undefined,
    query.get('version-id-marker') || undefined,
  ];
  const page = await operations.listObjectVersions(target, { prefix, delimiter, keyMarker, versionIdMarker, maxKeys });
  const xml = s3Xml('ListVersionsResult', {
    Name: target.bucket,
    Prefix: text(prefix),
    Delimiter: delimiter && text(delimiter),
    KeyMarker: text(keyMarker ?? ''),
    VersionIdMarker: versionIdMarker ?? '',
    NextKeyMarker: page.next && text(page.next.keyMarker),
    NextVersionIdMarker: page.next?.versionIdMarker,
    MaxKeys: Math.min(maxKeys ?? wholePage, wholePage),
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.next !== undefined,
    Version: page.versions.flatMap(one => (one.content ? [{ ...nameOf(one, text), ...rowOf(one, one.content) }] : [])),
    DeleteMarker: page.versions.flatMap(one =>
      one.content ? [] : [{ ...nameOf(one, text), LastModified: new Date(one.lastModified).toISOString() }],
    ),
    CommonPrefixes: page.prefixes.map(one => ({ Prefix: text(one) })),
  });
  return xmlReply(xml);
}

function nameOf({ key, versionId, isLatest }: VersionsPage['versions'][number], text: (key: string) => string) {
  return { Key: text(key), VersionId: versionId, IsLatest: isLatest };
}

function rowOf({ lastModified }: Version, { etag, size, checksum }: Content): Readonly<Record<string, XmlContent>> {
  return {
    LastModified: new Date(lastModified).toISOString(),
    ETag: etag,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: size,
    StorageClass: 'STANDARD',
  };
}

/** `encoding-type=url`: for keys with characters that XML cannot have. */
export function encoderOf({ query }: S3Request): (text: string) => string {
  if (query.get('encoding-type') !== 'url') return text => text;
  return text => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
