import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { purposes } from '../../pki/extensions.ts';
import type { WorkerRule } from '../context.ts';
import { allows, type Judged, judgedWorker, purposeText } from './pki-judged.ts';

/** The certificate may be used as the kubelet uses it: as client of the api-server, and as server. */
export const pkiUsage: WorkerRule = context => {
  const subject = judgedWorker(context);
  return subject ? usageFindings(subject, ['clientAuth', 'serverAuth']) : [];
};

const codes = { clientAuth: 'PKI_EKU_CLIENT_AUTH', serverAuth: 'PKI_EKU_SERVER_AUTH' } as const;

export function usageFindings(subject: Judged, needed: readonly ('clientAuth' | 'serverAuth')[]): readonly Finding[] {
  const { certificate, what, origin, ca } = subject;
  const found = (certificate.extendedKeyUsage ?? []).map(purposeText).join(', ') || 'nothing';
  const findings: Finding[] = needed
    .filter(purpose => !allows(certificate, purpose))
    .map(purpose => finding(codes[purpose], origin, { what, found }));
  findings.push(...anyPurpose(subject, needed));
  const { keyUsage } = certificate;
  if (keyUsage && !keyUsage.includes('digitalSignature'))
    findings.push(finding('PKI_KEY_USAGE', origin, { what, found: keyUsage }));
  const isCa = whyCa(subject);
  if (isCa !== undefined) findings.push(finding('PKI_CERTIFICATE_IS_CA', origin, { what, reason: isCa }));
  // A policy that the CA itself is free of: Go does not apply policies to a root.
  if (certificate.demandsPolicy && certificate.sha256 !== ca?.sha256)
    findings.push(finding('PKI_POLICY', origin, { what }));
  return [...findings, ...formFindings(subject)];
}

/** “Any” satisfies Go, not OpenSSL. */
export function anyPurpose(
  { certificate, what, origin }: Pick<Judged, 'certificate' | 'what' | 'origin'>,
  needed: readonly ('clientAuth' | 'serverAuth')[],
): readonly Finding[] {
  const { extendedKeyUsage } = certificate;
  if (!extendedKeyUsage?.includes(purposes.any)) return [];
  const lacks = needed.filter(purpose => !extendedKeyUsage.includes(purposes[purpose]));
  return lacks.length === 0 ? [] : [finding('PKI_EKU_ANY', origin, { what, lacks })];
}

function whyCa({ certificate, ca }: Judged): string | undefined {
  if (certificate.sha256 === ca?.sha256) return 'is the CA’s own';
  if (certificate.publicKeySha256 === ca?.publicKeySha256) return 'is for the CA’s own key';
  return certificate.basicConstraints?.ca ? 'says CA:TRUE' : undefined;
}

/** What Go refuses in any certificate, a CA's too. */
export function formFindings({
  certificate,
  what,
  origin,
}: Pick<Judged, 'certificate' | 'what' | 'origin'>): readonly Finding[] {
  const findings: Finding[] = [];
  const { unhandledCritical, serial } = certificate;
  if (unhandledCritical.length > 0)
    findings.push(finding('PKI_CRITICAL_EXTENSION', origin, { what, oids: unhandledCritical }));
  if (serial.sign < 0) findings.push(finding('PKI_SERIAL', origin, { what, serial: negative(serial.hex) }));
  return findings;
}

/** Two's complement hex as the number that it is, "-7f". */
function negative(hex: string): string {
  return `-${((1n << BigInt(hex.length * 4)) - BigInt(`0x${hex}`)).toString(16)}`;
}
