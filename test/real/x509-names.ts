import * as der from '../pki/forge.ts';
import { bytes, text, tlv } from '../pki/forge.ts';
import type { Dice } from './x509-dice.ts';

const commonNames = [
  'system:node:worker-0',
  'system:node:worker-0',
  'system:node:worker-1',
  'system:node:Worker-0',
  '',
  'worker-0',
  'system:node:worker-0 ',
  'system:node:worker-0\0',
];
const organizations = ['system:nodes', 'system:nodes', 'system:masters', 'System:nodes', 'example', ''];
const stringTags = [0x0c, 0x0c, 0x13, 0x16, 0x14, 0x1a, 0x1e, 0x1c, 0x12];
const hosts = [
  'worker-0',
  'worker-0',
  'WORKER-0',
  'worker-0.',
  '*',
  '*.',
  '.worker-0',
  '*worker-0',
  'worker_0',
  '-',
  'wörker-0',
  'a b',
  '',
  'worker-0.example.com',
  '*.example.com',
  '*.*.com',
  'a..b',
  '10.0.1.20',
  'worker-0\0.example.com',
  'xn--wrker-0-d1a',
  '..',
  '.',
  'example.com',
  `${'a'.repeat(64)}.com`,
  'a'.repeat(260),
];
const uriParts = [
  'http',
  'spiffe',
  ':',
  '//',
  '/',
  'example.com',
  'worker-0',
  '10.0.1.20',
  '[::1]',
  '[fe80::1%25en0]',
  '[::1',
  ':80',
  ':http',
  ':',
  'a@',
  'a:b@',
  '%41',
  '%zz',
  '%',
  '?',
  '#',
  ' ',
  '\x7f',
  '..',
  '.',
  '*',
  'é',
  '"',
  '<',
  '^',
  '1a',
  '_',
  '\\',
  '{',
  '~',
  '!',
  '&',
  '+',
  ',',
  ';',
  '=',
];
const mails = [
  'a@example.com',
  'a@b',
  '"a b"@example.com',
  'a',
  '@',
  'a@',
  '@example.com',
  'a@.example.com',
  'a..b@example.com',
  '.a@example.com',
  'a.@example.com',
  'A@EXAMPLE.com',
  'a@b@example.com',
  '"a"@example.com',
  '"a@b"@c.d',
  'a b@example.com',
  'a\\b@example.com',
  'a@exa mple.com',
  "o'x@worker-0",
  'a@worker-0',
  '""@b',
  'a@example.com.',
];
const addresses = [
  [10, 0, 1, 20],
  [10, 0, 1, 20],
  [10, 0, 1, 21],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 20],
  [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [10, 0, 1],
  [],
  [10, 0, 1, 20, 0],
  [255, 255, 255, 255],
];
const uri = (dice: Dice) => dice.some(uriParts, 6).join('');
/** Mostly of the shape of a URI, so that hosts and ports are met too. */
const shapedUri = (dice: Dice) =>
  dice.flip()
    ? uri(dice)
    : `${dice.pick(['http', 'spiffe', 'a1+', ''])}://${dice.some(uriParts, 3).join('')}${dice.pick(['', '/', '/x'])}`;

function encoded(value: string, tag: number): Uint8Array {
  const utf16 = Buffer.from(value, 'utf16le').swap16();
  return tlv(tag, tag === 0x1e ? utf16 : tag === 0x14 ? Buffer.from(value, 'latin1') : text(value));
}

/** A name of several attributes in one RDN or in many, of any string type. */
export function oddName(dice: Dice): Uint8Array {
  const attribute = (type: string, value: string) => tlv(0x30, der.oid(type), encoded(value, dice.pick(stringTags)));
  const attributes = [
    ...dice
      .some(['2.5.4.6', '2.5.4.11', '2.5.4.5', '0.9.2342.19200300.100.1.25', '1.2.3.4'], 2)
      .map(type => attribute(type, dice.pick(['US', 'x', '1', 'é', '*']))),
    attribute('2.5.4.3', dice.pick(commonNames)),
    attribute('2.5.4.10', dice.pick(organizations)),
    ...(dice.flip() ? [attribute('2.5.4.3', dice.pick(commonNames))] : []),
    ...(dice.flip() ? [attribute('2.5.4.10', dice.pick(organizations))] : []),
  ];
  if (dice.flip()) attributes.reverse();
  if (dice.below(3) === 0) return tlv(0x30, tlv(0x31, ...attributes));
  return tlv(0x30, ...attributes.map(one => tlv(0x31, one)), ...(dice.below(8) === 0 ? [tlv(0x31)] : []));
}

/** An alternative name of any type. */
export function generalName(dice: Dice): Uint8Array {
  switch (dice.below(9)) {
    case 0:
    case 1:
    case 2:
      return tlv(0x82, text(dice.pick(hosts)));
    case 3:
      return tlv(0x87, Buffer.from(dice.pick(addresses)));
    case 4:
      return tlv(0x86, text(shapedUri(dice)));
    case 5:
      return tlv(0x81, text(dice.pick(mails)));
    case 6:
      return tlv(0xa4, oddName(dice));
    case 7:
      return tlv(0x88, bytes(0x2a, 3));
    default:
      return tlv(0xa0, der.oid('1.2.3.4'), tlv(0xa0, tlv(0x0c, text('x'))));
  }
}

const domains = [
  '',
  'worker-0',
  '.worker-0',
  'WORKER-0',
  'example.com',
  '.example.com',
  'com',
  '.',
  '*.example.com',
  'example.com.',
  'a..b',
  'a b',
  'ö',
  '..com',
  '-',
];
const ranges = [
  [10, 0, 0, 0, 255, 0, 0, 0],
  [10, 0, 1, 20, 255, 255, 255, 255],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [10, 1, 2, 3, 255, 0, 0, 0],
  [192, 0, 2, 0, 255, 255, 255, 0],
  [10, 0, 0, 0, 255, 0, 255, 0],
  [10, 0, 0, 0],
  [...Array(32).fill(0)],
  [...Array(10).fill(0), 255, 255, 10, 0, 1, 0, ...Array(16).fill(255)],
  [0x20, 1, 0xd, 0xb8, ...Array(12).fill(0), 255, 255, 255, 255, ...Array(12).fill(0)],
];

/** A subtree of name constraints. */
export function constraint(dice: Dice): Uint8Array {
  const base = () => {
    switch (dice.below(7)) {
      case 0:
      case 1:
        return tlv(0x82, text(dice.pick(domains)));
      case 2:
      case 3:
        return tlv(0x87, Buffer.from(dice.pick(ranges)));
      case 4:
        return tlv(0x81, text(dice.flip() ? dice.pick(mails) : dice.pick(domains)));
      case 5:
        return tlv(0x86, text(dice.pick(domains)));
      default:
        return dice.below(3) > 0 ? tlv(0x82, text('worker-0')) : tlv(0xa4, der.name(['O', 'system:nodes']));
    }
  };
  const more = dice.below(8) === 0 ? [tlv(0x80, bytes(0))] : [];
  return tlv(0x30, base(), ...more);
}
