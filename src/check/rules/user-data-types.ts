import { finding } from '../../diagnostics/diagnostic.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, kindOf, own } from './user-data-subject.ts';

type Type =
  | 'true or false'
  | 'true, false or localhost'
  | 'text'
  | 'a list'
  | 'a list with something in it'
  | 'a map'
  | 'a map with something in it';

/**
 * What the top-level keys must be, where the schemas of cloud-init 22.4.2, 25.1.4 and 26.x agree
 * (config/schemas/schema-cloud-config-v1.json); keys that have a rule of their own are left out.
 */
const types: Readonly<Record<Type, string>> = {
  'true or false':
    'allow_public_ssh_keys apt_reboot_if_required apt_update apt_upgrade disable_root manage_resolv_conf no_ssh_fingerprints ' +
    'package_reboot_if_required package_update package_upgrade ssh_deletekeys ssh_pwauth ssh_quiet_keygen',
  'true, false or localhost': 'manage_etc_hosts',
  text: 'authkey_hash byobu_by_default disable_root_opts final_message locale_configfile password timezone yum_repo_dir',
  'a list': 'fs_setup mount_default_fields ssh_fp_console_blacklist ssh_import_id ssh_key_console_blacklist',
  'a list with something in it': 'mounts ssh_authorized_keys ssh_genkeytypes',
  'a map':
    'ansible apk_repos ca-certs chpasswd device_aliases disk_setup drivers fan growpart grub-dpkg grub_dpkg keyboard mcollective ' +
    'phone_home puppet random_seed reporting resolv_conf rh_subscription rsyslog salt_minion spacewalk ssh_keys ' +
    'ssh_publish_hostkeys swap ubuntu_advantage ubuntu_pro updates vendor_data yum_repos zypper',
  'a map with something in it': 'apt ca_certs chef landscape lxd snap ssh',
};

/** Top-level keys of the user's cloud-config have the type that every cloud-init expects. */
export const userDataTypes: ClusterRule = ({ cluster }) =>
  Object.entries(types).flatMap(([expected, keys]) =>
    keys.split(' ').flatMap(key => {
      const value = own(cluster, key);
      // As text ssh_pwauth still works and is deprecated, which is said elsewhere.
      const isOld = key === 'ssh_pwauth' && typeof value === 'string';
      if (value === undefined || isOld || hasType(value, expected as Type)) return [];
      const isEmpty = kindOf(value) === expected.replace(' with something in it', '');
      const args = { key, expected, found: isEmpty ? 'empty' : kindOf(value) };
      return [finding('USER_DATA_SHAPE', cloudInitOrigin(cluster, [key]), args)];
    }),
  );

function hasType(value: Json, type: Type): boolean {
  switch (type) {
    case 'true or false':
      return typeof value === 'boolean';
    case 'true, false or localhost':
      return typeof value === 'boolean' || value === 'localhost' || value === 'template';
    case 'text':
      return typeof value === 'string';
    case 'a list':
      return Array.isArray(value);
    case 'a list with something in it':
      return Array.isArray(value) && value.length > 0;
    case 'a map':
      return isJsonMap(value);
    case 'a map with something in it':
      return isJsonMap(value) && Object.keys(value).length > 0;
  }
}
