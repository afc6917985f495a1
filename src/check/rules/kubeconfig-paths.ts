import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../pki/name.ts';
import { type KubeconfigSubject, nodePathsOf } from './kubeconfig-subject.ts';

/** Files that are named by path are those that the node will have, each in its own role. */
export function kubeconfigPaths(subject: KubeconfigSubject): readonly Finding[] {
  const { file, cluster, user } = subject.kubeconfig;
  const named = [
    { field: 'certificate-authority', from: 'ca', at: cluster.ca.file },
    { field: 'client-certificate', from: 'certificate', at: user.certificate.file },
    { field: 'client-key', from: 'key', at: user.key.file },
  ] as const;
  return named.flatMap(({ field, from, at }) => {
    const expected = at && nodePathsOf(subject, from);
    if (!at || !expected || expected.includes(at.value)) return [];
    return [
      finding('KUBECONFIG_PATH', { file, path: at.path }, { field, file: printable(at.value), expected: expected[0] }),
    ];
  });
}
