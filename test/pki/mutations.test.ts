import { createPublicKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { readPem } from '../../src/pki/pem.ts';
import { type Forged, forgeCa, forgeWorker, keyPem, pem, rsaKey } from './forge.ts';
import { isAccepted, judge, type Verdict } from './judge.ts';

/** A few thousand by default; `FIRSTBOOT_MUTATIONS=1000000` for a night. */
const runs = Number(process.env.FIRSTBOOT_MUTATIONS ?? 4000);
const timeout = 30_000 + runs * 20;

type Part = 'ca' | 'certificate' | 'key';
type Files = Readonly<Record<Part, Uint8Array>>;
type World = { readonly files: Files; readonly der: Files; readonly labels: Readonly<Record<Part, string>> };

const ca = forgeCa();
const rsaCa = forgeCa({ key: rsaKey(2560) });

function world(
  authority: Forged & { readonly subject: Uint8Array },
  type: 'sec1' | 'pkcs1' | 'pkcs8',
  rsa: boolean,
): World {
  const leaf = forgeWorker(authority, rsa ? { key: rsaKey() } : {});
  const key = keyPem(leaf.key, type);
  return {
    files: { ca: Buffer.from(authority.pem), certificate: Buffer.from(leaf.pem), key: Buffer.from(key) },
    der: {
      ca: authority.der,
      certificate: leaf.der,
      key: readPem(Buffer.from(key)).blocks[0]?.der ?? new Uint8Array(),
    },
    labels: {
      ca: 'CERTIFICATE',
      certificate: 'CERTIFICATE',
      key: { sec1: 'EC PRIVATE KEY', pkcs1: 'RSA PRIVATE KEY', pkcs8: 'PRIVATE KEY' }[type],
    },
  };
}

const worlds: readonly World[] = [
  world(ca, 'pkcs8', false),
  world(ca, 'sec1', false),
  world(rsaCa, 'pkcs1', true),
  world(ca, 'pkcs8', true),
];
/** What a splice may bring in: another CA of the same name, another worker's files, all as valid as ours. */
const strangers: readonly World[] = [
  world(forgeCa(), 'pkcs8', false),
  world(ca, 'sec1', false),
  world(rsaCa, 'pkcs8', false),
];

const position = fc.double({ min: 0, max: 0.999999, noNaN: true });
const edit = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at: position, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: position }),
  fc.record({ kind: fc.constant('remove' as const), at: position, length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: position,
    value: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant('repeat' as const), at: position, length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({
    kind: fc.constant('splice' as const),
    at: position,
    from: position,
    length: fc.integer({ min: 1, max: 800 }),
    stranger: fc.nat(2),
    part: fc.constantFrom<Part>('ca', 'certificate', 'key'),
  }),
  fc.record({
    kind: fc.constant('replace' as const),
    stranger: fc.nat(2),
    part: fc.constantFrom<Part>('ca', 'certificate', 'key'),
  }),
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function apply(bytes: Uint8Array, one: Edit, donor: (stranger: number, part: Part) => Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes);
  const at = 'at' in one ? Math.floor(one.at * buffer.length) : 0;
  switch (one.kind) {
    case 'flip':
      if (buffer.length > 0) buffer.writeUInt8(buffer.readUInt8(at) ^ (1 << one.bit), at);
      return buffer;
    case 'set':
      if (buffer.length > 0) buffer.writeUInt8(one.value, at);
      return buffer;
    case 'cut':
      return buffer.subarray(0, at);
    case 'remove':
      return Buffer.concat([buffer.subarray(0, at), buffer.subarray(at + one.length)]);
    case 'insert':
      return Buffer.concat([buffer.subarray(0, at), one.value, buffer.subarray(at)]);
    case 'repeat':
      return Buffer.concat([buffer.subarray(0, at + one.length), buffer.subarray(at)]);
    case 'splice': {
      const other = donor(one.stranger, one.part);
      const start = Math.floor(one.from * other.length);
      return Buffer.concat([
        buffer.subarray(0, at),
        other.subarray(start, start + one.length),
        buffer.subarray(at + one.length),
      ]);
    }
    case 'replace':
      return donor(one.stranger, one.part);
  }
}

const mutation = fc.record({
  world: fc.nat(worlds.length - 1),
  part: fc.constantFrom<Part>('ca', 'certificate', 'key'),
  inDer: fc.boolean(),
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
});

function mutated(worldFiles: World, part: Part, inDer: boolean, edits: readonly Edit[]): Files {
  const source = inDer ? 'der' : 'files';
  const donor = (stranger: number, from: Part) => strangers[stranger]?.[source][from] ?? new Uint8Array();
  const bytes = edits.reduce((all, one) => apply(all, one, donor), worldFiles[source][part]);
  return { ...worldFiles.files, [part]: inDer ? Buffer.from(pem(worldFiles.labels[part], bytes)) : bytes };
}

/** Accepted means the very certificates that were issued, and a key that signs for them. */
function expectSame(verdict: Verdict, original: World): void {
  const { ca: authority, identity } = verdict;
  expect(Buffer.compare(authority?.der ?? new Uint8Array(), original.der.ca)).toBe(0);
  expect(Buffer.compare(identity.certificate?.der ?? new Uint8Array(), original.der.certificate)).toBe(0);
  const key = identity.key;
  expect(key).toBeDefined();
  const x509 = identity.certificate?.x509;
  if (!key || !x509) return;
  const challenge = Buffer.from('challenge');
  expect(verify('sha256', challenge, x509.publicKey, sign('sha256', challenge, key.object))).toBe(true);
  // What travels is the block that was judged.
  expect(createPublicKey(Buffer.from(key.pem.reveal()).toString()).equals(x509.publicKey)).toBe(true);
}

test('the unchanged files are accepted', () => {
  for (const original of worlds) {
    const verdict = judge(original.files);
    expect(verdict.codes).toEqual([]);
    expectSame(verdict, original);
  }
});

test(
  'a mutated identity is the same in all facts, or reported',
  () => {
    fc.assert(
      fc.property(mutation, ({ world: index, part, inDer, edits }) => {
        const original = worlds[index];
        if (!original) return;
        const verdict = judge(mutated(original, part, inDer, edits));
        if (isAccepted(verdict)) expectSame(verdict, original);
        else expect(verdict.findings.every(one => one.message.length > 0 && one.hint.length > 0)).toBe(true);
      }),
      { numRuns: runs },
    );
  },
  timeout,
);

/** All bits when a night is asked for, else one of every octet. */
const step = process.env.FIRSTBOOT_MUTATIONS === undefined ? 9 : 1;

test('no single flipped bit of a certificate passes', () => {
  const [original] = worlds;
  if (!original) return;
  for (const part of ['certificate', 'ca'] as const) {
    for (let bit = 0; bit < original.der[part].length * 8; bit += step) {
      const der = Buffer.from(original.der[part]);
      der.writeUInt8(der.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const verdict = judge({ ...original.files, [part]: pem('CERTIFICATE', der) });
      expect(isAccepted(verdict), `bit ${bit} of the ${part}`).toBe(false);
    }
  }
}, 120_000);

test(
  'garbage never throws',
  () => {
    const shaped = fc
      .uint8Array({ maxLength: 300 })
      .map(octets => Buffer.concat([Buffer.from([0x30, 0x82, octets.length >> 8, octets.length & 0xff]), octets]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), shaped), octets => {
        parseCertificate(octets);
        readPem(octets);
        judge({ ca: octets, certificate: pem('CERTIFICATE', octets), key: pem('PRIVATE KEY', octets) });
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  },
  timeout,
);
