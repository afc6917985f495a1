import { createHash } from 'node:crypto';

/** SHA-256 of bytes or UTF-8 text, as 64 lower-case hex digits. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * A second SHA-256 of the same bytes in a domain of its own, so that knowing the printed digest of an archive does not tell
 * the name of its object in S3 (with the node role that name is a capability).
 */
export function objectId(archive: Uint8Array): string {
  return createHash('sha256').update('firstboot object id v1\0').update(archive).digest('hex');
}
