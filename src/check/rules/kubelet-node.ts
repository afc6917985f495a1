import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { isJsonMap, valueAt } from '../../tree/merge.ts';
import { fieldsOf } from '../kubernetes/tables.ts';
import { originOf } from './kubelet-origin.ts';
import { bool, type KubeletConcern, number, pathOf, read, show, text } from './kubelet-subject.ts';

/** pkg/kubelet/eviction/defaults_linux.go. */
const defaultSignals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
];

/** evictionHard that drops a default without saying so. */
export const kubeletEviction: KubeletConcern = ({ kubelet, config, minor }) => {
  const hard = read(config, 'evictionHard');
  if (!isJsonMap(hard) || bool(config, 'mergeDefaultEvictionSettings', false)) return [];
  const missing = defaultSignals.filter(signal => hard[signal] === undefined);
  const merge = fieldsOf(minor).has('mergeDefaultEvictionSettings');
  return missing.length === 0
    ? []
    : [finding('KUBELET_EVICTION_PARTIAL', originOf(kubelet, [['evictionHard']], true), { missing, merge })];
};

/** The node registers, and the first boot can ask how it is. */
export const kubeletBoot: KubeletConcern = ({ kubelet, config }) => {
  const at = (field: string) => originOf(kubelet, [pathOf(field)]);
  const off = (field: string, value: unknown, wanted: string): Finding =>
    finding('KUBELET_SERVER_OFF', at(field), { field, value: show(value), wanted });
  const address = text(config, 'healthzBindAddress', '127.0.0.1');
  return [
    ...(bool(config, 'registerNode', true) ? [] : [finding('KUBELET_UNREGISTERED', at('registerNode'), {})]),
    ...(bool(config, 'enableServer', true) ? [] : [off('enableServer', false, 'a kubelet that serves')]),
    ...(number(config, 'healthzPort', 10248) === 0 ? [off('healthzPort', 0, 'its healthz on loopback')] : []),
    ...(['127.0.0.1', '0.0.0.0', '::'].includes(address) ? [] : [off('healthzBindAddress', address, '127.0.0.1')]),
  ];
};

/** pkg/kubelet/cm: setupKernelTunables. */
const kernelDefaults: Readonly<Record<string, string>> = {
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.keys.root_maxbytes': '25000000',
};

/** The kernel and the machine are what the configuration asks for. */
export const kubeletMachine: KubeletConcern = ({ kubelet, config, context }) => {
  const at = (field: string) => originOf(kubelet, [pathOf(field)]);
  const set: Readonly<Record<string, string>> = Object.assign(
    {},
    ...(context.inputs.components ?? []).map(component => component.kernel.sysctls),
  );
  const sysctls = Object.entries(kernelDefaults).flatMap(([name, value]) =>
    set[name] === value ? [] : [`${name}=${value}`],
  );
  const behavior = text(config, 'memorySwap.swapBehavior');
  return [
    ...(bool(config, 'protectKernelDefaults', false) && sysctls.length > 0
      ? [finding('KUBELET_KERNEL_DEFAULTS', at('protectKernelDefaults'), { sysctls })]
      : []),
    ...(bool(config, 'failCgroupV1', true) ? [] : [finding('KUBELET_CGROUP_V1', at('failCgroupV1'), {})]),
    ...(behavior === 'LimitedSwap' && bool(config, 'failSwapOn', true)
      ? [finding('KUBELET_SWAP', at('memorySwap.swapBehavior'), { behavior })]
      : []),
  ];
};

/** Static pods from a URL: over TLS, and without a credential in user-data. */
export const kubeletStaticPods: KubeletConcern = ({ kubelet, config }) => {
  const url = text(config, 'staticPodURL');
  const headers = read(config, 'staticPodURLHeader');
  const secrets = isJsonMap(headers) ? Object.keys(headers).filter(name => valueAt(headers, [name]) !== null) : [];
  // user:password@ is a credential; it is not printed.
  const credential = /^[a-z]+:\/\/[^/?#]*@/i.test(url);
  return [
    ...(url !== '' && !/^https:/i.test(url)
      ? [
          finding('KUBELET_STATIC_PODS', originOf(kubelet, [['staticPodURL']]), {
            url: url.replace(/\/\/[^/?#]*@/, '//…@').replace(/\?.*$/s, '?…'),
          }),
        ]
      : []),
    ...(credential
      ? [finding('KUBELET_SECRET_FIELD', originOf(kubelet, [['staticPodURL']]), { field: 'staticPodURL' })]
      : []),
    ...secrets.map(name =>
      finding('KUBELET_SECRET_FIELD', originOf(kubelet, [['staticPodURLHeader', name]], true), {
        field: `staticPodURLHeader.${name}`,
      }),
    ),
  ];
};
