import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { originOf } from './kubelet-origin.ts';
import type { Conditions, Refusal } from './kubelet-refusal.ts';
import { type KubeletConcern, type KubeletSubject, pathOf, read, show } from './kubelet-subject.ts';
import { evictionConditions } from './kubelet-values-eviction.ts';
import { logConditions } from './kubelet-values-logging.ts';
import { rangeConditions } from './kubelet-values-range.ts';
import { resourceConditions } from './kubelet-values-resources.ts';
import { startConditions } from './kubelet-values-start.ts';

/**
 * What the kubelet refuses to start with: ValidateKubeletConfiguration of v1.36.1 (pkg/kubelet/apis/config/validation), with the
 * defaults of pkg/kubelet/apis/config/v1beta1/defaults.go filled in first, and what fails later on the same configuration on any
 * machine (TLS options, authorization, evictions, reservations, the managers' policies).
 */
const conditions: Conditions = {
  ...rangeConditions,
  ...startConditions,
  ...evictionConditions,
  ...resourceConditions,
  ...logConditions,
};

export const kubeletValues: KubeletConcern = subject =>
  Object.values(conditions).flatMap(condition => {
    const refusals = condition(subject) ?? [];
    return (Array.isArray(refusals) ? (refusals as readonly Refusal[]) : [refusals as Refusal]).map(refusal =>
      report(subject, refusal),
    );
  });

function report({ kubelet, config }: KubeletSubject, refusal: Refusal): Finding {
  const paths = [refusal.path ?? pathOf(refusal.field), ...(refusal.with ?? []).map(pathOf)];
  return finding('KUBELET_VALUE_REFUSED', originOf(kubelet, paths), {
    field: refusal.field,
    value: refusal.value ?? show(read(config, refusal.field)),
    reason: refusal.reason,
  });
}
