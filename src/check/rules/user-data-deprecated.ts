import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, fieldName, own } from './user-data-subject.ts';

/** By old name, from `deprecated_description` of cloud-init's schema (main branch, August 2026). */
const renamed: Readonly<Record<string, string>> = {
  apt_update: 'package_update',
  apt_upgrade: 'package_upgrade',
  apt_reboot_if_required: 'package_reboot_if_required',
  'ca-certs': 'ca_certs',
  'grub-dpkg': 'grub_dpkg',
};

const userKeys: readonly string[] = [
  'lock-passwd',
  'no-create-home',
  'no-log-init',
  'no-user-group',
  'hashed-passwd',
  'plain-text-passwd',
  'create-groups',
  'primary-group',
  'selinux-user',
  'ssh-authorized-keys',
  'ssh-import-id',
  'ssh-redirect-user',
];

/** Keys and values that make newer cloud-inits call the boot degraded. */
export const userDataDeprecated: ClusterRule = ({ cluster }) => {
  const users = own(cluster, 'users');
  return [
    ...Object.entries(renamed).flatMap(([key, now]) =>
      own(cluster, key) === undefined ? [] : [deprecated(cluster, [key], `write ${now}.`)],
    ),
    ...(own(cluster, 'ubuntu_advantage') === undefined
      ? []
      : [
          deprecated(
            cluster,
            ['ubuntu_advantage'],
            'write ubuntu_pro, once your images have cloud-init 24.1 or later.',
          ),
        ]),
    ...(typeof own(cluster, 'ssh_pwauth') === 'string'
      ? [deprecated(cluster, ['ssh_pwauth'], 'write true or false, without quotes; firstboot sets false.')]
      : []),
    ...below(cluster, ['chpasswd'], own(cluster, 'chpasswd'), ['list'], () => 'users'),
    ...['ca_certs', 'ca-certs'].flatMap(key =>
      below(cluster, [key], own(cluster, key), ['remove-defaults'], () => 'remove_defaults'),
    ),
    ...below(cluster, ['user'], own(cluster, 'user'), userKeys, underscored),
    ...(Array.isArray(users)
      ? users.flatMap((user: Json, index) => below(cluster, ['users', index], user, userKeys, underscored))
      : []),
  ];
};

function below(
  cluster: Cluster,
  path: Path,
  map: Json | undefined,
  keys: readonly string[],
  now: (key: string) => string,
): readonly Finding[] {
  if (!isJsonMap(map)) return [];
  return keys
    .filter(key => Object.hasOwn(map, key))
    .map(key => deprecated(cluster, [...path, key], `write ${now(key)}.`));
}

function underscored(key: string): string {
  return key.replaceAll('-', '_');
}

function deprecated(cluster: Cluster, path: Path, instead: string): Finding {
  return finding('USER_DATA_DEPRECATED', cloudInitOrigin(cluster, path, true), { key: fieldName(path), instead });
}
