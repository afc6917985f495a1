import type { Origin } from '../../diagnostics/origin.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { purposes } from '../../pki/extensions.ts';
import type { Identity } from '../../pki/identity.ts';
import type { PrivateKey } from '../../pki/key.ts';
import type { WorkerContext } from '../context.ts';

/** A certificate with all that it is judged by; the same for workers and for the identities that they share. */
export type Judged = {
  readonly owner: string;
  readonly certificate: Certificate;
  /** Begins sentences: "worker-0’s certificate". */
  readonly what: string;
  readonly origin: Origin;
  readonly key: PrivateKey | undefined;
  readonly keyFile: string;
  readonly ca: Certificate | undefined;
  readonly caFile: string;
  readonly now: number;
};

/** Undefined when there is no certificate to judge, which was reported where it was read. */
export function judged(
  identity: Identity,
  ca: Certificate | undefined,
  caFile: string,
  now: number,
): Judged | undefined {
  const { owner, certificate, key, files } = identity;
  if (!certificate) return undefined;
  const origin = { file: files.certificate, block: 1 };
  return { owner, certificate, what: `${owner}’s certificate`, origin, key, keyFile: files.key, ca, caFile, now };
}

export function judgedWorker({ identity, ca, inputs, now }: WorkerContext): Judged | undefined {
  return judged(identity, ca, inputs.ca.file, now);
}

const purposeNames: Readonly<Record<string, string>> = {
  [purposes.any]: 'any',
  [purposes.serverAuth]: 'serverAuth',
  [purposes.clientAuth]: 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

export function purposeText(oid: string): string {
  return purposeNames[oid] ?? oid;
}

/** Whether an extended key usage lets a certificate be used so; no list, or “any”, allows everything (checkChainForKeyUsage of Go). */
export function allows({ extendedKeyUsage }: Certificate, purpose: 'serverAuth' | 'clientAuth'): boolean {
  return (
    extendedKeyUsage === undefined ||
    extendedKeyUsage.includes(purposes.any) ||
    extendedKeyUsage.includes(purposes[purpose])
  );
}
