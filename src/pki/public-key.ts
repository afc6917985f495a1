import {
  cursorOf,
  enter,
  expectEnd,
  isEmpty,
  malformed,
  readBitString,
  readInteger,
  readOid,
  rest,
  tags,
} from './der.ts';

/** What is known of a public key; `bits` is 0 and `curve` undefined where firstboot does not know the type. */
export type PublicKey = {
  /** 'other' has a type that no TLS of Go's can use; `oid` names it. */
  readonly type: 'rsa' | 'ec' | 'ed25519' | 'other';
  readonly oid: string;
  readonly bits: number;
  /** "P-256" and so on; the OID where it has no such name. */
  readonly curve: string | undefined;
  /** What two keys of a type and curve are compared by: RSA's modulus and exponent (as DER), EC's point, else the whole key. */
  readonly octets: Uint8Array;
};

const curves: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  '1.3.132.0.33': { name: 'P-224', bits: 224 },
  '1.2.840.10045.3.1.7': { name: 'P-256', bits: 256 },
  '1.3.132.0.34': { name: 'P-384', bits: 384 },
  '1.3.132.0.35': { name: 'P-521', bits: 521 },
};

/** The curve of an OID, when Go knows it. */
export function curveOf(oid: string): { readonly name: string; readonly bits: number } | undefined {
  return curves[oid];
}

const what = 'the public key';

/** Reads a SubjectPublicKeyInfo as Go does (parsePublicKey): NULL parameters for RSA, named curve and uncompressed point for EC. */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const outer = enter(cursorOf(spki), tags.sequence, what);
  const algorithm = enter(outer, tags.sequence, what);
  const oid = readOid(algorithm, what);
  const { octets, unused } = readBitString(outer, what);
  if (unused !== 0) malformed(`${what} is malformed`);
  expectEnd(outer, what);
  switch (oid) {
    case '1.2.840.113549.1.1.1': {
      if (rest(enter(algorithm, tags.null, what)).length > 0 || !isEmpty(algorithm))
        malformed(`${what} has malformed parameters`);
      return { type: 'rsa', oid, ...rsaKey(octets), curve: undefined };
    }
    case '1.2.840.10045.2.1':
      return ecKey(oid, readOid(algorithm, 'the curve of the public key'), octets);
    case '1.3.101.112': {
      if (!isEmpty(algorithm) || octets.length !== 32) malformed(`${what} is malformed`);
      return { type: 'ed25519', oid, bits: 256, curve: undefined, octets };
    }
    default:
      return { type: 'other', oid, bits: 0, curve: undefined, octets };
  }
}

function rsaKey(octets: Uint8Array): Pick<PublicKey, 'bits' | 'octets'> {
  const key = cursorOf(octets);
  const sequence = enter(key, tags.sequence, what);
  const numbers = rest(sequence);
  const modulus = readInteger(sequence, what);
  const exponent = readInteger(sequence, what);
  expectEnd(sequence, what);
  expectEnd(key, what);
  const isOdd = (value: Uint8Array) => ((value[value.length - 1] ?? 0) & 1) === 1;
  // crypto/rsa: both odd, the exponent above 1 and below 2^31.
  const small = exponent.length > 4 || (exponent.length === 1 && (exponent[0] ?? 0) < 2);
  if ((modulus[0] ?? 0) >= 0x80 || (exponent[0] ?? 0) >= 0x80 || !isOdd(modulus) || !isOdd(exponent) || small)
    malformed(`${what} is no usable RSA key`);
  const first = modulus.findIndex(octet => octet !== 0);
  const bits = (modulus.length - first - 1) * 8 + (32 - Math.clz32(modulus[first] ?? 0));
  return { bits, octets: numbers };
}

function ecKey(oid: string, curveOid: string, point: Uint8Array): PublicKey {
  const curve = curves[curveOid];
  if (!curve) return { type: 'ec', oid, bits: 0, curve: curveOid, octets: point };
  if (point[0] !== 4) malformed(`${what} is a compressed EC point, which Go refuses`);
  if (point.length !== 1 + 2 * Math.ceil(curve.bits / 8)) malformed(`${what} is no point of ${curve.name}`);
  return { type: 'ec', oid, bits: curve.bits, curve: curve.name, octets: point };
}

/** A key as people say it: "RSA-2048", "EC P-256". */
export function keyText(key: {
  readonly type: string;
  readonly bits: number;
  readonly curve: string | undefined;
  readonly oid?: string;
}): string {
  switch (key.type) {
    case 'rsa':
      return `RSA-${key.bits}`;
    case 'ec':
      return `EC ${key.curve ?? ''}`;
    case 'ed25519':
      return 'Ed25519';
    default:
      return `a key of type ${key.oid ?? key.type}`;
  }
}

/** Why Kubernetes cannot use a key, or undefined when it can (crypto/rsa's 1024 bits, crypto/tls' 8192 bits and its curves). */
export function whyUnusable(key: {
  readonly type: string;
  readonly bits: number;
  readonly curve: string | undefined;
}): string | undefined {
  switch (key.type) {
    case 'rsa':
      if (key.bits < 1024) return 'Go refuses RSA keys under 1024 bits';
      return key.bits > 8192 ? 'Go’s TLS refuses RSA keys over 8192 bits' : undefined;
    case 'ec':
      return ['P-256', 'P-384', 'P-521'].includes(key.curve ?? '')
        ? undefined
        : 'Go’s TLS knows P-256, P-384 and P-521 only';
    case 'ed25519':
      return undefined;
    default:
      return 'Go’s TLS knows RSA, ECDSA and Ed25519 only';
  }
}
