import { kubeletUnitPath } from '../../compile/kubelet.ts';
import { finding } from '../../diagnostics/diagnostic.ts';
import { originOfLine, originOfSection, type UnitConcern, type UnitSubject, unitsNamed } from './unit-subject.ts';

const late = [
  'cloud-config.target',
  'cloud-config.service',
  'cloud-final.service',
  'cloud-init.target',
  'multi-user.target',
  'graphical.target',
];

/** Nothing waits for what waits for it. */
export const unitDeadlock: UnitConcern = subject => [
  ...['After', 'Requires', 'Wants', 'BindsTo', 'Requisite'].flatMap(directive =>
    unitsNamed(subject, directive)
      .filter(({ unit }) => late.includes(unit))
      .map(({ unit: target, line }) =>
        finding('UNIT_DEADLOCK', originOfLine(line), {
          unit: subject.name,
          directive,
          target,
          why: lateReason(target),
        }),
      ),
  ),
  ...unitsNamed(subject, 'Before')
    .filter(({ unit }) => unit === 'network-pre.target' || /^cloud-(init|config)/.test(unit))
    .map(({ unit: target, line }) =>
      finding('UNIT_DEADLOCK', originOfLine(line), {
        unit: subject.name,
        directive: 'Before',
        target,
        why: earlyReason(target),
      }),
    ),
];

function lateReason(target: string): string {
  return target.startsWith('cloud-')
    ? `the first boot starts it while cloud-init runs, and ${target} is not reached before that ends`
    : `${target} itself waits for cloud-init and for the units that it wants, this one among them`;
}

function earlyReason(target: string): string {
  return target === 'network-pre.target'
    ? 'cloud-init stands before the network, too, so the order is a circle'
    : 'cloud-init runs before the basic system that a unit waits for by default, so the order is a circle';
}

/** The units of components that the kubelet's component requires: the container runtime. */
function runtimesOf({ component, context }: UnitSubject): readonly string[] {
  const components = context.inputs.components ?? [];
  return component.requires
    .flatMap(name => components.find(one => one.name === name)?.units ?? [])
    .filter(unit => unit.endsWith('.service'));
}

/** The kubelet starts with its runtime, and after it. */
export const kubeletRuntimeOrder: UnitConcern = subject => {
  if (!kubeletUnitPath.endsWith(`/${subject.name}`)) return [];
  const names = (key: string, unit: string) => unitsNamed(subject, key).some(one => one.unit === unit);
  return runtimesOf(subject).flatMap(runtime => {
    const missing = [
      ...(names('Requires', runtime) || names('BindsTo', runtime) ? [] : ['Requires']),
      ...(names('After', runtime) ? [] : ['After']),
    ];
    return missing.length === 0
      ? []
      : [finding('UNIT_RUNTIME_ORDER', originOfSection(subject, 'Unit'), { unit: subject.name, runtime, missing })];
  });
};
