/** A stretch of DER that is being read: `at` moves, `end` does not. */
export type Cursor = { readonly bytes: Uint8Array; at: number; readonly end: number };

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** The tag of a context-specific element `[n]`, primitive or constructed. */
export function contextTag(n: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | n;
}

/** What the functions below leave a reading with; `readDer` turns it into a value, so it is seen by nobody else. */
type Malformed = { readonly malformed: string };

/** Ends the reading that `readDer` began. */
export function malformed(what: string): never {
  const failure: Malformed = { malformed: what };
  throw failure;
}

/** Runs a reading of `bytes` and gives its result, or what is malformed. Only the reading's own failures are caught. */
export function readDer<T>(
  bytes: Uint8Array,
  read: (top: Cursor) => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, value: read(cursorOf(bytes)) };
  } catch (failure) {
    if (typeof failure === 'object' && failure !== null && 'malformed' in failure) {
      return { ok: false, problem: String(failure.malformed) };
    }
    throw failure;
  }
}

export function cursorOf(bytes: Uint8Array): Cursor {
  return { bytes, at: 0, end: bytes.length };
}

/** The bytes that are left; shares memory. */
export function rest(cursor: Cursor): Uint8Array {
  return cursor.bytes.subarray(cursor.at, cursor.end);
}

export function isEmpty(cursor: Cursor): boolean {
  return cursor.at >= cursor.end;
}

/** The tag of the next element, or undefined at the end. */
export function peek(cursor: Cursor): number | undefined {
  return cursor.at < cursor.end ? cursor.bytes[cursor.at] : undefined;
}

/**
 * Enters the next element, which must have the tag (any, when undefined), and moves past it. As strict as Go's cryptobyte: tags
 * below 31, lengths of at most four octets in their shortest form.
 */
export function enter(cursor: Cursor, tag: number | undefined, what: string): Cursor {
  const { bytes, at, end } = cursor;
  const found = bytes[at];
  const short = bytes[at + 1];
  if (found === undefined || short === undefined || at + 2 > end) malformed(`${what} is cut off`);
  if (tag !== undefined && found !== tag) malformed(`${what} is malformed`);
  if ((found & 0x1f) === 0x1f) malformed(`${what} has a tag that DER readers refuse`);
  let start = at + 2;
  let length = short;
  if (short >= 0x80) {
    const octets = short & 0x7f;
    start += octets;
    if (octets === 0 || octets > 4) malformed(`${what} has an indefinite or oversized length`);
    if (start > end) malformed(`${what} is cut off`);
    length = 0;
    for (let i = at + 2; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
    if (length < 0x80 || (octets > 1 && bytes[at + 2] === 0)) malformed(`${what} has a length that is not DER`);
  }
  if (start + length > end) malformed(`${what} is cut off`);
  cursor.at = start + length;
  return { bytes, at: start, end: start + length };
}

/** The next element with its tag and length, for comparing as bytes; shares memory. */
export function whole(cursor: Cursor, tag: number | undefined, what: string): Uint8Array {
  const start = cursor.at;
  enter(cursor, tag, what);
  return cursor.bytes.subarray(start, cursor.at);
}

/** Enters the next element if it has the tag. */
export function enterIf(cursor: Cursor, tag: number, what: string): Cursor | undefined {
  return peek(cursor) === tag ? enter(cursor, tag, what) : undefined;
}

export function readBoolean(cursor: Cursor, what: string): boolean {
  const value = rest(enter(cursor, tags.boolean, what));
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) malformed(`${what} is malformed`);
  return value[0] === 0xff;
}

/** An INTEGER's octets, two's complement, in the shortest form. */
export function readInteger(cursor: Cursor, what: string, tag: number = tags.integer): Uint8Array {
  const value = rest(enter(cursor, tag, what));
  const [first, second] = value;
  if (first === undefined) malformed(`${what} is empty`);
  const padded = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (padded) malformed(`${what} is not in its shortest form`);
  return value;
}

/** A small INTEGER that is not negative. */
export function readSmallInteger(cursor: Cursor, what: string, tag?: number): number {
  const value = readInteger(cursor, what, tag);
  if (value.length > 6 || (value[0] ?? 0) >= 0x80) malformed(`${what} is out of range`);
  return value.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** A BIT STRING's octets and how many bits of the last are unused (and zero, as DER wants). */
export function readBitString(cursor: Cursor, what: string): { readonly octets: Uint8Array; readonly unused: number } {
  const value = rest(enter(cursor, tags.bitString, what));
  const unused = value[0];
  const last = value[value.length - 1] ?? 0;
  if (unused === undefined || unused > 7 || (value.length === 1 && unused > 0) || (last & ((1 << unused) - 1)) !== 0) {
    malformed(`${what} is malformed`);
  }
  return { octets: value.subarray(1), unused };
}

/** An object identifier as dotted text. */
export function readOid(cursor: Cursor, what: string): string {
  const octets = rest(enter(cursor, tags.oid, what));
  if (octets.length === 0 || ((octets[octets.length - 1] ?? 0) & 0x80) !== 0) malformed(`${what} is malformed`);
  const arcs: number[] = [];
  let arc = 0;
  let begun = false;
  for (const octet of octets) {
    if (!begun && octet === 0x80) malformed(`${what} is malformed`);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > 0x7fffffff) malformed(`${what} has an oversized part`);
    begun = (octet & 0x80) !== 0;
    if (begun) continue;
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** Fails unless everything was read. */
export function expectEnd(cursor: Cursor, what: string): void {
  if (!isEmpty(cursor)) malformed(`${what} has trailing bytes`);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
