/** Reads a stream by lines and by lengths. */
export type ByteReader = {
  /** A line without its CR LF; undefined: the stream ended, or there is none within `limit` bytes. */
  readonly line: (limit: number) => Promise<string | undefined>;
  /** The next `length` bytes, in pieces. */
  readonly take: (length: number) => AsyncIterable<Uint8Array>;
  /** What the last `take` did not get because the stream ended. */
  readonly missing: () => number;
};

export function byteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const pieces = source[Symbol.asyncIterator]();
  let buffer: Buffer = Buffer.alloc(0);
  let left = 0;
  const more = async (): Promise<Buffer | undefined> => {
    const { done, value } = await pieces.next();
    return done ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  };
  return {
    line: async limit => {
      for (;;) {
        const end = buffer.indexOf('\r\n');
        if (end >= 0 && end <= limit) {
          const text = buffer.toString('latin1', 0, end);
          buffer = buffer.subarray(end + 2);
          return text;
        }
        const next = end < 0 && buffer.length <= limit ? await more() : undefined;
        if (!next) return undefined;
        buffer = Buffer.concat([buffer, next]);
      }
    },
    take: async function* (length) {
      left = length;
      while (left > 0) {
        const piece: Buffer | undefined = buffer.length > 0 ? buffer : await more();
        if (!piece) return;
        const part = piece.subarray(0, left);
        buffer = piece.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
    missing: () => left,
  };
}
