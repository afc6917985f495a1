import { equalBytes } from '../tree/bytes.ts';
import type { Certificate } from './certificate.ts';

/** How a certificate and a CA belong together; everything but `signed` is a refusal of Go's or OpenSSL's verifier. */
export type Issuance =
  | { readonly kind: 'signed' }
  | { readonly kind: 'other-name' }
  /** The names read the same, but are encoded otherwise: OpenSSL takes them for equal, Go compares bytes. */
  | { readonly kind: 'other-encoding' }
  | { readonly kind: 'weak' }
  | { readonly kind: 'unknown-algorithm' }
  | { readonly kind: 'other-key' };

/** Judges names and signature only; whether the CA may sign is the CA's affair. */
export function issuance(certificate: Certificate, ca: Certificate): Issuance {
  if (!equalBytes(certificate.rawIssuer, ca.rawSubject)) {
    return { kind: certificate.issuerText === ca.subjectText ? 'other-encoding' : 'other-name' };
  }
  const { key, weak } = certificate.signatureAlgorithm;
  if (weak) return { kind: 'weak' };
  if (key === undefined) return { kind: 'unknown-algorithm' };
  return { kind: key === ca.publicKey.type && isSignatureOf(certificate, ca) ? 'signed' : 'other-key' };
}

/** Whether the CA's key made the certificate's signature, whatever their names. */
export function isSignatureOf(certificate: Certificate, ca: Certificate): boolean {
  const { keyObject } = ca;
  if (!keyObject) return false;
  try {
    return certificate.x509.verify(keyObject);
  } catch {
    return false;
  }
}
