import { concatBytes } from '../tree/bytes.ts';

/** DER, the writing side: each function gives one whole element. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts);
  return concatBytes([Uint8Array.of(tag, ...lengthOf(body.length)), body]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return [0x80 | octets.length, ...octets];
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x30, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x31, ...parts);
}

/** A number that is not negative, from its octets. */
export function integer(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex(octet => octet !== 0);
  const shortest = start === -1 ? Uint8Array.of(0) : octets.subarray(start);
  return element(0x02, ...((shortest[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []), shortest);
}

export function boolean(value: boolean): Uint8Array {
  return element(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return element(0x04, bytes);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return element(0x03, Uint8Array.of(unusedBits), bytes);
}

export function nothing(): Uint8Array {
  return element(0x05);
}

export function utf8(text: string): Uint8Array {
  return element(0x0c, new TextEncoder().encode(text));
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  return element(0x06, Uint8Array.from([first * 40 + second, ...arcs].flatMap(base128)));
}

function base128(arc: number): readonly number[] {
  const octets = [arc & 0x7f];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left & 0x7f));
  return octets;
}

/** RFC 5280, 4.1.2.5: two digits of the year up to 2049, four from 2050. Milliseconds since 1970, cut to seconds. */
export function time(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const short = digits < '2050';
  return element(short ? 0x17 : 0x18, new TextEncoder().encode(short ? digits.slice(2) : digits));
}
