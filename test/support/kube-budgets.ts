import type { DisruptionBudgetView, PodView } from '../../src/ports/kube.ts';

/** A number of pods, or “50%” of those that are expected. */
export type BudgetRule =
  | { readonly minAvailable: number | `${number}%` }
  | { readonly maxUnavailable: number | `${number}%` };

export type NewBudget = BudgetRule & {
  readonly name: string;
  /** matchLabels; empty: every pod of the namespace. */
  readonly selector: Readonly<Record<string, string>>;
  readonly letsUnreadyGo?: boolean;
};

/** In the namespace “default” unless it says another. */
export type TwinBudget = NewBudget & { readonly namespace?: string };

/** The status that the disruption controller would give a budget among these pods. */
export function budgetView(budget: TwinBudget, pods: readonly PodView[]): DisruptionBudgetView {
  const namespace = budget.namespace ?? 'default';
  const selects = (labels: Readonly<Record<string, string>>) =>
    Object.entries(budget.selector).every(([key, value]) => labels[key] === value);
  const expected = pods.filter(pod => pod.namespace === namespace && selects(pod.labels) && !isOver(pod));
  const healthy = expected.filter(({ ready, deleting }) => ready && !deleting).length;
  const desired = desiredHealthy(budget, expected.length);
  return {
    namespace,
    name: budget.name,
    selects,
    rule: ruleWords(budget),
    disruptionsAllowed: Math.max(0, healthy - desired),
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected.length,
    letsUnreadyGo: budget.letsUnreadyGo ?? false,
  };
}

const isOver = ({ phase }: PodView): boolean => phase === 'Succeeded' || phase === 'Failed';

/** Percentages are rounded up, for both rules (disruption.go: GetScaledValueFromIntOrPercent). */
function desiredHealthy(rule: BudgetRule, expected: number): number {
  if ('minAvailable' in rule) return scaled(rule.minAvailable, expected);
  return Math.max(0, expected - scaled(rule.maxUnavailable, expected));
}

function scaled(value: number | string, expected: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * expected) / 100);
}

function ruleWords(rule: BudgetRule): string {
  return 'minAvailable' in rule ? `minAvailable ${rule.minAvailable}` : `maxUnavailable ${rule.maxUnavailable}`;
}
