import type { ClusterContext, WorkerContext } from '../../src/check/context.ts';
import { pkiCa } from '../../src/check/rules/pki-ca.ts';
import { pkiIssuer } from '../../src/check/rules/pki-issuer.ts';
import { pkiKey } from '../../src/check/rules/pki-key.ts';
import { pkiNames } from '../../src/check/rules/pki-names.ts';
import { pkiSubject } from '../../src/check/rules/pki-subject.ts';
import { pkiUsage } from '../../src/check/rules/pki-usage.ts';
import { pkiValidity } from '../../src/check/rules/pki-validity.ts';
import { type Finding, severityOf } from '../../src/diagnostics/diagnostic.ts';
import type { Certificate } from '../../src/pki/certificate.ts';
import { type Identity, readCa, readIdentity } from '../../src/pki/identity.ts';
import type { ReadResult } from '../../src/ports/files.ts';
import { now } from './forge.ts';

type Content = string | Uint8Array | undefined;

export type Verdict = {
  readonly ca: Certificate | undefined;
  readonly identity: Identity;
  readonly findings: readonly Finding[];
  readonly codes: readonly string[];
};

/** Everything that is reported of one worker's files, by the reader and by the rules. */
export function judge(
  files: { readonly ca: Content; readonly certificate: Content; readonly key: Content },
  options: { readonly keyRequired?: boolean } = {},
): Verdict {
  const input = (name: string, content: Content) => ({ name, result: result(content) });
  const ca = readCa(input('pki/ca.pem', files.ca));
  const identity = readIdentity(
    'worker-0',
    {
      certificate: input('pki/worker-0.pem', files.certificate),
      key: input('pki/worker-0-key.pem', files.key),
      kubeconfig: input('pki/worker-0.kubeconfig', undefined),
    },
    { keyRequired: options.keyRequired ?? true },
  );
  const inputs = { ca: { file: 'pki/ca.pem', certificate: ca.certificate }, identities: new Map() };
  const context = {
    inputs,
    now,
    identity,
    ca: ca.certificate,
    worker: { name: 'worker-0', privateIp: '10.0.1.20' },
  } as unknown as WorkerContext;
  const workerRules = [pkiSubject, pkiNames, pkiUsage, pkiIssuer, pkiValidity, pkiKey];
  const findings = [
    ...ca.findings,
    ...identity.findings,
    ...pkiCa(context as ClusterContext),
    ...workerRules.flatMap(rule => rule(context)),
  ];
  return { ca: ca.certificate, identity, findings, codes: [...new Set(findings.map(one => one.code))].sort() };
}

/**
 * Whether nothing was reported that speaks against the files. A CA that calls itself an intermediate counts as reported: without its
 * issuer nobody can tell whether it was altered, and the warning says so.
 */
export function isAccepted(verdict: Verdict): boolean {
  return !verdict.findings.some(one => severityOf(one.code) === 'error' || one.code === 'PKI_CA_INTERMEDIATE');
}

function result(content: Content): ReadResult {
  if (content === undefined) return { kind: 'missing' };
  return { kind: 'file', bytes: typeof content === 'string' ? Buffer.from(content) : content, executable: false };
}
