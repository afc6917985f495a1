import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/**
 * Certificates as odd as a test needs them, built from DER by hand: a library would refuse to make most of them. Keys are made
 * at run time and live in memory only.
 */
export type Forged = { readonly der: Uint8Array; readonly pem: string; readonly key: KeyObject };

export type Forgery = {
  readonly subject?: Uint8Array;
  readonly issuer?: Forged & { readonly subject?: Uint8Array };
  readonly issuerName?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly key?: KeyObject;
  /** Signs instead of the issuer's key. */
  readonly signer?: KeyObject;
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'md5';
  readonly extensions?: readonly Uint8Array[];
  readonly version?: number;
};

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const octets = content.length < 0x100 ? [content.length] : [content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length, ...octets]), content]);
}

export const bytes = (...octets: number[]): Uint8Array => Buffer.from(octets);
export const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...others].flatMap(arc => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return tlv(0x06, Buffer.from(octets));
}

const types = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11' } as const;

/** A name; each attribute is an RDN of its own. `tag` 0x0c is UTF8String, 0x13 PrintableString. */
export function name(
  ...attributes: readonly (readonly [type: keyof typeof types, value: string, tag?: number])[]
): Uint8Array {
  return tlv(
    0x30,
    ...attributes.map(([type, value, tag = 0x0c]) => tlv(0x31, tlv(0x30, oid(types[type]), tlv(tag, text(value))))),
  );
}

export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return tlv(0x30, oid(id), ...(critical ? [bytes(1, 1, 0xff)] : []), tlv(0x04, value));
}

export const basicConstraints = (ca: boolean): Uint8Array =>
  extension('2.5.29.19', tlv(0x30, ...(ca ? [bytes(1, 1, 0xff)] : [])), true);
export const keyUsage = (octet: number, unused: number): Uint8Array =>
  extension('2.5.29.15', tlv(0x03, bytes(unused, octet)), true);
export const digitalSignature = (): Uint8Array => keyUsage(0x80, 7);
export const certSign = (): Uint8Array => keyUsage(0x06, 1);
export const clientAuth = '1.3.6.1.5.5.7.3.2';
export const serverAuth = '1.3.6.1.5.5.7.3.1';
export const eku = (...purposes: readonly string[]): Uint8Array =>
  extension('2.5.29.37', tlv(0x30, ...purposes.map(oid)));
export const dns = (value: string): Uint8Array => tlv(0x82, text(value));
export const ip = (...octets: readonly number[]): Uint8Array => tlv(0x87, Buffer.from(octets));
export const san = (...names: readonly Uint8Array[]): Uint8Array => extension('2.5.29.17', tlv(0x30, ...names));
export const subjectKeyId = (...octets: number[]): Uint8Array => extension('2.5.29.14', tlv(0x04, bytes(...octets)));
export const authorityKeyId = (...octets: number[]): Uint8Array =>
  extension('2.5.29.35', tlv(0x30, tlv(0x80, bytes(...octets))));

export function ecKey(curve = 'P-256'): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
}

const spare = new Map<number, KeyObject>();
/** RSA keys take long to make, so that one of a size serves a whole test file. */
export function rsaKey(bits = 2048): KeyObject {
  const key = spare.get(bits) ?? generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
  spare.set(bits, key);
  return key;
}

const day = 86_400_000;
export const now = Date.parse('2026-06-01T00:00:00Z');

function algorithm(key: KeyObject, hash: string): Uint8Array {
  if (key.asymmetricKeyType === 'ed25519') return tlv(0x30, oid('1.3.101.112'));
  const rsa = {
    md5: '1.2.840.113549.1.1.4',
    sha1: '1.2.840.113549.1.1.5',
    sha256: '1.2.840.113549.1.1.11',
    sha384: '1.2.840.113549.1.1.12',
  };
  const ec = {
    md5: '1.2.840.10045.4.1',
    sha1: '1.2.840.10045.4.1',
    sha256: '1.2.840.10045.4.3.2',
    sha384: '1.2.840.10045.4.3.3',
  };
  const isRsa = key.asymmetricKeyType === 'rsa';
  return tlv(0x30, oid((isRsa ? rsa : ec)[hash as 'sha256']), ...(isRsa ? [bytes(5, 0)] : []));
}

function time(date: Date): Uint8Array {
  return tlv(0x18, text(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

export function forge(forgery: Forgery): Forged & { readonly subject: Uint8Array } {
  const {
    subject = name(['CN', 'test']),
    issuer,
    serial = bytes(0x2a),
    hash = 'sha256',
    version = 3,
    extensions = [],
  } = forgery;
  const key = forgery.key ?? ecKey();
  const signer = forgery.signer ?? issuer?.key ?? key;
  const spki = key.type === 'private' ? publicDer(key) : key.export({ type: 'spki', format: 'der' });
  const signature = algorithm(signer, hash);
  const tbs = tlv(
    0x30,
    ...(version > 1 ? [tlv(0xa0, bytes(2, 1, version - 1))] : []),
    tlv(0x02, serial),
    signature,
    forgery.issuerName ?? issuer?.subject ?? subject,
    tlv(0x30, time(forgery.notBefore ?? new Date(now - day)), time(forgery.notAfter ?? new Date(now + 365 * day))),
    subject,
    spki,
    ...(extensions.length > 0 ? [tlv(0xa3, tlv(0x30, ...extensions))] : []),
  );
  const value = sign(signer.asymmetricKeyType === 'ed25519' ? null : hash, tbs, signer);
  const der = tlv(0x30, tbs, signature, tlv(0x03, bytes(0), value));
  return { der, pem: pem('CERTIFICATE', der), key, subject };
}

function publicDer(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

export function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}

export function keyPem(key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
}

export const caName = name(['CN', 'Kubernetes'], ['O', 'test']);

export function forgeCa(over: Forgery = {}): Forged & { readonly subject: Uint8Array } {
  return forge({
    subject: caName,
    notAfter: new Date(now + 3650 * day),
    extensions: [basicConstraints(true), certSign(), subjectKeyId(1, 2, 3)],
    ...over,
  });
}

export const workerName = name(['CN', 'system:node:worker-0'], ['O', 'system:nodes']);
export const workerExtensions: readonly Uint8Array[] = [
  basicConstraints(false),
  digitalSignature(),
  eku(clientAuth, serverAuth),
  san(dns('worker-0'), ip(10, 0, 1, 20)),
  authorityKeyId(1, 2, 3),
];

export function forgeWorker(
  issuer: Forged & { readonly subject: Uint8Array },
  over: Forgery = {},
): Forged & { readonly subject: Uint8Array } {
  return forge({ subject: workerName, issuer, extensions: workerExtensions, ...over });
}
