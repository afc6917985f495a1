import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { timeText } from '../../pki/certificate.ts';
import type { WorkerRule } from '../context.ts';
import { type Judged, judgedWorker } from './pki-judged.ts';

const day = 24 * 60 * 60 * 1000;

/** The certificate is valid now and for a while, and no longer than its CA. */
export const pkiValidity: WorkerRule = context => {
  const subject = judgedWorker(context);
  return subject ? [...validityFindings(subject), ...outlives(subject)] : [];
};

/** Both ends count as valid, as with Go and OpenSSL. */
export function validityFindings({
  certificate,
  what,
  origin,
  now,
}: Pick<Judged, 'certificate' | 'what' | 'origin' | 'now'>): readonly Finding[] {
  const { notBefore, notAfter } = certificate;
  const findings: Finding[] = [];
  if (now < notBefore) {
    findings.push(
      finding('PKI_NOT_YET_VALID', origin, { what, notBefore: certificate.notBeforeText, now: seconds(now) }),
    );
  }
  const left = notAfter - now;
  if (left < 0)
    findings.push(finding('PKI_EXPIRED', origin, { what, notAfter: certificate.notAfterText, now: seconds(now) }));
  else if (left < day)
    findings.push(finding('PKI_EXPIRES_TODAY', origin, { what, notAfter: certificate.notAfterText }));
  else if (left < 30 * day) {
    findings.push(
      finding('PKI_EXPIRES_SOON', origin, { what, notAfter: certificate.notAfterText, days: Math.floor(left / day) }),
    );
  }
  return findings;
}

export function outlives({ certificate, ca, what, origin }: Judged): readonly Finding[] {
  if (!ca || certificate.notAfter <= ca.notAfter) return [];
  return [finding('PKI_OUTLIVES_CA', origin, { what, notAfter: certificate.notAfterText, ca: ca.notAfterText })];
}

function seconds(milliseconds: number): string {
  return timeText(Math.floor(milliseconds / 1000) * 1000);
}
