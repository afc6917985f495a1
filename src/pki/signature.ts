import {
  contextTag,
  cursorOf,
  enter,
  enterIf,
  expectEnd,
  isEmpty,
  readOid,
  readSmallInteger,
  rest,
  tags,
} from './der.ts';

export type SignatureAlgorithm = {
  readonly oid: string;
  /** For example "SHA256 with RSA"; the OID where firstboot has no name for it. */
  readonly name: string;
  /** The key that can make it; undefined when Go knows not the algorithm, or refuses it as weak. */
  readonly key: 'rsa' | 'ec' | 'ed25519' | undefined;
  /** Go and OpenSSL know it, but it can be forged. */
  readonly weak: boolean;
};

type Known = readonly [name: string, key: SignatureAlgorithm['key'], weak: boolean];

// crypto/x509, signatureAlgorithmDetails; what Go has never known (MD2, SHA-224, Ed448) is left out.
const known: Readonly<Record<string, Known>> = {
  '1.2.840.113549.1.1.4': ['MD5 with RSA', undefined, true],
  '1.2.840.113549.1.1.5': ['SHA-1 with RSA', undefined, true],
  '1.3.14.3.2.29': ['SHA-1 with RSA', undefined, true],
  '1.2.840.10045.4.1': ['SHA-1 with ECDSA', undefined, true],
  '1.2.840.10040.4.3': ['SHA-1 with DSA', undefined, true],
  '1.2.840.113549.1.1.11': ['SHA-256 with RSA', 'rsa', false],
  '1.2.840.113549.1.1.12': ['SHA-384 with RSA', 'rsa', false],
  '1.2.840.113549.1.1.13': ['SHA-512 with RSA', 'rsa', false],
  '1.2.840.10045.4.3.2': ['SHA-256 with ECDSA', 'ec', false],
  '1.2.840.10045.4.3.3': ['SHA-384 with ECDSA', 'ec', false],
  '1.2.840.10045.4.3.4': ['SHA-512 with ECDSA', 'ec', false],
  '1.3.101.112': ['Ed25519', 'ed25519', false],
};

const saltLengths: Readonly<Record<string, readonly [hash: string, salt: number]>> = {
  '2.16.840.1.101.3.4.2.1': ['SHA-256', 32],
  '2.16.840.1.101.3.4.2.2': ['SHA-384', 48],
  '2.16.840.1.101.3.4.2.3': ['SHA-512', 64],
};

/** Reads an AlgorithmIdentifier (DER) as Go does (getSignatureAlgorithmFromAI). */
export function readSignatureAlgorithm(der: Uint8Array): SignatureAlgorithm {
  const sequence = enter(cursorOf(der), tags.sequence, 'the signature algorithm');
  const oid = readOid(sequence, 'the signature algorithm');
  if (oid === '1.2.840.113549.1.1.10') return readPss(oid, rest(sequence));
  const entry = known[oid];
  if (!entry || (oid === '1.3.101.112' && !isEmpty(sequence))) return { oid, name: oid, key: undefined, weak: false };
  const [name, key, weak] = entry;
  return { oid, name, key, weak };
}

/** RSA-PSS, in the three forms that Go takes: one hash throughout, the salt as long as the hash. */
function readPss(oid: string, parameters: Uint8Array): SignatureAlgorithm {
  const what = 'the RSA-PSS parameters';
  const unknown: SignatureAlgorithm = { oid, name: 'RSA-PSS with unusual parameters', key: undefined, weak: false };
  const outer = cursorOf(parameters);
  if (isEmpty(outer)) return unknown;
  const sequence = enter(outer, tags.sequence, what);
  expectEnd(outer, what);
  const hash = enterIf(sequence, contextTag(0, true), what);
  const mask = enterIf(sequence, contextTag(1, true), what);
  const salt = enterIf(sequence, contextTag(2, true), what);
  const trailer = enterIf(sequence, contextTag(3, true), what);
  if (!hash || !mask || !salt || (trailer && readSmallInteger(trailer, what) !== 1)) return unknown;
  const hashOid = readOid(enter(hash, tags.sequence, what), what);
  const maskSequence = enter(mask, tags.sequence, what);
  const isMgf1 = readOid(maskSequence, what) === '1.2.840.113549.1.1.8';
  const maskHash = readOid(enter(maskSequence, tags.sequence, what), what);
  const [name, length] = saltLengths[hashOid] ?? [];
  if (!isMgf1 || maskHash !== hashOid || name === undefined || readSmallInteger(salt, what) !== length) return unknown;
  return { oid, name: `${name} with RSA-PSS`, key: 'rsa', weak: false };
}
