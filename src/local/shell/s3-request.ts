import { refusal } from '../cloud/s3-errors.ts';
import { type Conditions, type EncryptionRequest, untold } from '../cloud/s3-objects.ts';
import type { S3Operations, Target } from '../cloud/s3-operations.ts';
import { type Incoming, receiveSmall } from '../cloud/s3-receive.ts';
import type { ChecksumAlgorithm, Told } from '../cloud/s3-types.ts';
import type { Ask, Reply } from '../http.ts';
import { readXml, type XmlElement } from './s3-xml.ts';

/** A request whose signature was found good. */
export type S3Request = {
  readonly ask: Ask;
  /** As AWS names the operation. */
  readonly call: string;
  readonly operations: S3Operations;
  readonly region: string;
  readonly target: Target;
  /** Empty where the bucket itself is meant. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Decoded, with what the client says of it. */
  readonly incoming: () => Incoming;
};

export type Route = (request: S3Request) => Promise<Reply>;

/** More than a list of 1,000 keys of 1,024 bytes, each with a version. */
const maxDocument = 4 << 20;

/** The XML of a request, whose root has this name. */
export async function documentOf(request: S3Request, root: string): Promise<XmlElement> {
  const document = readXml((await smallBody(request)).toString('utf8'));
  if (document?.name !== root) throw refusal(request, 'MalformedXML');
  return document;
}

export function smallBody(request: S3Request): Promise<Buffer> {
  return receiveSmall(request, request.incoming(), maxDocument);
}

/** An object is never sent without its length. */
export function checkLength(request: S3Request): void {
  const { headers } = request.ask;
  if (headers['content-length'] === undefined && headers['x-amz-decoded-content-length'] === undefined)
    throw refusal(request, 'MissingContentLength');
}

/** Headers by which an object is written. */
export function conditionsOf({ ask }: S3Request): Conditions {
  return { ifMatch: ask.headers['if-match'], ifNoneMatch: ask.headers['if-none-match'] };
}

export function encryptionOf(request: S3Request): EncryptionRequest | undefined {
  const { headers } = request.ask;
  const algorithm = headers['x-amz-server-side-encryption'];
  const kmsKey = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (algorithm === undefined && kmsKey === undefined) return undefined;
  if (algorithm !== 'aws:kms' && algorithm !== 'AES256')
    throw refusal(request, 'InvalidArgument', 'The encryption method specified is not supported');
  if (algorithm === 'AES256' && kmsKey !== undefined)
    throw refusal(
      request,
      'InvalidArgument',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  const bucketKey = headers['x-amz-server-side-encryption-bucket-key-enabled'];
  return { algorithm, kmsKey, bucketKey: bucketKey === undefined ? undefined : bucketKey === 'true' };
}

const told = /^(?:content-(?:type|disposition|language|encoding)|cache-control|expires|x-amz-meta-.+)$/;

export function toldOf({ ask }: S3Request): Told {
  const headers = Object.entries(ask.headers)
    .filter(([name]) => told.test(name))
    // How the body travelled is not part of the object.
    .map(([name, value]) => [name, name === 'content-encoding' ? value.replace(/^aws-chunked,?\s*/, '') : value])
    .filter(([, value]) => value !== '');
  return { headers: { ...untold.headers, ...Object.fromEntries(headers) } };
}

export const checksumAlgorithms: readonly ChecksumAlgorithm[] = ['SHA256', 'CRC32', 'CRC32C', 'CRC64NVME'];

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** A whole number of the query. */
export function numberOf(request: S3Request, name: string): number | undefined {
  const text = request.query.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw refusal(request, 'InvalidArgument', `Provided ${name} not an integer or within integer range`);
}
