/** A CRC that is fed piece by piece; `digest`: big-endian, as S3 writes it in base64. */
export type RunningCrc = { readonly update: (bytes: Uint8Array) => void; readonly digest: () => Uint8Array };

/** Reflected polynomials: CRC-32 (ISO-HDLC, as zlib), CRC-32C (Castagnoli, RFC 3720). */
const polynomials = { CRC32: 0xedb88320, CRC32C: 0x82f63b78 };
/** CRC-64/NVME, reflected: NVM Express NVM Command Set Specification, “64b CRC”. */
const nvme = 0x9a6c9329ac4bc9b5n;

const tables = { CRC32: lazy(() => table32(polynomials.CRC32)), CRC32C: lazy(() => table32(polynomials.CRC32C)) };
const tables64 = lazy(table64);

export function runningCrc32(kind: 'CRC32' | 'CRC32C'): RunningCrc {
  const table = tables[kind]();
  let crc = 0xffffffff;
  return {
    update: bytes => {
      let state = crc;
      for (let n = 0; n < bytes.length; n++)
        state = (state >>> 8) ^ (table[(state ^ (bytes[n] as number)) & 0xff] as number);
      crc = state;
    },
    digest: () => wordsOf(~crc >>> 0),
  };
}

/** Its state is two halves of 32 bits: BigInt would be a hundred times slower. */
export function runningCrc64(): RunningCrc {
  const { low, high } = tables64();
  let [crcLow, crcHigh] = [0xffffffff, 0xffffffff];
  return {
    update: bytes => {
      let [l, h] = [crcLow, crcHigh];
      for (let n = 0; n < bytes.length; n++) {
        const at = (l ^ (bytes[n] as number)) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ (low[at] as number);
        h = (h >>> 8) ^ (high[at] as number);
      }
      [crcLow, crcHigh] = [l, h];
    },
    digest: () => wordsOf(~crcHigh >>> 0, ~crcLow >>> 0),
  };
}

function table32(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

function table64(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const values = Array.from({ length: 256 }, (_, n) => {
    let value = BigInt(n);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ nvme : value >> 1n;
    return value;
  });
  return {
    low: Uint32Array.from(values, value => Number(value & 0xffffffffn)),
    high: Uint32Array.from(values, value => Number(value >> 32n)),
  };
}

function wordsOf(...words: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, n) => {
    bytes.writeUInt32BE(word, n * 4);
  });
  return bytes;
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
