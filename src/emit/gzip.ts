import { crc32, inflateRawSync } from 'node:zlib';
import { Deflate, deflateSync } from 'fflate';
import { concatBytes, equalBytes } from '../tree/bytes.ts';

/** Bytes that many workers begin with, plain and as deflate blocks that no last one follows; undefined where that does not work. */
export type Segment = { readonly plain: Uint8Array; readonly deflated: Uint8Array | undefined };

const level = 9;
/** Deflate, no name, no time, best compression, unknown system: nothing of this machine. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255);
/** A last block with nothing in it. */
const lastBlock = Uint8Array.of(3, 0);
/** A last block that holds the byte 1 as it is: read only where what is before it has not ended the stream. */
const storedByte = Uint8Array.of(1, 1, 0, 0xfe, 0xff, 1);
const nothing = new Uint8Array(0);
/** How far what follows looks back: 4 KiB give 13 bytes more, 16 KiB none less and take three times as long. */
const window = 8192;

/**
 * gzip by a deflate in JavaScript: node:zlib's bytes differ between builds and processors, and the same input must give the
 * same user-data everywhere. What all workers begin with (keys, boot program) is compressed once; what follows refers back to
 * its end, as deflate allows. Gives the function that compresses both to one gzip member.
 */
export function gzipAfter({ plain, deflated }: Segment): (rest: Uint8Array) => Uint8Array {
  if (!deflated) return rest => gzipAfter({ plain: nothing, deflated: nothing })(concatBytes([plain, rest]));
  const crc = crc32(plain);
  const dictionary = plain.subarray(-window);
  return rest => {
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, crc32(rest, crc), true);
    trailer.setUint32(4, plain.length + rest.length, true);
    return concatBytes([header, deflated, deflateLast(rest, dictionary), new Uint8Array(trailer.buffer)]);
  };
}

/**
 * The last blocks. Read back before they are used: fflate 0.8.3 puts the dictionary into a block that it stores for being
 * incompressible. Then they do without one.
 */
function deflateLast(bytes: Uint8Array, dictionary: Uint8Array): Uint8Array {
  if (dictionary.length === 0) return deflateSync(bytes, { level });
  const deflated = deflateSync(bytes, { level, dictionary });
  return isSound(deflated, bytes, dictionary) ? deflated : deflateSync(bytes, { level });
}

function isSound(deflated: Uint8Array, bytes: Uint8Array, dictionary: Uint8Array): boolean {
  try {
    return equalBytes(inflateRawSync(deflated, dictionary.length > 0 ? { dictionary } : {}), bytes);
  } catch {
    return false;
  }
}

export function segment(plain: Uint8Array): Segment {
  return { plain, deflated: deflateUnfinished(plain) };
}

/**
 * The same of a deflate stream that is a single block: its mark as the last one is taken away, and an empty stored block ends
 * it at a byte (whose header may fit into the last byte, or not). Undefined for anything else.
 */
export function segmentOf(plain: Uint8Array, block: Uint8Array): Segment | undefined {
  const opened = concatBytes([Uint8Array.of((block[0] ?? 0) & 0xfe), block.subarray(1)]);
  const endings = [[], [0]].map(rest => Uint8Array.of(...rest, 0, 0, 0xff, 0xff));
  const deflated = endings
    .map(ending => concatBytes([opened, ending]))
    .find(one => isSound(concatBytes([one, storedByte]), concatBytes([plain, Uint8Array.of(1)]), nothing));
  return deflated && { plain, deflated };
}

/**
 * Deflate blocks without a last one, ending at a byte. Undefined when they cannot be read back: fflate 0.8.3 ends an
 * incompressible unfinished block at the wrong bit.
 */
function deflateUnfinished(bytes: Uint8Array): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  const deflate = new Deflate({ level }, chunk => chunks.push(chunk.slice()));
  deflate.push(bytes, false);
  deflate.flush(true);
  const deflated = concatBytes(chunks);
  return isSound(concatBytes([deflated, lastBlock]), bytes, nothing) ? deflated : undefined;
}
