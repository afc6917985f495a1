import { type Finding, severityOf } from '../diagnostics/diagnostic.ts';
import { type Certificate, timeText } from '../pki/certificate.ts';
import { readCertificateFile } from '../pki/certificate-file.ts';
import { readCa } from '../pki/identity.ts';
import { matches, type PrivateKey } from '../pki/key.ts';
import { readKeyFile } from '../pki/key-file.ts';
import type { ReadResult } from '../ports/files.ts';
import type { FoundPki, IssuePlan, IssueProblem, PlannedIdentity } from './plan.ts';

/** `secret`: a private key, which `readSecret` of the spec may stand before. */
export type ReadPki = (name: string, secret: boolean) => ReadResult;

/** What is there already and goes into what is issued. */
export type Materials = {
  /** Undefined when it is yet to be made. */
  readonly ca: Certificate | undefined;
  /** Undefined when it is yet to be made, or not needed. */
  readonly caKey: PrivateKey | undefined;
  readonly identities: readonly (PlannedIdentity & {
    readonly found: { readonly key: PrivateKey | undefined; readonly certificate: Certificate | undefined };
  })[];
};

type Prepared = {
  readonly materials?: Materials;
  readonly findings: readonly Finding[];
  readonly problems: readonly IssueProblem[];
};

/** Reads and judges all that the plan builds on, before anything is written. */
export function prepareIssue(plan: IssuePlan, found: FoundPki, read: ReadPki, now: number): Prepared {
  const findings: Finding[] = [];
  const problems: IssueProblem[] = [];
  const keyOf = (file: string, what: string) => {
    const { key, findings: own } = readKeyFile({ name: file, result: read(file, true) }, what, true);
    findings.push(...own);
    return key;
  };
  const ca = plan.ca === 'keep' ? readCa({ name: found.ca.file, result: read(found.ca.file, false) }) : undefined;
  findings.push(...(ca?.findings ?? []));
  const signs = plan.identities.some(identity => identity.steps.certificate === 'make');
  const caKey =
    plan.ca === 'complete' || (plan.ca === 'keep' && signs)
      ? keyOf(found.caKey.file, 'the CA’s private key')
      : undefined;
  if (ca?.certificate) problems.push(...caProblems(ca.certificate, signs ? caKey : undefined, found, now));
  const identities = plan.identities.map(identity => {
    const { steps, owner } = identity;
    const key =
      steps.key === 'keep' && needsKey(identity) ? keyOf(identity.key.file, `${owner.name}’s private key`) : undefined;
    const certificate =
      steps.certificate === 'keep' && steps.kubeconfig === 'make' ? readKept(identity, read, findings) : undefined;
    if (key && certificate && !matches(certificate, key)) {
      problems.push({
        message: `${identity.key.file} does not match ${identity.certificate.file}, so no kubeconfig can be made of the two`,
        hint: `issue all of ${owner.name} anew with \`--force --worker ${owner.name}\`.`,
      });
    }
    return { ...identity, found: { key, certificate } };
  });
  if (problems.length > 0 || findings.some(({ code }) => severityOf(code) === 'error')) return { findings, problems };
  return { materials: { ca: ca?.certificate, caKey, identities }, findings, problems };
}

function needsKey({ steps }: PlannedIdentity): boolean {
  return steps.certificate === 'make' || steps.kubeconfig === 'make';
}

function readKept(
  { owner, certificate }: PlannedIdentity,
  read: ReadPki,
  findings: Finding[],
): Certificate | undefined {
  const { certificate: kept, findings: own } = readCertificateFile(
    { name: certificate.file, result: read(certificate.file, false) },
    `${owner.name}’s certificate`,
    'leaf',
  );
  findings.push(...own);
  return kept;
}

/** Whether this CA can issue what a kubelet and an api-server accept, today. */
function caProblems(
  ca: Certificate,
  key: PrivateKey | undefined,
  found: FoundPki,
  now: number,
): readonly IssueProblem[] {
  const { file } = found.ca;
  const problems: IssueProblem[] = [];
  const another = 'put the CA’s own certificate there, the one that the api-server knows as --client-ca-file.';
  if (ca.basicConstraints?.ca !== true)
    problems.push({ message: `${file} is not the certificate of a CA: it is for ${ca.subjectText}`, hint: another });
  else if (ca.keyUsage && !ca.keyUsage.includes('keyCertSign'))
    problems.push({
      message: `${file} may not sign certificates: its key usage is ${ca.keyUsage.join(', ')}`,
      hint: another,
    });
  if (now > ca.notAfter)
    problems.push({
      message: `the CA in ${file} has expired, ${ca.notAfterText}`,
      hint: 'renew the CA first; every certificate from it has expired with it.',
    });
  if (now < ca.notBefore)
    problems.push({
      message: `the CA in ${file} is not valid before ${ca.notBeforeText}, and it is ${timeText(Math.floor(now / 1000) * 1000)} here`,
      hint: 'set the clock of this machine.',
    });
  if (key && !matches(ca, key))
    problems.push({
      message: `${found.caKey.file} is not the key of the CA in ${file}`,
      hint: 'name the right one with `--ca-key FILE`.',
    });
  return problems;
}
