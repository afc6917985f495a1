import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of a file, read as a stream. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Opens a file at any offset, once it is read; it is closed when the reader stops. */
export function openFile(file: string): (from: number) => AsyncIterable<Uint8Array> {
  return async function* (from) {
    yield* fs.createReadStream(file, { start: from, highWaterMark: 1 << 20 });
  };
}

/** Content that is in memory. */
export function openBytes(bytes: Uint8Array): (from: number) => AsyncIterable<Uint8Array> {
  return async function* (from) {
    if (from < bytes.length) yield bytes.subarray(from);
  };
}
