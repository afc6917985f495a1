import { valueAt } from '../../tree/merge.ts';
import { type Conditions, needsGate, oneOf, type Refusal } from './kubelet-refusal.ts';
import { bool, enabled, type KubeletSubject, list, read, strings, text } from './kubelet-subject.ts';
import { isGoBool, parseQuantity } from './kubelet-units.ts';

const enforcements = [
  'pods',
  'system-reserved',
  'system-reserved-compressible',
  'kube-reserved',
  'kube-reserved-compressible',
  'none',
];

export const resourceConditions: Conditions = {
  cpuManagerPolicy: oneOf('cpuManagerPolicy', ['none', 'static'], 'none'),
  memoryManagerPolicy: oneOf('memoryManagerPolicy', ['None', 'Static'], 'None'),
  topologyManagerPolicy: oneOf(
    'topologyManagerPolicy',
    ['none', 'best-effort', 'restricted', 'single-numa-node'],
    'none',
  ),
  topologyManagerScope: oneOf('topologyManagerScope', ['container', 'pod'], 'container'),
  systemCgroups: ({ config }) =>
    text(config, 'systemCgroups') !== '' && text(config, 'cgroupRoot') === ''
      ? { field: 'systemCgroups', reason: 'cgroupRoot is not set', with: ['cgroupRoot'] }
      : undefined,
  kubeReserved: reservation('kubeReserved'),
  systemReserved: reservation('systemReserved'),
  qosReserved: ({ config }) =>
    strings(config, 'qosReserved').flatMap(([resource, value]) => {
      const percent = /^[+-]?\d+%+$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
      const reason =
        resource !== 'memory'
          ? 'only memory can be reserved'
          : percent >= 0 && percent <= 100
            ? undefined
            : 'it must be a percentage from 0% to 100%';
      return reason === undefined
        ? []
        : [{ field: `qosReserved.${resource}`, value, path: ['qosReserved', resource], reason }];
    }),

  enforceNodeAllocatable: ({ config }) => {
    const field = 'enforceNodeAllocatable';
    const value = read(config, field);
    // The kubelet loses an empty list when it merges the folder of --config-dir over the file, and takes its default.
    const words = Array.isArray(value) && value.length > 0 ? value.map(String) : ['pods'];
    const refuse = (reason: string, involved: readonly string[] = []): Refusal => ({
      field,
      value: words.join(', '),
      reason,
      with: involved,
    });
    const refusals: Refusal[] = [];
    for (const [name, cgroup] of [
      ['system-reserved', 'systemReservedCgroup'],
      ['kube-reserved', 'kubeReservedCgroup'],
    ] as const) {
      const used = words.filter(word => word === name || word === `${name}-compressible`);
      if (new Set(used).size === 2) refusals.push(refuse(`${name} and ${name}-compressible exclude each other`));
      if (used.length > 0 && text(config, cgroup) === '')
        refusals.push(refuse(`${cgroup} must be set for ${used[0]}`, [cgroup]));
    }
    for (const word of new Set(words)) {
      if (!enforcements.includes(word)) refusals.push(refuse(`${word} is not one of ${enforcements.join(', ')}`));
      if (words.indexOf(word) !== words.lastIndexOf(word)) refusals.push(refuse(`${word} is there twice`));
    }
    if (words.includes('none') && words.length > 1) refusals.push(refuse('none stands alone'));
    const enforced = words.some(word => word !== 'none' && enforcements.includes(word));
    if (enforced && !bool(config, 'cgroupsPerQOS', true))
      refusals.push({
        field: 'cgroupsPerQOS',
        reason: `enforceNodeAllocatable has ${words.join(', ')}`,
        with: [field],
      });
    return refusals;
  },
  reservedSystemCPUs: ({ config }) => {
    const field = 'reservedSystemCPUs';
    const cpus = text(config, field);
    if (cpus === '') return undefined;
    const cgroup = ['systemReservedCgroup', 'kubeReservedCgroup'].find(name => text(config, name) !== '');
    if (cgroup !== undefined) return { field, reason: `it excludes ${cgroup}`, with: [cgroup] };
    return cpusOf(cpus) === undefined ? { field, reason: 'it must be a list of CPUs such as 0-1,4' } : undefined;
  },
  staticCpus: ({ config }) => {
    if (text(config, 'cpuManagerPolicy') !== 'static') return undefined;
    const reserved = text(config, 'reservedSystemCPUs');
    if (reserved !== '') return undefined;
    const sum = ['kubeReserved', 'systemReserved'].map(
      field => parseQuantity(String(valueAt(config, [field, 'cpu']) ?? '0')) ?? 0,
    );
    if (sum.some(cpu => cpu > 0)) return undefined;
    return {
      field: 'cpuManagerPolicy',
      reason: 'it needs CPU in kubeReserved or systemReserved, or reservedSystemCPUs',
      with: ['kubeReserved.cpu', 'systemReserved.cpu'],
    };
  },
  cpuOptions: subject =>
    policyOptions(
      subject,
      'cpuManagerPolicyOptions',
      cpuOptions,
      text(subject.config, 'cpuManagerPolicy', 'none') === 'static',
    ),
  topologyOptions: subject => {
    const { config } = subject;
    const field = 'topologyManagerPolicyOptions';
    if (strings(config, field).length > 0 && !enabled(subject, 'TopologyManagerPolicyOptions'))
      return needsGate(field, 'TopologyManagerPolicyOptions');
    return text(config, 'topologyManagerPolicy', 'none') === 'none'
      ? undefined
      : policyOptions(subject, field, topologyOptions, true);
  },
  reservedMemory: ({ config }) => {
    const seen = new Set<string>();
    return list(config, 'reservedMemory').flatMap((entry, index) =>
      Object.entries((valueAt(entry, ['limits']) as object | undefined | null) ?? {}).flatMap(([resource, limit]) => {
        const key = `${String(valueAt(entry, ['numaNode']) ?? 0)} ${resource}`;
        const known = resource === 'memory' || resource.startsWith('hugepages-');
        const reason = !known
          ? `${resource} is neither memory nor hugepages-<size>`
          : parseQuantity(String(limit)) === 0
            ? 'it must not be 0'
            : seen.has(key)
              ? 'this NUMA node has it twice'
              : undefined;
        seen.add(key);
        return reason === undefined
          ? []
          : [
              {
                field: `reservedMemory.${index}.limits.${resource}`,
                value: String(limit),
                path: ['reservedMemory', index, 'limits', resource],
                reason,
              },
            ];
      }),
    );
  },
  staticMemory: subject => {
    const { config } = subject;
    if (text(config, 'memoryManagerPolicy') !== 'Static') return undefined;
    const eviction = String(
      valueAt(config, ['evictionHard', 'memory.available']) ??
        (read(config, 'evictionHard') === undefined ? '100Mi' : '0'),
    );
    // A percentage is of the machine's memory, which is not known here.
    if (eviction.endsWith('%')) return undefined;
    const allocatable = [
      eviction,
      ...['kubeReserved', 'systemReserved'].map(field => String(valueAt(config, [field, 'memory']) ?? '0')),
    ].reduce((sum, one) => sum + (parseQuantity(one) ?? 0), 0);
    const reserved = list(config, 'reservedMemory').reduce<number>(
      (sum, entry) => sum + (parseQuantity(String(valueAt(entry, ['limits', 'memory']) ?? '0')) ?? 0),
      0,
    );
    if (reserved === allocatable) return undefined;
    return {
      field: 'reservedMemory',
      value: `${reserved} bytes of memory`,
      reason: `memoryManagerPolicy Static needs exactly what kubeReserved, systemReserved and evictionHard reserve, ${allocatable} bytes`,
      with: ['memoryManagerPolicy', 'kubeReserved', 'systemReserved', 'evictionHard'],
    };
  },
  memoryReservation: subject => {
    const field = 'memoryReservationPolicy';
    if (read(subject.config, field) === 'TieredReservation' && !enabled(subject, 'MemoryQoS'))
      return needsGate(field, 'MemoryQoS');
    return oneOf(field, ['None', 'TieredReservation'], 'None')(subject);
  },
  unsafeSysctls: ({ config }) =>
    list(config, 'allowedUnsafeSysctls').flatMap((pattern, index) => {
      if (typeof pattern !== 'string') return [];
      const reason = sysctlProblem(pattern);
      return reason === undefined
        ? []
        : [{ field: `allowedUnsafeSysctls.${index}`, value: pattern, path: ['allowedUnsafeSysctls', index], reason }];
    }),
};

/** Number of CPUs of a list such as 0-3,7; undefined when it is none. */
function cpusOf(cpus: string): number | undefined {
  const ranges = cpus.split(',').map(range => /^\+?(\d+)(?:-\+?(\d+))?$/.exec(range));
  if (ranges.some(range => !range || Number(range[1]) > Number(range[2] ?? range[1]))) return undefined;
  return ranges.length;
}

function reservation(field: string) {
  return ({ config }: KubeletSubject): readonly Refusal[] =>
    strings(config, field).flatMap(([resource, value]) => {
      const quantity = parseQuantity(value);
      const known = ['cpu', 'memory', 'ephemeral-storage', 'pid'];
      const reason = !known.includes(resource)
        ? `${resource} is not one of ${known.join(', ')}`
        : quantity === undefined
          ? 'it is no quantity such as 100m or 256Mi'
          : quantity < 0
            ? 'it must not be negative'
            : undefined;
      return reason === undefined ? [] : [{ field: `${field}.${resource}`, value, path: [field, resource], reason }];
    });
}

/** An option's gate (undefined for a stable one), and whether its value is good. */
type PolicyOption = { readonly gate?: string; readonly good: (value: string) => boolean };

/** pkg/kubelet/cm/cpumanager/policy_options.go and topologymanager/policy_options.go of 1.36. */
const cpuOptions: Readonly<Record<string, PolicyOption>> = {
  'full-pcpus-only': { good: isGoBool },
  'strict-cpu-reservation': { good: isGoBool },
  'prefer-align-cpus-by-uncorecache': { good: isGoBool },
  'distribute-cpus-across-numa': { gate: 'CPUManagerPolicyBetaOptions', good: isGoBool },
  'align-by-socket': { gate: 'CPUManagerPolicyAlphaOptions', good: isGoBool },
  'distribute-cpus-across-cores': { gate: 'CPUManagerPolicyAlphaOptions', good: isGoBool },
};
const topologyOptions: Readonly<Record<string, PolicyOption>> = {
  'prefer-closest-numa-nodes': { good: isGoBool },
  'max-allowable-numa-nodes': { good: value => /^\+?\d+$/.test(value) && Number(value) >= 8 },
};

function policyOptions(
  subject: KubeletSubject,
  field: string,
  known: Readonly<Record<string, PolicyOption>>,
  used: boolean,
): readonly Refusal[] {
  return strings(subject.config, field).flatMap(([name, value]) => {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    const gate = option?.gate;
    const reason = !used
      ? 'the policy none takes no options'
      : !option
        ? `${name} is not one of ${Object.keys(known).join(', ')}`
        : gate !== undefined && !enabled(subject, gate)
          ? `it needs the feature gate ${gate}, which is off`
          : option.good(value)
            ? undefined
            : 'its value is not one that it takes';
    return reason === undefined ? [] : [{ field: `${field}.${name}`, value, path: [field, name], reason }];
  });
}

const namespaced = [
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
  'kernel.shm',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.msg',
];

/** pkg/kubelet/sysctl/allowlist.go and k8s.io/component-helpers/node/util/sysctl. */
function sysctlProblem(pattern: string): string | undefined {
  if (pattern.length > 253 || !/^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$/.test(pattern))
    return 'it is no name of a sysctl, nor one with a last star';
  // Names with slashes: the first separator tells which kind it is.
  const dotted = /^[^./]*\//.test(pattern) ? pattern.replace(/[./]/g, char => (char === '/' ? '.' : '/')) : pattern;
  const name = dotted.replace(/\*.*$/, '');
  return namespaced.includes(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.')
    ? undefined
    : 'it is not a sysctl of a namespace, which a pod could have for itself';
}
