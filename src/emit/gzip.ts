import { crc32, inflateRawSync } from 'node:zlib';
import { Deflate, deflateSync } from 'fflate';
import { concatBytes, equalBytes } from '../tree/bytes.ts';

/** Bytes that many workers have in common, plain and as deflate blocks that no last one follows; undefined where that does not work. */
export type Segment = { readonly plain: Uint8Array; readonly deflated: Uint8Array | undefined };

/** Compresses what is shared followed by `rest` to one gzip member. */
export type SegmentGzip = (rest: Uint8Array) => Uint8Array;

const level = 9;
/** Deflate, no name, no time, best compression, unknown system: nothing of this machine. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255);
/** A last block with nothing in it. */
const lastBlock = Uint8Array.of(3, 0);
/** A last block that holds the byte 1 as it is: read only where what is before it has not ended the stream. */
const storedByte = Uint8Array.of(1, 1, 0, 0xfe, 0xff, 1);
/** How far a segment looks back into the ones before it: beyond 4 KiB it saves 20 bytes and costs twice the time. */
const window = 4096;

/**
 * gzip by a deflate in JavaScript: node:zlib's bytes differ between builds and processors, and the same input must give the
 * same user-data everywhere. What all workers share (boot program, units) stands first and is compressed once; what follows
 * refers back to its end, as deflate allows.
 */
export function gzipAfter(segments: readonly Segment[]): SegmentGzip {
  // From the first segment that could not be compressed by itself, everything is compressed with the rest.
  const sound = segments.findIndex(({ deflated }) => deflated === undefined);
  const [ready, late] = sound === -1 ? [segments, []] : [segments.slice(0, sound), segments.slice(sound)];
  const prefix = concatBytes(ready.map(({ plain }) => plain));
  const deflatedPrefix = concatBytes(ready.flatMap(({ deflated }) => deflated ?? []));
  const surplus = concatBytes(late.map(({ plain }) => plain));
  const prefixCrc = crc32(prefix);
  const dictionary = prefix.subarray(-window);
  return following => {
    const rest = surplus.length > 0 ? concatBytes([surplus, following]) : following;
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, crc32(rest, prefixCrc), true);
    trailer.setUint32(4, prefix.length + rest.length, true);
    return concatBytes([header, deflatedPrefix, deflateLast(rest, dictionary), new Uint8Array(trailer.buffer)]);
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

/** A segment that follows `before`. */
export function segment(plain: Uint8Array, before: Uint8Array): Segment {
  return { plain, deflated: deflateUnfinished(plain, before.subarray(-window)) };
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
    .find(one => isSound(concatBytes([one, storedByte]), concatBytes([plain, Uint8Array.of(1)]), new Uint8Array(0)));
  return deflated && { plain, deflated };
}

/**
 * Deflate blocks without a last one, ending at a byte. Undefined when they cannot be read back: fflate 0.8.3 ends an
 * incompressible unfinished block at the wrong bit.
 */
function deflateUnfinished(bytes: Uint8Array, dictionary: Uint8Array): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  const options = dictionary.length > 0 ? { level, dictionary } : { level };
  const deflate = new Deflate(options as { level: 9 }, chunk => chunks.push(chunk.slice()));
  deflate.push(bytes, false);
  deflate.flush(true);
  const deflated = concatBytes(chunks);
  return isSound(concatBytes([deflated, lastBlock]), bytes, dictionary) ? deflated : undefined;
}
