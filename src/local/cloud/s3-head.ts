import type { ObjectHead } from '../../ports/object-store.ts';
import type { EncryptionRequest } from './s3-objects.ts';
import type { Content, Version } from './s3-types.ts';

/** `kmsKey` null: SSE-KMS by the bucket's default key. */
export function encryptionRequest(
  encryption: { readonly kmsKey: string | null } | undefined,
): EncryptionRequest | undefined {
  return encryption && { algorithm: 'aws:kms', kmsKey: encryption.kmsKey ?? undefined };
}

export function headOf({ key, versionId, lastModified, content }: Version & { readonly content: Content }): ObjectHead {
  const { checksum } = content;
  const isWhole = checksum?.algorithm === 'SHA256' && checksum.type === 'FULL_OBJECT';
  return {
    key,
    size: content.size,
    etag: content.etag,
    sha256: isWhole ? Buffer.from(checksum.value, 'base64').toString('hex') : undefined,
    versionId,
    lastModified,
    encryption: content.encryption.algorithm,
  };
}
