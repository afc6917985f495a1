import type { StaticFile } from '../compile/boot-program.ts';
import { concatBytes, equalBytes } from '../tree/bytes.ts';
import { sha256 } from '../tree/digest.ts';
import type { JsonMap } from '../tree/merge.ts';
import { cloudConfigHead, writeFilesEntry } from './cloud-config.ts';
import { type Segment, segment, segmentOf } from './gzip.ts';

const digestSize = 32;
const headSize = digestSize + 4;

/** The beginning of every worker's user-data.yaml: static keys and boot program. Writes and compresses it, or takes it from `packed` when that was made of the same keys and files. */
export function bootPrefix(
  cloudConfig: JsonMap,
  bootProgram: readonly StaticFile[],
  packed: Uint8Array | undefined,
): Segment {
  return (packed && unpack(packed, digestOf(cloudConfig, bootProgram))) ?? writePrefix(cloudConfig, bootProgram);
}

/**
 * @public The build of firstboot calls it.
 * A prefix to be kept with the program: a young process takes 30 ms to write and compress it. Empty when it cannot be compressed.
 * There is time for a better deflate, which gives a single block.
 */
export async function packPrefix(
  cloudConfig: JsonMap,
  bootProgram: readonly StaticFile[],
  deflate: (plain: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const written = writePrefix(cloudConfig, bootProgram);
  const { plain, deflated } = segmentOf(written.plain, await deflate(written.plain)) ?? written;
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, plain.length);
  return deflated ? concatBytes([digestOf(cloudConfig, bootProgram), size, plain, deflated]) : new Uint8Array(0);
}

function writePrefix(cloudConfig: JsonMap, bootProgram: readonly StaticFile[]): Segment {
  const entries = bootProgram.map(({ path, bytes }) =>
    writeFilesEntry({ path, mode: path.endsWith('.service') ? '0600' : '0644', content: bytes }),
  );
  const plain = new TextEncoder().encode(cloudConfigHead(cloudConfig) + entries.join(''));
  return segment(plain);
}

function unpack(packed: Uint8Array, digest: Uint8Array): Segment | undefined {
  if (packed.length <= headSize || !equalBytes(packed.subarray(0, digestSize), digest)) return undefined;
  const size = new DataView(packed.buffer, packed.byteOffset).getUint32(digestSize);
  return { plain: packed.subarray(headSize, headSize + size), deflated: packed.subarray(headSize + size) };
}

function digestOf(cloudConfig: JsonMap, bootProgram: readonly StaticFile[]): Uint8Array {
  const files = bootProgram.map(({ path, bytes }) => `${path} ${sha256(bytes)}\n`);
  return Buffer.from(sha256(JSON.stringify(cloudConfig) + files.join('')), 'hex');
}
