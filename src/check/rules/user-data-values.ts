import { parse } from 'yaml';
import type { ClusterInputs } from '../../compile/inputs.ts';
import { kubeletBase } from '../../compile/kubelet.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import { decodeText } from '../../tree/text.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, kindOf, own } from './user-data-subject.ts';

type Weaker = { readonly key: string; readonly value: boolean; readonly why: string };

/** Values that undo one of the skeleton's (cloud-init/user-data.yaml). */
const weaker: readonly Weaker[] = [
  { key: 'ssh_pwauth', value: true, why: 'whoever guesses a password can log in over SSH' },
  { key: 'disable_root', value: false, why: 'root can log in over SSH' },
  { key: 'ssh_deletekeys', value: false, why: 'the host keys of the image stay, the same on every worker' },
  {
    key: 'package_update',
    value: true,
    why: 'the boot waits for the package lists, and their servers must be reachable',
  },
  {
    key: 'package_upgrade',
    value: true,
    why: 'the boot waits, and two workers of one spec may run different packages',
  },
  {
    key: 'package_reboot_if_required',
    value: true,
    why: 'an upgrade may restart the machine in the middle of its first boot',
  },
  { key: 'manage_etc_hosts', value: false, why: 'the worker’s own name is then found by DNS alone' },
];

/** Values that older cloud-inits refuse, that weaken ours, or that keep the kubelet from starting. */
export const userDataValues: ClusterRule = ({ cluster, inputs }) => [
  ...shapeFindings(cluster),
  ...localeFindings(cluster),
  ...swapFindings(cluster, inputs),
  ...weaker.flatMap(({ key, value, why }): readonly Finding[] =>
    own(cluster, key) === value
      ? [finding('USER_DATA_WEAKER', cloudInitOrigin(cluster, [key]), { key, value: String(value), why })]
      : [],
  ),
];

function shapeFindings(cluster: Cluster): readonly Finding[] {
  const users = own(cluster, 'users');
  if (Array.isArray(users) && users.length === 0)
    return [
      finding('USER_DATA_USERS_EMPTY', cloudInitOrigin(cluster, ['users']), {}),
      ...listFindings(cluster, 'packages'),
    ];
  return [...listFindings(cluster, 'users'), ...listFindings(cluster, 'packages')];
}

function listFindings(cluster: Cluster, key: string): readonly Finding[] {
  const value = own(cluster, key);
  if (value === undefined || (Array.isArray(value) && value.length > 0)) return [];
  const [expected, found] = Array.isArray(value) ? ['a list with something in it', 'empty'] : ['a list', kindOf(value)];
  return [finding('USER_DATA_SHAPE', cloudInitOrigin(cluster, [key]), { key, expected, found })];
}

function localeFindings(cluster: Cluster): readonly Finding[] {
  const locale = own(cluster, 'locale');
  if (locale === undefined || typeof locale === 'string') return [];
  return [finding('USER_DATA_LOCALE', cloudInitOrigin(cluster, ['locale']), { found: kindOf(locale) })];
}

/** cc_mounts makes a swap file when `swap` has a size, and turns on what `mounts` lists as swap. */
function swapFindings(cluster: Cluster, inputs: ClusterInputs): readonly Finding[] {
  const swap = own(cluster, 'swap');
  const mounts = own(cluster, 'mounts');
  const inMounts = Array.isArray(mounts)
    ? mounts.findIndex((mount: Json) => Array.isArray(mount) && mount[2] === 'swap')
    : -1;
  const isOn = isJsonMap(swap) && swap.size !== undefined && swap.size !== 0 && swap.size !== '0';
  if ((!isOn && inMounts === -1) || !refusesSwap(cluster, inputs)) return [];
  return [finding('USER_DATA_SWAP', cloudInitOrigin(cluster, isOn ? ['swap'] : ['mounts', inMounts], isOn), {})];
}

/** Whether the kubelet of some worker keeps failSwapOn, which is true by default. */
function refusesSwap(cluster: Cluster, { components }: ClusterInputs): boolean {
  const base = components && kubeletBase(components);
  if (!base) return false;
  const text = decodeText(base.bytes);
  const lowest = text.ok ? failSwapOn(parsed(text.text)) : undefined;
  return cluster.workers.some(
    worker => (failSwapOn(worker.kubeletConfig) ?? failSwapOn(cluster.kubeletConfig) ?? lowest ?? true) !== false,
  );
}

function failSwapOn(config: unknown): unknown {
  return isJsonMap(config) ? config.failSwapOn : undefined;
}

/** A base that is no YAML is reported by a rule of its own. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
