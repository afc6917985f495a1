import { createPrivateKey, type KeyObject } from 'node:crypto';
import { equalBytes } from '../tree/bytes.ts';
import { invariant } from '../tree/invariant.ts';
import { Secret } from '../tree/secret.ts';
import type { Certificate } from './certificate.ts';
import { readDer } from './der.ts';
import { type KeyFacts, readPkcs1, readPkcs8, readSec1 } from './key-der.ts';
import { type PemBlock, writePem } from './pem.ts';

/** A private key that OpenSSL and Go would load alike. */
export type PrivateKey = {
  /** One PEM block in the encoding that was given (PKCS#1, SEC1 or PKCS#8), 64 columns, LF. */
  readonly pem: Secret;
  /** Made when it is asked for: OpenSSL takes longer to load a key than all else that is done with it. */
  readonly object: KeyObject;
  /** The public key that belongs to it, as a certificate has it (PublicKey.octets); undefined for what only OpenSSL can derive. */
  readonly publicOctets: Uint8Array | undefined;
  readonly type: 'rsa' | 'ec' | 'ed25519';
  readonly bits: number;
  readonly curve: string | undefined;
  /** Where it stands in its file, from 1. */
  readonly block: number;
};

export type KeyProblem = { readonly kind: 'invalid' | 'unsupported'; readonly problem: string };

const encodings: Readonly<
  Record<string, { readonly type: 'pkcs1' | 'sec1' | 'pkcs8'; readonly read: (der: Uint8Array) => KeyFacts }>
> = {
  'RSA PRIVATE KEY': { type: 'pkcs1', read: readPkcs1 },
  'EC PRIVATE KEY': { type: 'sec1', read: der => readSec1(der) },
  'PRIVATE KEY': { type: 'pkcs8', read: readPkcs8 },
};

/** Whether a PEM label is that of a private key that can be read without a passphrase. */
export function isPlainKeyLabel(label: string): boolean {
  return Object.hasOwn(encodings, label);
}

/** Reads an unencrypted key; a problem never holds anything of the key. */
export function parsePrivateKey({ label, der, block }: PemBlock): PrivateKey | KeyProblem {
  const encoding = encodings[label];
  if (!encoding) return { kind: 'invalid', problem: `“${label}” is no private key that firstboot reads` };
  const facts = readDer(der, () => encoding.read(der));
  if (!facts.ok) return { kind: 'invalid', problem: facts.problem };
  const { type, bits, curve, publicOctets } = facts.value;
  if (type === 'unsupported') return { kind: 'unsupported', problem: curve ?? '' };
  // What was derived above proves the key; the rest OpenSSL has to load.
  let object = publicOctets ? undefined : open(der, encoding.type);
  if (!publicOctets && !object) return { kind: 'invalid', problem: 'OpenSSL cannot load it' };
  return {
    pem: new Secret(Buffer.from(writePem(label, der))),
    get object() {
      object ??= open(der, encoding.type);
      invariant(object, 'OpenSSL loads a key whose numbers belong together');
      return object;
    },
    publicOctets,
    type,
    bits,
    curve,
    block,
  };
}

function open(der: Uint8Array, type: 'pkcs1' | 'sec1' | 'pkcs8'): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), format: 'der', type });
  } catch {
    return undefined;
  }
}

/** Whether the private key is that of the certificate, by the public keys, as Go's X509KeyPair compares them. */
export function matches(certificate: Certificate, key: PrivateKey): boolean {
  const { publicKey } = certificate;
  if (publicKey.type !== key.type || publicKey.curve !== key.curve) return false;
  if (key.publicOctets) return equalBytes(publicKey.octets, key.publicOctets);
  try {
    return certificate.x509.checkPrivateKey(key.object);
  } catch {
    return false;
  }
}
