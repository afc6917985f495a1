import { finding } from '../../diagnostics/diagnostic.ts';
import { coversAddress, coversName } from '../../pki/hostname.ts';
import { printable } from '../../pki/name.ts';
import type { WorkerRule } from '../context.ts';
import { judgedWorker } from './pki-judged.ts';

/** Whoever connects to the kubelet, by its node's name or its address, finds it in the certificate. */
export const pkiNames: WorkerRule = context => {
  const subject = judgedWorker(context);
  if (!subject) return [];
  const { certificate, what, origin } = subject;
  const { name, privateIp } = context.worker;
  const { dnsNames, ipAddresses } = certificate;
  const findings = coversName(dnsNames, name)
    ? []
    : [finding('PKI_SAN_NAME', origin, { what, name, found: shown(dnsNames) })];
  if (coversAddress(ipAddresses, privateIp)) return findings;
  const asName = dnsNames.includes(privateIp);
  return [...findings, finding('PKI_SAN_IP', origin, { what, address: privateIp, found: shown(ipAddresses), asName })];
};

function shown(names: readonly string[]): readonly string[] {
  const first = names.slice(0, 8).map(printable);
  return names.length > 8 ? [...first, `… (${names.length} in all)`] : first;
}
