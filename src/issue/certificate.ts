import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type Certificate, parseCertificate } from '../pki/certificate.ts';
import { cursorOf, enter, readBitString, tags } from '../pki/der.ts';
import { purposes, type Usage, usages } from '../pki/extensions.ts';
import { issuance } from '../pki/issued-by.ts';
import { invariant } from '../tree/invariant.ts';
import { bitString, boolean, element, integer, nothing, octetString, oid, sequence, set, time, utf8 } from './der.ts';

// Written out here and not left to a library: the issuer must be the CA's own bytes, whatever string types they are
// of, since Go
// compares names as bytes; and the ready libraries know RSA only, or want a global polyfill and a second of loading.

export type Names = { readonly dns: readonly string[]; readonly ips: readonly string[] };

export type CertificateRequest = {
  /** In the order of the certificate. */
  readonly subject: readonly { readonly type: 'CN' | 'O'; readonly value: string }[];
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970, both ends included. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
  readonly usages: readonly Usage[];
  readonly purposes: readonly ('clientAuth' | 'serverAuth')[];
  /** IPv4 addresses only. */
  readonly names: Names;
};

export type Signer = { readonly certificate: Certificate; readonly key: KeyObject };

/** Issues a certificate from the CA, with a random serial number. What it gives was read back and verified. */
export function issueCertificate(request: CertificateRequest, signer: Signer): Certificate {
  const keyId = signer.certificate.subjectKeyId;
  const issued = build(
    request,
    signer.key,
    signer.certificate.rawSubject,
    keyId === undefined ? keyIdOf(signer.certificate.spki) : Buffer.from(keyId, 'hex'),
  );
  const judged = issuance(issued, signer.certificate);
  invariant(judged.kind === 'signed', `the new certificate is signed by the CA (${judged.kind})`);
  return issued;
}

/** A self-signed certificate: a new CA. */
export function selfSign(request: Omit<CertificateRequest, 'publicKey'>, key: KeyObject): Certificate {
  return build({ ...request, publicKey: createPublicKey(key) }, key, nameOf(request.subject), undefined);
}

function build(
  request: CertificateRequest,
  key: KeyObject,
  issuer: Uint8Array,
  issuerKeyId: Uint8Array | undefined,
): Certificate {
  const algorithm = algorithmOf(key);
  const spki = request.publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(
    element(0xa0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    algorithm.identifier,
    issuer,
    sequence(time(request.notBefore), time(request.notAfter)),
    nameOf(request.subject),
    spki,
    element(0xa3, sequence(...extensionsOf(request, keyIdOf(spki), issuerKeyId))),
  );
  const der = sequence(body, algorithm.identifier, bitString(sign(algorithm.hash, body, key)));
  const certificate = parseCertificate(der);
  invariant(!('problem' in certificate), 'a certificate that was just written can be read');
  return certificate;
}

/** 126 random bits: positive, never zero, always 16 octets (RFC 5280 allows 20). */
function serialNumber(): Uint8Array {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets;
}

const attributes = { CN: '2.5.4.3', O: '2.5.4.10' } as const;

function nameOf(subject: CertificateRequest['subject']): Uint8Array {
  return sequence(...subject.map(({ type, value }) => set(sequence(oid(attributes[type]), utf8(value)))));
}

function extensionsOf(
  request: CertificateRequest,
  keyId: Uint8Array,
  issuerKeyId: Uint8Array | undefined,
): readonly Uint8Array[] {
  const { ca, names } = request;
  const alternatives = [
    ...names.dns.map(name => element(0x82, new TextEncoder().encode(name))),
    ...names.ips.map(address => element(0x87, Uint8Array.from(address.split('.').map(Number)))),
  ];
  return [
    extension('2.5.29.19', true, ca ? sequence(boolean(true)) : sequence()),
    extension('2.5.29.15', true, usageBits(request.usages)),
    ...(request.purposes.length > 0
      ? [extension('2.5.29.37', false, sequence(...request.purposes.map(one => oid(purposes[one]))))]
      : []),
    ...(alternatives.length > 0 ? [extension('2.5.29.17', false, sequence(...alternatives))] : []),
    extension('2.5.29.14', false, octetString(keyId)),
    ...(issuerKeyId ? [extension('2.5.29.35', false, sequence(element(0x80, issuerKeyId)))] : []),
  ];
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

/** A named bit list: the first usage is the highest bit, and trailing zero bits are not written. */
function usageBits(used: readonly Usage[]): Uint8Array {
  const indices = used.map(usage => usages.indexOf(usage));
  invariant(indices.length > 0 && indices.every(index => index >= 0 && index < 8), 'usages fit one octet');
  const octet = indices.reduce((bits, index) => bits | (0x80 >> index), 0);
  return bitString(Uint8Array.of(octet), 7 - Math.max(...indices));
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the public key's bits. An identifier, no protection. */
function keyIdOf(spki: Uint8Array): Uint8Array {
  const outer = enter(cursorOf(spki), tags.sequence, 'the public key');
  enter(outer, tags.sequence, 'the public key');
  return createHash('sha1').update(readBitString(outer, 'the public key').octets).digest();
}

/** By the CA's key: SHA-256, or the hash as long as the curve. */
function algorithmOf(key: KeyObject): { readonly hash: string | null; readonly identifier: Uint8Array } {
  if (key.asymmetricKeyType === 'rsa')
    return { hash: 'sha256', identifier: sequence(oid('1.2.840.113549.1.1.11'), nothing()) };
  if (key.asymmetricKeyType === 'ed25519') return { hash: null, identifier: sequence(oid('1.3.101.112')) };
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return { hash: 'sha384', identifier: sequence(oid('1.2.840.10045.4.3.3')) };
    case 'secp521r1':
      return { hash: 'sha512', identifier: sequence(oid('1.2.840.10045.4.3.4')) };
    default:
      return { hash: 'sha256', identifier: sequence(oid('1.2.840.10045.4.3.2')) };
  }
}
