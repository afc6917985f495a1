import type { CallError } from '../../diagnostics/call-error.ts';
import { checksumLengths, type Digests, digesting } from './s3-digests.ts';
import { refusal } from './s3-errors.ts';
import type { Asked, Blob, Checksum, ChecksumAlgorithm } from './s3-types.ts';
import type { S3World } from './s3-world.ts';

/** Bytes that come in, and what the client says of them. */
export type Incoming = {
  readonly body: AsyncIterable<Uint8Array>;
  /** Content-MD5, base64. */
  readonly md5?: string | undefined;
  /** x-amz-content-sha256, hexadecimal. */
  readonly sha256?: string | undefined;
  readonly checksum?:
    | {
        readonly algorithm: ChecksumAlgorithm;
        /** base64; asked for when the body was read, because it may be in its trailer. */
        readonly value: () => string | undefined;
      }
    | undefined;
};

export type Received = { readonly blob: Blob; readonly digests: Digests; readonly checksum: Checksum | undefined };

/** Stores a body and verifies it: Amazon S3 User Guide, “Checking object integrity”. Nothing is left of a wrong one. */
export async function receive(world: S3World, asked: Asked, incoming: Incoming): Promise<Received> {
  const { algorithm } = incoming.checksum ?? {};
  const { stream, digests } = digesting(incoming.body, algorithm ? [algorithm] : []);
  const blob = await world.blobs.write(stream);
  const found = digests();
  const problem = mismatch(asked, incoming, found);
  if (problem) {
    await world.blobs.remove([blob]);
    throw problem;
  }
  const value = algorithm && found.checksumOf(algorithm);
  return { blob, digests: found, checksum: value && algorithm ? { algorithm, value, type: 'FULL_OBJECT' } : undefined };
}

/** A small body, verified. */
export async function receiveSmall(asked: Pick<Asked, 'call'>, incoming: Incoming, limit: number): Promise<Buffer> {
  const { algorithm } = incoming.checksum ?? {};
  const { stream, digests } = digesting(incoming.body, algorithm ? [algorithm] : []);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw refusal(asked, 'EntityTooLarge');
    chunks.push(chunk);
  }
  const problem = mismatch(asked, incoming, digests());
  if (problem) throw problem;
  return Buffer.concat(chunks);
}

function mismatch(
  asked: Pick<Asked, 'call'>,
  { md5, sha256, checksum }: Incoming,
  found: Digests,
): CallError | undefined {
  if (md5 !== undefined && Buffer.from(md5, 'base64').length !== 16) return refusal(asked, 'InvalidDigest');
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== found.md5Hex)
    return refusal(asked, 'BadDigest');
  if (sha256 !== undefined && sha256 !== found.sha256Hex) return refusal(asked, 'XAmzContentSHA256Mismatch');
  if (!checksum) return undefined;
  const { algorithm } = checksum;
  const value = checksum.value();
  if (value === undefined) return undefined;
  if (Buffer.from(value, 'base64').length !== checksumLengths[algorithm])
    return refusal(asked, 'InvalidRequest', `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
  if (value !== found.checksumOf(algorithm))
    return refusal(asked, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  return undefined;
}
