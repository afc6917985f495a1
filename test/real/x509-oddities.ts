import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as der from '../pki/forge.ts';
import { bytes, extension, type Forgery, now, text, tlv } from '../pki/forge.ts';
import type { Dice } from './x509-dice.ts';
import { constraint, generalName, oddName } from './x509-names.ts';

/** What is odd about a certificate, in a few words, and how it is forged so. */
type Oddity = readonly [what: string, make: (dice: Dice, draft: Forgery) => Forgery];

const day = 86_400_000;
/** The draft with `made` in the place of its extension `id`. */
const replacing = (draft: Forgery, id: string, made: readonly Uint8Array[]): Forgery => ({
  ...draft,
  extensions: [...(draft.extensions ?? []).filter(one => Buffer.from(one).indexOf(der.oid(id)) < 0), ...made],
});

const purposes = [
  der.clientAuth,
  der.serverAuth,
  der.clientAuth,
  der.serverAuth,
  '2.5.29.37.0',
  '1.3.6.1.5.5.7.3.3',
  '1.3.6.1.4.1.99999.1',
  '1.3.6.1.5.5.7.3.9',
  '1.3.6.1.4.1.311.10.3.3',
  '2.16.840.1.113730.4.1',
];
const otherExtensions = [
  '2.5.29.9',
  '2.5.29.16',
  '2.5.29.18',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.36',
  '2.5.29.46',
  '2.5.29.54',
  '1.3.6.1.5.5.7.1.1',
  '1.3.6.1.5.5.7.1.3',
  '1.3.6.1.5.5.7.1.24',
  '1.3.6.1.4.1.99999.1',
  '1.3.6.1.4.1.11129.2.4.2',
  '1.3.6.1.4.1.11129.2.4.3',
  '1.3.6.1.5.5.7.1.7',
  '1.3.6.1.5.5.7.1.14',
];

const known = () => [der.dns('worker-0'), der.ip(10, 0, 1, 20)];
function oddValue(dice: Dice): Uint8Array {
  const time = (at: number) => tlv(0x18, text(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
  return dice.pick([
    bytes(),
    bytes(5, 0),
    tlv(0x30),
    tlv(0x02, bytes(dice.below(256))),
    tlv(0x30, tlv(0x80, bytes(dice.below(3)))),
    tlv(0x30, tlv(0x81, bytes(dice.below(3)))),
    tlv(0x30, tlv(0x30, der.oid('2.5.29.32.0'))),
    tlv(0x30, tlv(0x30, der.oid('1.2.3')), tlv(0x30, der.oid('1.2.3'))),
    tlv(0x30, tlv(0x30, der.oid('1.2.3'), der.oid('1.2.4'))),
    tlv(0x30, tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://example.com/crl')))))),
    tlv(0x30, tlv(0x30, der.oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, text('http://example.com/')))),
    tlv(0x30, tlv(0x02, bytes(5))),
    tlv(0x03, bytes(7, 0x80)),
    tlv(0x30, time(now - day), time(now + day)),
  ]);
}

const critical = (dice: Dice) => dice.below(3) === 0;
const serials = [
  [0],
  [1],
  [0x7f],
  [0x80],
  [0xff],
  [0, 0x80],
  [0, 1],
  [],
  [0xff, 0xff],
  [0, ...Array(20).fill(0xff)],
  [0x7f, ...Array(24).fill(1)],
];

const both: readonly Oddity[] = [
  ['serial', (dice, draft) => ({ ...draft, serial: Buffer.from(dice.pick(serials)) })],
  ['version', (dice, draft) => ({ ...draft, version: dice.pick([1, 2, 3, 4, 0x80]) })],
  [
    'validity',
    (dice, draft) => ({
      ...draft,
      notBefore: new Date(now + dice.pick([-1000, 0, 1000, -day, 1, day, -5e12])),
      notAfter: new Date(now + dice.pick([-1000, 0, 1000, 400 * day, day, 10 * day, 25e10 * 1000])),
    }),
  ],
  [
    'key usage',
    (dice, draft) =>
      replacing(draft, '2.5.29.15', [
        dice.pick([
          der.keyUsage(dice.below(256), dice.below(8)),
          extension('2.5.29.15', tlv(0x03, bytes(0)), true),
          extension('2.5.29.15', tlv(0x03, bytes(7, 0x86, 0x80))),
          extension('2.5.29.15', tlv(0x03, bytes(0, 0, 0, 0))),
        ]),
      ]),
  ],
  [
    'extended key usage',
    (dice, draft) =>
      replacing(draft, '2.5.29.37', [
        extension('2.5.29.37', tlv(0x30, ...dice.some(purposes, 4).map(der.oid)), critical(dice)),
      ]),
  ],
  [
    'basic constraints',
    (dice, draft) =>
      replacing(
        draft,
        '2.5.29.19',
        dice.pick([
          [],
          [der.basicConstraints(true)],
          [der.basicConstraints(false)],
          [extension('2.5.29.19', tlv(0x30, bytes(1, 1, 0xff), tlv(2, bytes(dice.below(256)))))],
          [extension('2.5.29.19', tlv(0x30, tlv(2, bytes(0))))],
          [extension('2.5.29.19', tlv(0x30, bytes(1, 1, 0xff), tlv(2, bytes(dice.below(128), 0))))],
          [extension('2.5.29.19', tlv(0x30, bytes(1, 1, 0)))],
          [extension('2.5.29.19', tlv(0x30, bytes(1, 1, 1)))],
        ]),
      ),
  ],
  [
    'subject key identifier',
    (dice, draft) =>
      replacing(draft, '2.5.29.14', [
        extension('2.5.29.14', tlv(0x04, bytes(...dice.some([1, 2, 3, 4], 4))), dice.below(6) === 0),
      ]),
  ],
  [
    'authority key identifier',
    (dice, draft) =>
      replacing(draft, '2.5.29.35', [
        extension(
          '2.5.29.35',
          tlv(
            0x30,
            ...(dice.flip() ? [tlv(0x80, bytes(...dice.pick([[1, 2, 3], [9], []])))] : []),
            ...(dice.flip() ? [tlv(0xa1, tlv(0xa4, dice.pick([der.caName, der.workerName])))] : []),
            ...(dice.flip() ? [tlv(0x82, bytes(dice.pick([0x2a, 0x2b, 0xff])))] : []),
          ),
          dice.below(6) === 0,
        ),
      ]),
  ],
  [
    'another extension',
    (dice, draft) => {
      const id = dice.pick(otherExtensions);
      return replacing(draft, id, [extension(id, oddValue(dice), critical(dice))]);
    },
  ],
  [
    'an extension twice',
    (dice, draft) => ({
      ...draft,
      extensions: [...(draft.extensions ?? []), dice.pick([...(draft.extensions ?? []), der.digitalSignature()])],
    }),
  ],
  [
    'no extensions',
    (dice, draft) => ({
      ...draft,
      extensions: dice.flip() ? [] : (draft.extensions ?? []).filter(() => dice.below(4) > 0),
    }),
  ],
  [
    'alternative names',
    (dice, draft) =>
      replacing(draft, '2.5.29.17', [
        extension(
          '2.5.29.17',
          tlv(
            0x30,
            ...(dice.below(4) > 0 ? known() : []),
            ...Array.from({ length: 1 + dice.below(3) }, () => generalName(dice)),
          ),
          critical(dice),
        ),
      ]),
  ],
  ['hash', (dice, draft) => ({ ...draft, hash: dice.pick(['sha1', 'sha384', 'md5', 'sha256'] as const) })],
];

export const oddLeaf: readonly Oddity[] = [
  ...both,
  ...both.filter(([what]) => what === 'alternative names'),
  ['subject', (dice, draft) => ({ ...draft, subject: oddName(dice) })],
  ['a critical empty subject', (dice, draft) => ({ ...draft, subject: tlv(0x30, ...dice.some([tlv(0x31)], 1)) })],
  [
    'issuer',
    (dice, draft) => ({
      ...draft,
      issuerName: dice.pick([
        der.name(['CN', 'kubernetes'], ['O', 'test']),
        der.name(['CN', 'Kubernetes', 0x13], ['O', 'test']),
        der.name(['O', 'test'], ['CN', 'Kubernetes']),
        der.workerName,
      ]),
    }),
  ],
  ['key', (dice, draft) => ({ ...draft, key: dice.pick(keysOf('worker')) })],
];

export const oddCa: readonly Oddity[] = [
  ...both,
  ...Array.from(
    { length: 6 },
    (): Oddity => [
      'name constraints',
      (dice, draft) => {
        const subtrees = (tag: number) =>
          tlv(tag, ...Array.from({ length: dice.below(10) === 0 ? 0 : 1 + dice.below(3) }, () => constraint(dice)));
        const parts = dice.pick([[0xa0], [0xa1], [0xa0, 0xa1], [0xa1], []]).map(subtrees);
        return replacing(draft, '2.5.29.30', [extension('2.5.29.30', tlv(0x30, ...parts), dice.flip())]);
      },
    ],
  ),
  ['subject', (dice, draft) => ({ ...draft, subject: dice.pick([oddName(dice), tlv(0x30)]) })],
  ['another issuer', (_, draft) => ({ ...draft, issuerName: der.name(['CN', 'root']) })],
  ['key', (dice, draft) => ({ ...draft, key: dice.pick(keysOf('ca')) })],
];

const makeKeys = (): readonly KeyObject[] => [
  der.ecKey(),
  der.ecKey(),
  der.ecKey('P-384'),
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  der.ecKey('P-521'),
  der.ecKey('P-224'),
  der.ecKey('secp256k1'),
  der.rsaKey(1024),
  generateKeyPairSync('ed25519').privateKey,
];
let keys: Readonly<Record<'ca' | 'worker', readonly KeyObject[]>> | undefined;

/** Keys of all kinds, made once: those before `sound` have nothing against them. */
function keysOf(owner: 'ca' | 'worker'): readonly KeyObject[] {
  keys ??= { ca: makeKeys(), worker: makeKeys() };
  return keys[owner];
}
const sound = 5;

/** A key that nothing speaks against: mostly EC, which signs fast. */
export const soundKey = (owner: 'ca' | 'worker', dice: Dice): KeyObject =>
  dice.pick(keysOf(owner).slice(0, dice.below(4) > 0 ? 2 : sound));

/** Forged with up to `most` oddities; says which. */
export function oddly(
  from: Forgery,
  oddities: readonly Oddity[],
  dice: Dice,
  most: number,
): readonly [Forgery, readonly string[]] {
  const chosen = most === 0 ? [] : [dice.pick(oddities), ...dice.some(oddities, most - 1)];
  return [chosen.reduce((draft, [, make]) => make(dice, draft), from), chosen.map(([what]) => what)];
}
