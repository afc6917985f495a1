import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { whyForbidden } from '../../pki/constrained.ts';
import { hex } from '../../pki/der.ts';
import { issuance } from '../../pki/issued-by.ts';
import { printable, readNameText } from '../../pki/name.ts';
import { equalBytes } from '../../tree/bytes.ts';
import type { WorkerRule } from '../context.ts';
import { type Judged, judgedWorker } from './pki-judged.ts';

/** The certificate was signed by the CA in the PKI folder, as both Go's and OpenSSL's verifiers judge. */
export const pkiIssuer: WorkerRule = context => {
  const subject = judgedWorker(context);
  return subject ? issuerFindings(subject) : [];
};

export function issuerFindings(subject: Judged): readonly Finding[] {
  const { certificate, ca, what, origin, caFile } = subject;
  // A CA in the worker's place is reported as that.
  if (!ca || ca.sha256 === certificate.sha256) return [];
  const result = issuance(certificate, ca);
  const notSigned = (reason: 'name' | 'encoding' | 'key' | 'self') =>
    finding(
      'PKI_NOT_SIGNED_BY_CA',
      origin,
      { what, reason, issuer: certificate.issuerText, ca: ca.subjectText, caFile },
      [
        {
          message: `the CA, with the public key ${ca.publicKeySha256.slice(0, 16)}`,
          origin: { file: caFile, block: 1 },
        },
      ],
    );
  switch (result.kind) {
    case 'other-name':
      return [notSigned(equalBytes(certificate.rawIssuer, certificate.rawSubject) ? 'self' : 'name')];
    case 'other-encoding':
      return [notSigned('encoding')];
    case 'other-key':
      return [notSigned('key')];
    case 'weak':
    case 'unknown-algorithm':
      return [
        finding('PKI_SIGNATURE_WEAK', origin, {
          what,
          algorithm: certificate.signatureAlgorithm.name,
          weak: result.kind === 'weak',
        }),
      ];
    case 'signed':
      // OpenSSL compares names in lower case, whatever string types they are of.
      if (certificate.issuerText.toLowerCase() === certificate.subjectText.toLowerCase())
        return [finding('PKI_CA_SAME_SUBJECT', origin, { what, subject: ca.subjectText })];
      return [...linkFindings(subject, ca), ...constraintFindings(subject, ca)];
  }
}

/**
 * Whether OpenSSL takes the CA for the issuer too (X509_check_issued). It reads all of a certificate's extensions, what Go passes over as
 * well, and finds no issuer for one that has something unreadable in them. What is wrong with the CA is not said for each worker.
 */
function linkFindings(subject: Judged, ca: Certificate): readonly Finding[] {
  const differences = identifierFindings(subject, ca);
  const { certificate, what, origin } = subject;
  if (differences.length > 0 || certificate.x509.checkIssued(ca.x509) || !ca.x509.checkIssued(ca.x509))
    return differences;
  return [unreadable(what, origin)];
}

/** The same of a CA that issued itself. */
export function selfLinkFindings(subject: Pick<Judged, 'certificate' | 'what' | 'origin'>): readonly Finding[] {
  const { certificate, what, origin } = subject;
  const differences = identifierFindings(subject, certificate);
  // Without keyCertSign OpenSSL takes it for no issuer either, which is another finding.
  const maySign = certificate.keyUsage?.includes('keyCertSign') ?? true;
  if (differences.length > 0 || !maySign || certificate.x509.checkIssued(certificate.x509)) return differences;
  return [unreadable(what, origin)];
}

const unreadable = (what: string, origin: Origin) =>
  finding('PKI_CERTIFICATE_INVALID', origin, { what, reason: 'OpenSSL cannot read one of its extensions' });

/** X509_check_akid of OpenSSL: key identifier, then the issuer's serial number and issuer, each only where it is given. */
function identifierFindings(
  { certificate, what, origin }: Pick<Judged, 'certificate' | 'what' | 'origin'>,
  ca: Certificate,
): readonly Finding[] {
  const { authorityKeyId, authority } = certificate;
  const differs = (field: 'key identifier' | 'serial number' | 'issuer', named: string, found: string) => [
    finding('PKI_KEY_ID_MISMATCH', origin, { what, field, named: printable(named), found: printable(found) }, []),
  ];
  if (authorityKeyId !== undefined && ca.subjectKeyId !== undefined && authorityKeyId !== ca.subjectKeyId) {
    return differs('key identifier', authorityKeyId, ca.subjectKeyId);
  }
  if (authority.serial !== undefined && authority.serial !== ca.serial.hex)
    return differs('serial number', authority.serial, ca.serial.hex);
  if (authority.issuer !== undefined && hex(authority.issuer) !== hex(ca.rawIssuer))
    return differs('issuer', readNameText(authority.issuer), ca.issuerText);
  return [];
}

function constraintFindings({ certificate, what, origin }: Judged, ca: Certificate): readonly Finding[] {
  const reason = ca.nameConstraints && whyForbidden(ca.nameConstraints, certificate);
  return reason === undefined ? [] : [finding('PKI_CA_NAME_CONSTRAINTS', origin, { what, reason: printable(reason) })];
}
