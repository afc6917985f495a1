import { createECDH } from 'node:crypto';
import {
  type Cursor,
  contextTag,
  cursorOf,
  enter,
  enterIf,
  expectEnd,
  hex,
  isEmpty,
  malformed,
  peek,
  readBitString,
  readInteger,
  readOid,
  readSmallInteger,
  rest,
  tags,
} from './der.ts';
import { curveOf } from './public-key.ts';

/** What a private key's DER says of itself. `unsupported` is a well-formed key of a type that Go's TLS cannot use. */
export type KeyFacts = {
  readonly type: 'rsa' | 'ec' | 'ed25519' | 'unsupported';
  readonly bits: number;
  readonly curve: string | undefined;
  /** The public key's octets as a SubjectPublicKeyInfo has them; undefined where they are not derived here. */
  readonly publicOctets: Uint8Array | undefined;
};

const opensslCurves: Readonly<Record<string, string>> = {
  'P-224': 'secp224r1',
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

/** PKCS#8 PrivateKeyInfo. Attributes and a public key after the key are read over, as Go does. */
export function readPkcs8(der: Uint8Array): KeyFacts {
  const top = cursorOf(der);
  const sequence = enter(top, tags.sequence, 'the key');
  expectEnd(top, 'the key');
  readSmallInteger(sequence, 'the version');
  const algorithm = enter(sequence, tags.sequence, 'the key’s algorithm');
  const oid = readOid(algorithm, 'the key’s algorithm');
  const inner = rest(enter(sequence, tags.octetString, 'the key'));
  while (!isEmpty(sequence)) enter(sequence, undefined, 'the key’s attributes');
  switch (oid) {
    case '1.2.840.113549.1.1.1':
      return readPkcs1(inner);
    case '1.2.840.10045.2.1':
      if (peek(algorithm) !== tags.oid) malformed('its curve is given by parameters, not by name');
      return readSec1(inner, readOid(algorithm, 'the curve'));
    case '1.3.101.112': {
      const seed = cursorOf(inner);
      if (rest(enter(seed, tags.octetString, 'the key')).length !== 32) malformed('the key has the wrong length');
      expectEnd(seed, 'the key');
      return { type: 'ed25519', bits: 256, curve: undefined, publicOctets: undefined };
    }
    default:
      return { type: 'unsupported', bits: 0, curve: oid, publicOctets: undefined };
  }
}

/** PKCS#1 RSAPrivateKey. Its numbers must agree: OpenSSL does not look, but Go refuses the key, and a fault in one leaks the others. */
export function readPkcs1(der: Uint8Array): KeyFacts {
  const top = cursorOf(der);
  const sequence = enter(top, tags.sequence, 'the RSA key');
  expectEnd(top, 'the RSA key');
  if (readSmallInteger(sequence, 'the version') !== 0) malformed('it is an RSA key of more than two primes');
  const number = () => positive(readInteger(sequence, 'a number of the RSA key'));
  const begin = sequence.at;
  const [n, e] = [number(), number()];
  const publicOctets = der.subarray(begin, sequence.at);
  const [d, p, q] = [number(), number(), number()];
  const [dp, dq, qInverse] = [number(), number(), number()];
  expectEnd(sequence, 'the RSA key');
  const consistent =
    p > 1n &&
    q > 1n &&
    p !== q &&
    p * q === n &&
    d < n &&
    e > 1n &&
    e < 2n ** 31n &&
    (e & 1n) === 1n &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    (qInverse * q) % p === 1n &&
    qInverse < p;
  if (!consistent) malformed('the numbers of the RSA key do not belong together');
  return { type: 'rsa', bits: n.toString(2).length, curve: undefined, publicOctets };
}

function positive(octets: Uint8Array): bigint {
  if ((octets[0] ?? 0) >= 0x80) malformed('the RSA key has a negative number');
  return BigInt(`0x${hex(octets)}`);
}

/** SEC1 ECPrivateKey; in PKCS#8 the curve stands outside. The public key beside it must be its own: OpenSSL believes it, Go computes it. */
export function readSec1(der: Uint8Array, outerCurve?: string): KeyFacts {
  const top = cursorOf(der);
  const sequence = enter(top, tags.sequence, 'the EC key');
  expectEnd(top, 'the EC key');
  if (readSmallInteger(sequence, 'the version') !== 1) malformed('the EC key has an unknown version');
  const secret = rest(enter(sequence, tags.octetString, 'the EC key'));
  const ownCurve = readCurve(enterIf(sequence, contextTag(0, true), 'the curve'));
  const point = enterIf(sequence, contextTag(1, true), 'the public key');
  const publicKey = point && readBitString(point, 'the public key').octets;
  expectEnd(sequence, 'the EC key');
  const oid = outerCurve ?? ownCurve ?? malformed('the EC key does not name its curve');
  if (ownCurve !== undefined && ownCurve !== oid) malformed('the EC key names two curves');
  const curve = curveOf(oid);
  if (!curve) return { type: 'ec', bits: 0, curve: oid, publicOctets: undefined };
  return { type: 'ec', bits: curve.bits, curve: curve.name, publicOctets: derivePoint(curve.name, secret, publicKey) };
}

function readCurve(explicit: Cursor | undefined): string | undefined {
  if (!explicit) return undefined;
  if (peek(explicit) !== tags.oid) malformed('its curve is given by parameters, not by name');
  return readOid(explicit, 'the curve');
}

/** The uncompressed point of the secret; fails when the key holds another beside it. */
function derivePoint(curve: string, secret: Uint8Array, publicKey: Uint8Array | undefined): Uint8Array {
  const ecdh = createECDH(opensslCurves[curve] ?? '');
  try {
    ecdh.setPrivateKey(secret);
  } catch {
    malformed(`the EC key is out of ${curve}’s range`);
  }
  const point = ecdh.getPublicKey();
  const same =
    publicKey === undefined || point.equals(publicKey) || ecdh.getPublicKey(null, 'compressed').equals(publicKey);
  return same ? point : malformed('the public key in it is not that of the private key');
}
