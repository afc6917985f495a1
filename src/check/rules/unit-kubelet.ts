import { kubeletBase, kubeletConfigPath, kubeletUnitPath, labelsVariable } from '../../compile/kubelet.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { versionOf } from '../../spec/resolve.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { flagsOf, whenAdded, whenRemoved } from '../kubernetes/tables.ts';
import { minorOf } from './kubelet-subject.ts';
import { type CommandFlag, commandsOf, flagsIn, splitWords, type UnitCommand } from './unit-command.ts';
import { lineOf, originOfLine, type UnitConcern, type UnitSubject } from './unit-subject.ts';

/** Options of systemd.exec(5) that give a service a mount namespace, as "Mount propagation" and its table say. */
const mountPaths = [
  ...[
    'BindPaths',
    'BindReadOnlyPaths',
    'ExecPaths',
    'ExtensionDirectories',
    'ExtensionImages',
    'InaccessibleDirectories',
    'InaccessiblePaths',
  ],
  ...[
    'MountImages',
    'NoExecPaths',
    'ReadOnlyDirectories',
    'ReadOnlyPaths',
    'ReadWriteDirectories',
    'ReadWritePaths',
    'RootDirectory',
    'RootImage',
  ],
  ...['TemporaryFileSystem'],
];
const mountSwitches = [
  ...[
    'DynamicUser',
    'MountAPIVFS',
    'PrivateDevices',
    'PrivateIPC',
    'PrivateMounts',
    'PrivateTmp',
    'ProtectControlGroups',
    'ProtectHome',
  ],
  ...['ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables', 'ProtectSystem'],
];
const no = ['no', 'false', 'off', '0', 'n', 'f', ''];

/** kubelet.service mounts where everyone sees it, and as root. */
export const kubeletNamespace: UnitConcern = subject => {
  if (!isKubelet(subject)) return [];
  const report = (key: string, isHarmless: (value: string) => boolean) => {
    const line = lineOf(subject, 'Service', key);
    return line && !isHarmless(line.value)
      ? [finding('UNIT_MOUNT_NAMESPACE', originOfLine(line), { unit: subject.name, key })]
      : [];
  };
  const user = lineOf(subject, 'Service', 'User');
  return [
    ...mountPaths.flatMap(key => report(key, value => value === '')),
    ...mountSwitches.flatMap(key => report(key, value => no.includes(value.toLowerCase()))),
    ...report('MountFlags', value => value === '' || value === 'shared'),
    ...report('ProtectProc', value => value === '' || value === 'default'),
    ...report('ProcSubset', value => value === '' || value === 'all'),
    ...(user && !['root', '0', ''].includes(user.value)
      ? [finding('UNIT_USER', originOfLine(user), { unit: subject.name, user: user.value })]
      : []),
  ];
};

/** The command line of kubelet.service, where it runs a kubelet. */
export const kubeletCommand: UnitConcern = subject => {
  if (!isKubelet(subject)) return [];
  const command = commandsOf(subject).findLast(one => one.key === 'ExecStart');
  if (!command) return [];
  if (!command.program.endsWith('/kubelet')) return wrapped(subject, command);
  const known = flagsOf(minorOf(subject.context.cluster));
  const flags = flagsIn(command.words, name => known.get(dashed(name))?.bare === true).map(flag => ({
    ...flag,
    name: dashed(flag.name),
  }));
  return [
    ...flags.flatMap(flag => flagFindings(subject, command, flag)),
    ...wiring(subject, command, flags),
    ...labels(subject, command),
  ];
};

/**
 * A kubelet that another program starts (env, nice, a shell) still has its two files. Neither is judged of a script that a
 * component brings, nor of words that only the node's shell fills in.
 */
function wrapped(subject: UnitSubject, command: UnitCommand): readonly Finding[] {
  const { program, line } = command;
  const words = [program, ...command.words].flatMap(word => word.split(/\s+/));
  const at = words.findIndex(word => /^(?:.*\/)?kubelet$/.test(word));
  if (at !== -1) {
    if (words.some(word => word.includes('$'))) return [];
    const flags = flagsIn(words.slice(at + 1)).map(flag => ({ ...flag, name: dashed(flag.name) }));
    return wiring(subject, command, flags);
  }
  const components = subject.context.inputs.components ?? [];
  const isOwnScript = components.some(({ overlay }) => overlay.some(({ path }) => path === program));
  return isOwnScript || /[$%]/.test(program)
    ? []
    : [finding('UNIT_KUBELET_REPLACED', originOfLine(line), { unit: subject.name, program })];
}

/** The kubelet reads an underscore in a flag's name as a dash. */
function dashed(name: string): string {
  return name.replaceAll('_', '-');
}

function flagFindings(
  { name: unit, context }: UnitSubject,
  { line }: UnitCommand,
  { name: flag, value = '' }: CommandFlag,
): readonly Finding[] {
  const minor = minorOf(context.cluster);
  const known = flagsOf(minor);
  const entry = known.get(flag);
  const origin = originOfLine(line);
  // What the labels' drop-in refers to, and what only the node knows, is not judged.
  if (flag.includes('$') || flag.includes('%')) return [];
  if (!entry) {
    const [removed, added] = [whenRemoved('flag', flag), whenAdded('flag', flag)];
    return [
      finding('UNIT_FLAG_UNKNOWN', origin, {
        unit,
        flag,
        version: versionOf(context.cluster, 'kubelet') ?? '',
        removed: removed !== undefined && removed <= minor ? `1.${removed}` : undefined,
        added: added !== undefined && added > minor ? `1.${added}` : undefined,
        meant: didYouMean(flag, [...known.keys()]),
      }),
    ];
  }
  if (flag === 'hostname-override') return [finding('UNIT_HOSTNAME_OVERRIDE', origin, { unit, value })];
  // How much is logged harms nothing, and the tutorial's unit says it.
  if (entry.field !== undefined && !['v', 'vmodule'].includes(flag)) {
    return [finding('UNIT_FLAG_OVERRIDES', origin, { unit, flag, field: entry.field })];
  }
  return [];
}

/** It reads the configuration, the kubeconfig and the node's drop-ins that are made for it. */
function wiring(subject: UnitSubject, { line }: UnitCommand, flags: readonly CommandFlag[]): readonly Finding[] {
  const unit = subject.name;
  const components = subject.context.inputs.components ?? [];
  const overlay = new Set(components.flatMap(component => component.overlay.map(file => file.path)));
  const kubeconfig = subject.component.identity.find(({ from, of }) => from === 'kubeconfig' && of === undefined)?.path;
  const wanted = [
    { flag: 'config', made: kubeletBase(components) && kubeletConfigPath, otherwise: kubeletConfigPath },
    { flag: 'kubeconfig', made: kubeconfig, otherwise: '/var/lib/kubelet/kubeconfig' },
  ];
  const findings = wanted.flatMap(({ flag, made, otherwise }) => {
    const found = flags.findLast(one => one.name === flag)?.value;
    // Where nothing is made for it, a file of a component's own is as good.
    const isFine = found !== undefined && (found === made || (made === undefined && overlay.has(found)));
    return isFine || /[%$]/.test(found ?? '')
      ? []
      : [finding('UNIT_KUBELET_FLAG', originOfLine(line), { unit, flag, found, expected: made ?? otherwise })];
  });
  const knowsFolder = flagsOf(minorOf(subject.context.cluster)).has('config-dir');
  return flags.some(one => one.name === 'config-dir') || !knowsFolder
    ? findings
    : [...findings, finding('UNIT_NO_CONFIG_DIR', originOfLine(line), { unit })];
}

function labels(subject: UnitSubject, { line }: UnitCommand): readonly Finding[] {
  const isUsed = splitWords(line.value).includes(`$${labelsVariable}`);
  const isNeeded = subject.context.cluster.workers.some(worker => Object.keys(worker.labels).length > 0);
  return isNeeded && !isUsed
    ? [finding('UNIT_LABELS_UNUSED', originOfLine(line), { unit: subject.name, variable: labelsVariable })]
    : [];
}

function isKubelet({ name }: UnitSubject): boolean {
  return kubeletUnitPath.endsWith(`/${name}`);
}
