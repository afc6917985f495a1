import type { NewObject } from '../../ports/object-store.ts';

/** Without a key it is the bucket’s default key, or else the account’s aws/s3. */
export function encryptionFields(encryption: NewObject['encryption']) {
  if (encryption === undefined) return {};
  const { kmsKey } = encryption;
  return { ServerSideEncryption: 'aws:kms' as const, ...(kmsKey !== null && { SSEKMSKeyId: kmsKey }) };
}

/** As S3 writes checksums. */
export function toBase64(digest: string): string {
  return Buffer.from(digest, 'hex').toString('base64');
}

/** Of an object put in parts, S3 keeps a checksum of checksums, written with the number of parts: “…=-3”. */
export function wholeChecksum(checksum: string | undefined): string | undefined {
  if (checksum === undefined || checksum.includes('-')) return undefined;
  return Buffer.from(checksum, 'base64').toString('hex');
}
