import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { isJsonMap } from '../../tree/merge.ts';
import { gatesOf, whenAdded, whenRemoved } from '../kubernetes/tables.ts';
import { originOf } from './kubelet-origin.ts';
import { enabled, type KubeletConcern, type KubeletSubject, read } from './kubelet-subject.ts';

/** Feature gates as component-base's SetFromMap judges them: unknown and locked ones are fatal, stable ones are noise. */
export const kubeletGates: KubeletConcern = subject => {
  const gates = read(subject.config, 'featureGates');
  if (!isJsonMap(gates)) return [];
  const set = Object.entries(gates).flatMap(([gate, value]) =>
    typeof value === 'boolean' ? gateFindings(subject, gate, value) : [],
  );
  return [...set, ...dependencies(subject)];
};

function gateFindings({ kubelet, minor, version }: KubeletSubject, gate: string, value: boolean): readonly Finding[] {
  const known = gatesOf(minor).get(gate);
  const at = (atKey: boolean) => originOf(kubelet, [['featureGates', gate]], atKey);
  if (!known) {
    const [removed, added] = [whenRemoved('gate', gate), whenAdded('gate', gate)];
    return [
      finding('KUBELET_FEATURE_GATE_UNKNOWN', at(true), {
        gate,
        version,
        removed: removed !== undefined && removed <= minor ? `1.${removed}` : undefined,
        added: added !== undefined && added > minor ? `1.${added}` : undefined,
        meant: didYouMean(gate, [...gatesOf(minor).keys()]),
      }),
    ];
  }
  if (known.locked && value !== known.default) {
    return [
      finding('KUBELET_FEATURE_GATE_LOCKED', at(false), {
        gate,
        value: String(value),
        locked: String(known.default),
        version,
      }),
    ];
  }
  if (known.stage === 'GA' || known.stage === 'DEPRECATED') {
    return [
      finding('KUBELET_FEATURE_GATE_GA', at(true), {
        gate,
        stage: known.stage === 'GA' ? 'stable' : 'deprecated',
        version,
      }),
    ];
  }
  return [];
}

/** A gate that is on while one that it needs is off. Where nothing is set, upstream's defaults agree. */
function dependencies(subject: KubeletSubject): readonly Finding[] {
  return [...gatesOf(subject.minor)].flatMap(([gate, { needs }]) => {
    if (needs.length === 0 || !enabled(subject, gate)) return [];
    const off = needs.filter(need => !enabled(subject, need));
    if (off.length === 0) return [];
    const paths = [gate, ...off, 'AllAlpha', 'AllBeta'].map(name => ['featureGates', name]);
    return [
      finding('KUBELET_FEATURE_GATE_NEEDS', originOf(subject.kubelet, paths), { gate, needs: off.join(' and ') }),
    ];
  });
}
