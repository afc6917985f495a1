import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { equalBytes } from '../../tree/bytes.ts';
import { sha256 } from '../../tree/digest.ts';
import { caOf, type KubeconfigSubject, short } from './kubeconfig-subject.ts';

/** The api-server is verified, and by the cluster's CA. */
export function kubeconfigTrust(subject: KubeconfigSubject): readonly Finding[] {
  const { file, cluster } = subject.kubeconfig;
  if (cluster.insecure) return [finding('KUBECONFIG_INSECURE', { file, path: cluster.insecure.path }, {})];
  const { data, file: named, broken } = cluster.ca;
  if (!data) return named || broken ? [] : [finding('KUBECONFIG_CA_MISSING', { file, path: cluster.path }, {})];
  const ca = caOf(subject);
  // A bundle of old and new CA, as in a rotation, trusts the cluster's too.
  if (!ca || data.value.some(der => equalBytes(der, ca.certificate.der))) return [];
  const fingerprint = short(sha256(data.value[0] ?? new Uint8Array()));
  const args = { fingerprint, count: data.value.length, file: ca.file, expected: short(ca.certificate.sha256) };
  return [finding('KUBECONFIG_CA', { file, path: data.path }, args)];
}
