import { createHash } from 'node:crypto';
import { byteReader } from './byte-reader.ts';

/** How chunks are signed; `sign` gives the signature for the lines of a string to sign after algorithm, time and scope. */
export type ChunkSigner = {
  /** Of the request's headers: the first chunk's signature is made over it. */
  readonly seed: string;
  readonly sign: (kind: 'PAYLOAD' | 'TRAILER', lines: readonly string[]) => string;
};

export type ChunkedBody = {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Header lines after the last chunk, lower-case names; empty until the stream is read. */
  readonly trailer: ReadonlyMap<string, string>;
};

export type ChunkProblem = 'malformed' | 'signature';

const maxLine = 8192;
const emptySha256 = createHash('sha256').digest('hex');

/**
 * A body in `aws-chunked` encoding, decoded and verified while it is read: Amazon S3 API Reference, “Signature Calculations
 * for the Authorization Header: Transferring Payload in Multiple Chunks”, and “… Including Trailing Headers”. `signer`
 * undefined: chunks are not signed. `fail` makes the error that the stream throws.
 */
export function decodeChunks(
  source: AsyncIterable<Uint8Array>,
  signer: ChunkSigner | undefined,
  fail: (problem: ChunkProblem) => Error,
): ChunkedBody {
  const trailer = new Map<string, string>();
  const stream = async function* () {
    const reader = byteReader(source);
    const line = async () => {
      const read = await reader.line(maxLine);
      if (read === undefined) throw fail('malformed');
      return read;
    };
    let previous = signer?.seed ?? '';
    for (let last = false; !last; ) {
      const match = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await line());
      if (!match || (match[2] !== undefined) !== (signer !== undefined)) throw fail('malformed');
      const size = Number.parseInt(match[1] ?? '', 16);
      const hash = createHash('sha256');
      for await (const bytes of reader.take(size)) {
        hash.update(bytes);
        yield bytes;
      }
      if (reader.missing() > 0) throw fail('malformed');
      last = size === 0;
      if (!last && (await line()) !== '') throw fail('malformed');
      const signature = signer?.sign('PAYLOAD', [previous, emptySha256, hash.digest('hex')]);
      if (signature !== match[2]) throw fail('signature');
      previous = signature ?? '';
    }
    await readTrailer(line, trailer);
    verifyTrailer(trailer, signer, previous, fail);
  };
  return { stream: stream(), trailer };
}

async function readTrailer(line: () => Promise<string>, trailer: Map<string, string>): Promise<void> {
  for (let text = await line(); text !== ''; text = await line()) {
    const colon = text.indexOf(':');
    trailer.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
    if (trailer.size > 20) return;
  }
}

const signatureName = 'x-amz-trailer-signature';

function verifyTrailer(
  trailer: ReadonlyMap<string, string>,
  signer: ChunkSigner | undefined,
  previous: string,
  fail: (problem: ChunkProblem) => Error,
): void {
  const fields = [...trailer].filter(([name]) => name !== signatureName);
  if (!signer || fields.length === 0) return;
  const text = fields.map(([name, value]) => `${name}:${value}\n`).join('');
  const signature = signer.sign('TRAILER', [previous, createHash('sha256').update(text).digest('hex')]);
  if (trailer.get(signatureName) !== signature) throw fail('signature');
}
