import { sign } from 'node:crypto';
import { bytes, type Forged, tlv } from '../pki/forge.ts';
import type { Dice } from './x509-dice.ts';

/** A DER element that was taken apart; `wrapped` is what an OCTET STRING or a BIT STRING before its content has of its own. */
export type Element = {
  tag: number;
  content: Uint8Array;
  children: Element[] | undefined;
  wrapped: Uint8Array;
  /** Written with a length that is longer than DER allows. */
  padded?: boolean;
};

/** The elements that `der` consists of; undefined when it is not DER through and through. */
function takeApart(der: Uint8Array): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const [tag = 0, first = 0x80] = der.subarray(at, at + 2);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if ((first >= 0x80 && octets === 0) || octets > 2) return undefined;
    const start = at + 2 + octets;
    const length = octets === 0 ? first : der.subarray(at + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
    if (start + length > der.length) return undefined;
    elements.push(element(tag, der.subarray(start, start + length)));
    at = start + length;
  }
  return elements;
}

function element(tag: number, content: Uint8Array): Element {
  const skip = tag === 0x03 ? 1 : 0;
  const nested = (tag & 0x20) !== 0 || (content.length > 2 + skip && (tag === 0x03 || tag === 0x04));
  const children = nested ? takeApart(content.subarray(skip)) : undefined;
  return { tag, content, children, wrapped: content.subarray(0, children ? skip : 0) };
}

function putTogether(one: Element): Uint8Array {
  const content = one.children ? Buffer.concat([one.wrapped, ...one.children.map(putTogether)]) : one.content;
  if (!one.padded) return tlv(one.tag, content);
  const length = [0x83, 0, content.length >> 8, content.length & 0xff];
  return Buffer.concat([bytes(one.tag, ...length), content]);
}

type Place = { readonly list: Element[]; readonly at: number };

/** Every element below, by where it stands. */
function placesIn(one: Element): readonly Place[] {
  const { children = [] } = one;
  return children.flatMap((child, at) => [{ list: children, at }, ...placesIn(child)]);
}

const interestingTags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1c,
];
const contextTags = [0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa3, 0xa4];
const interestingOctets = [0x00, 0x01, 0x20, 0x2a, 0x2e, 0x2f, 0x3a, 0x40, 0x7f, 0x80, 0xc3, 0xfe, 0xff];

/** Changes one element; lengths around it are set right afterwards. Says what it did. */
function mutateElement(root: Element, dice: Dice): string {
  const places = placesIn(root);
  const chosen = dice.below(places.length);
  const { list, at } = places[chosen] as Place;
  const one = list[at] as Element;
  const place = `element ${chosen} (tag ${one.tag.toString(16)})`;
  switch (dice.below(9)) {
    case 0:
      list.splice(at, 1);
      return `${place} removed`;
    case 1:
      list.splice(dice.below(list.length + 1), 0, structuredClone(one));
      return `${place} repeated`;
    case 2:
      list.splice(dice.below(list.length), 0, ...list.splice(at, 1));
      return `${place} moved`;
    case 3:
      one.tag = dice.pick(dice.flip() ? interestingTags : contextTags);
      return `${place} got the tag ${one.tag.toString(16)}`;
    case 4: {
      const from = dice.pick(places);
      const donor = from.list[from.at] as Element;
      list.splice(at, dice.below(2), structuredClone(donor));
      return `${place} met an element ${donor.tag.toString(16)}`;
    }
    case 5:
      if (dice.below(4) > 0) return mutateContent(one, dice, place);
      one.padded = true;
      return `${place} got a padded length`;
    default:
      return mutateContent(one, dice, place);
  }
}

function mutateContent(one: Element, dice: Dice, place: string): string {
  const content = one.children ? putTogether({ ...one, padded: false }).subarray(2) : one.content;
  const buffer = Buffer.from(content);
  const at = dice.below(buffer.length);
  const octet = dice.flip() ? dice.pick(interestingOctets) : dice.below(256);
  one.children = undefined;
  switch (dice.below(6)) {
    case 0:
      one.content = buffer.subarray(0, at);
      return `${place} cut at ${at}`;
    case 1:
      one.content = Buffer.concat([buffer.subarray(0, at), bytes(octet), buffer.subarray(at)]);
      return `${place} got the octet ${octet.toString(16)} at ${at}`;
    case 2:
      one.content = Buffer.concat([buffer, bytes(octet)]);
      return `${place} got the octet ${octet.toString(16)} at its end`;
    case 3:
      if (buffer.length > 0) buffer.writeUInt8(buffer.readUInt8(at) ^ (1 << dice.below(8)), at);
      one.content = buffer;
      return `${place} has another bit at ${at}`;
    default:
      if (buffer.length > 0) buffer.writeUInt8(octet, at);
      one.content = buffer;
      return `${place} has the octet ${octet.toString(16)} at ${at}`;
  }
}

function mutateOctets(tbs: Uint8Array, dice: Dice): readonly [Uint8Array, string] {
  const buffer = Buffer.from(tbs);
  const at = dice.below(buffer.length);
  const octet = dice.flip() ? buffer.readUInt8(at) ^ (1 << dice.below(8)) : dice.below(256);
  buffer.writeUInt8(octet, at);
  return [buffer, `octet ${at} is ${octet.toString(16)}`];
}

export type Mutated = {
  readonly der: Uint8Array;
  readonly subject: Uint8Array | undefined;
  readonly done: readonly string[];
};

/** The certificate with a signed part that was changed `times` times, by element or by octet, and signed again as before. */
export function mutateSigned(
  certificate: Forged,
  signer: Forged['key'],
  hash: string,
  dice: Dice,
  times: number,
): Mutated {
  const [whole] = takeApart(certificate.der) as [Element];
  const [tbs, algorithm] = whole.children as [Element, Element];
  const done: string[] = [];
  let der = putTogether(tbs);
  if (dice.below(3) === 0) {
    for (let i = 0; i < times; i++) {
      const [changed, what] = mutateOctets(der, dice);
      der = changed;
      done.push(what);
    }
  } else {
    for (let i = 0; i < times; i++) done.push(mutateElement(tbs, dice));
    der = putTogether(tbs);
  }
  const outer = takeApart(der)?.[0]?.children ?? [];
  const from = outer[0]?.tag === 0xa0 ? 1 : 0;
  const inner = outer[from + 1];
  // Go compares the two algorithms: what changed the inner one shall not be found by that alone.
  const named = inner && dice.below(4) > 0 ? inner : algorithm;
  const value = sign(signer.asymmetricKeyType === 'ed25519' ? null : hash, der, signer);
  const subject = outer[from + 4];
  return {
    der: tlv(0x30, der, putTogether(named), tlv(0x03, bytes(0), value)),
    subject: subject && putTogether(subject),
    done,
  };
}
