import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { isSignatureOf } from '../../pki/issued-by.ts';
import { equalBytes } from '../../tree/bytes.ts';
import type { ClusterRule } from '../context.ts';
import { selfLinkFindings } from './pki-issuer.ts';
import { allows, purposeText } from './pki-judged.ts';
import { strengthFindings } from './pki-key.ts';
import { anyPurpose, formFindings } from './pki-usage.ts';
import { validityFindings } from './pki-validity.ts';

/** The CA may vouch for the workers: judged once, whatever their number. */
export const pkiCa: ClusterRule = ({ inputs, now }) => {
  const { certificate, file } = inputs.ca;
  if (!certificate) return [];
  const origin = { file, block: 1 };
  const subject = { certificate, what: 'the CA’s certificate', origin, now };
  return [
    ...authorityFindings(certificate, origin),
    ...selfSignature(certificate, origin),
    ...otherConstraints(certificate, origin),
    ...anyPurpose(subject, ['clientAuth', 'serverAuth']),
    ...formFindings(subject),
    ...validityFindings(subject),
    ...strengthFindings({ ...subject, what: 'the CA’s key' }),
  ];
};

type At = { readonly file: string; readonly block: number };

/** CheckSignatureFrom and checkChainForKeyUsage of Go. A version 1 root has no basic constraints and is a CA all the same. */
function authorityFindings(ca: Certificate, origin: At): readonly Finding[] {
  const findings: Finding[] = [];
  const { basicConstraints, keyUsage, version } = ca;
  if (basicConstraints ? !basicConstraints.ca : version === 3) {
    findings.push(
      finding('PKI_CA_NOT_CA', origin, { subject: ca.subjectText, found: basicConstraints ? 'false' : 'absent' }),
    );
  }
  if (keyUsage && !keyUsage.includes('keyCertSign'))
    findings.push(finding('PKI_CA_KEY_USAGE', origin, { found: keyUsage }));
  const lacks = (['clientAuth', 'serverAuth'] as const).filter(purpose => !allows(ca, purpose));
  if (lacks.length > 0)
    findings.push(finding('PKI_CA_EKU', origin, { found: (ca.extendedKeyUsage ?? []).map(purposeText), lacks }));
  return findings;
}

/** Constraints on directory names and the like: a matter between OpenSSL and the user, since Go does not apply them. */
function otherConstraints(ca: Certificate, origin: At): readonly Finding[] {
  // A critical one is refused by Go, and reported as that.
  if (!ca.nameConstraints?.unhandled || ca.unhandledCritical.length > 0) return [];
  return [finding('PKI_CA_CONSTRAINTS_OTHER', origin, { subject: ca.subjectText })];
}

/** No verifier looks at a root's own signature, so damage outside the key would pass unseen. */
function selfSignature(ca: Certificate, origin: At): readonly Finding[] {
  if (!equalBytes(ca.rawIssuer, ca.rawSubject)) {
    return [finding('PKI_CA_INTERMEDIATE', origin, { subject: ca.subjectText, issuer: ca.issuerText })];
  }
  if (!isSignatureOf(ca, ca)) return [finding('PKI_CA_SIGNATURE', origin, { subject: ca.subjectText })];
  return selfLinkFindings({ certificate: ca, what: 'the CA’s certificate', origin });
}
