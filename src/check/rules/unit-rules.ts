import type { ClusterRule } from '../context.ts';
import { kubeletCommand, kubeletNamespace } from './unit-kubelet.ts';
import { kubeletRuntimeOrder, unitDeadlock } from './unit-order.ts';
import { unitPaths } from './unit-paths.ts';
import { unitExec, unitRestart, unitSecrets } from './unit-service.ts';
import { type UnitConcern, unitSubjects, unitTexts } from './unit-subject.ts';
import { unitSyntax } from './unit-syntax.ts';

const concerns: readonly UnitConcern[] = [
  unitExec,
  unitRestart,
  unitDeadlock,
  unitSecrets,
  kubeletRuntimeOrder,
  kubeletNamespace,
  kubeletCommand,
];

/** Each text of a unit is one that systemd reads whole. */
export const unitFiles: ClusterRule = ({ inputs }) => unitTexts(inputs.components ?? []).flatMap(unitSyntax);

/** Each unit, with its drop-ins, starts what is there, in an order that ends, and again when it fails. */
export const unitBehaviour: ClusterRule = context => {
  const subjects = unitSubjects(context);
  const all = subjects.length === 0 ? concerns : [...concerns, unitPaths(context)];
  return subjects.flatMap(subject => all.flatMap(concern => concern(subject)));
};
