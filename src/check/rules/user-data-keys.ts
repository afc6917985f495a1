import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../pki/name.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudConfigKeys } from './user-data-known.ts';
import { cloudInitOrigin, kindOf } from './user-data-subject.ts';

type Ours = { readonly why: string; readonly instead: string };

const name: Ours = {
  why: 'the hostname is the worker’s name, which its certificate and its node object have too',
  instead: 'remove it; to name a worker otherwise, rename it in `workers`.',
};
const modules: Ours = {
  why: 'it decides which modules of cloud-init run, and without write_files and bootcmd nothing of firstboot would start',
  instead: 'remove it.',
};
const source: Ours = {
  why: 'it is read before user-data is, or makes cloud-init look for the instance elsewhere than at EC2',
  instead: 'remove it; it belongs in the image.',
};
const merging: Ours = {
  why: 'it changes how cloud-init joins this cloud-config with the vendor’s, and lists of firstboot’s could be replaced',
  instead: 'remove it; firstboot has merged your lists already.',
};

const ours: ReadonlyMap<string, Ours> = new Map([
  ...['hostname', 'fqdn', 'preserve_hostname', 'prefer_fqdn_over_hostname', 'create_hostname_file'].map(
    key => [key, name] as const,
  ),
  ...['cloud_init_modules', 'cloud_config_modules', 'cloud_final_modules'].map(key => [key, modules] as const),
  ...['datasource', 'datasource_list'].map(key => [key, source] as const),
  ...['merge_how', 'merge_type'].map(key => [key, merging] as const),
  [
    'launch-index',
    { why: 'cloud-init would drop the whole user-data on instances of another launch index', instead: 'remove it.' },
  ],
  [
    'system_info',
    {
      why: 'it replaces what the image says of its distribution and default user, and is not meant for user-data',
      instead: 'remove it; users are set with `users`.',
    },
  ],
]);

const known: ReadonlySet<string> = new Set(cloudConfigKeys);

/** Top-level keys: those that the first boot stands on are not the user's, and those that nobody knows do nothing. */
export const userDataKeys: ClusterRule = ({ cluster, inputs }) =>
  Object.entries(cluster.cloudInit).flatMap(([key, value]): readonly Finding[] => {
    const origin = cloudInitOrigin(cluster, [key], true);
    const reason = ours.get(key);
    if (reason) {
      const same = Object.hasOwn(inputs.cloudConfig, key) && inputs.cloudConfig[key] === value;
      return same ? [] : [finding('USER_DATA_KEY_OURS', origin, { key, ...reason })];
    }
    if (key === 'power_state') return [finding('USER_DATA_POWER_STATE', origin, { mode: modeOf(value) })];
    if (key === 'disable_ec2_metadata')
      return value === false ? [] : [finding('USER_DATA_METADATA_BLOCKED', origin, {})];
    if (known.has(key)) return [];
    return [finding('USER_DATA_KEY_UNKNOWN', origin, { key: printable(key), meant: didYouMean(key, cloudConfigKeys) })];
  });

function modeOf(value: Json): string {
  return isJsonMap(value) && typeof value.mode === 'string' ? printable(value.mode) : kindOf(value);
}
