import type { Blobs } from './s3-blobs.ts';
import type { Blob } from './s3-types.ts';

/** The bytes of an object from an offset: of one blob, or of parts one after another. */
export async function* openBlobs(blobs: Blobs, parts: readonly Blob[], from: number): AsyncIterable<Uint8Array> {
  let start = from;
  for (const part of parts) {
    if (start < part.size) yield* blobs.open(part, start);
    start = Math.max(0, start - part.size);
  }
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
