import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Embeddable } from '../../pki/kubeconfig.ts';
import { printable } from '../../pki/name.ts';
import type { KubeconfigSubject } from './kubeconfig-subject.ts';

/** A certificate with its key, and nothing else to authenticate by. */
export function kubeconfigCredentials({ kubeconfig: { file, user } }: KubeconfigSubject): readonly Finding[] {
  const name = printable(user.name);
  const others = user.otherCredentials.map(field =>
    finding(
      'KUBECONFIG_OTHER_CREDENTIALS',
      { file, path: field.path, atKey: true },
      { field: field.value, user: name },
    ),
  );
  const exec = user.exec
    ? [
        finding(
          'KUBECONFIG_EXEC',
          { file, path: user.exec.path, atKey: true },
          { user: name, command: printable(user.exec.value) },
        ),
      ]
    : [];
  const missing = describeMissing(isGiven(user.certificate), isGiven(user.key), others.length + exec.length > 0);
  const lacking = missing
    ? [finding('KUBECONFIG_CREDENTIALS', { file, path: user.path }, { user: name, missing })]
    : [];
  return [...others, ...exec, ...lacking];
}

function isGiven({ data, file, broken }: Embeddable<unknown>): boolean {
  return data !== undefined || file !== undefined || broken === true;
}

function describeMissing(certificate: boolean, key: boolean, otherwise: boolean): string | undefined {
  if (certificate && key) return undefined;
  if (certificate) return 'a certificate but no key';
  if (key) return 'a key but no certificate';
  return otherwise ? undefined : 'neither a certificate nor a key';
}
