import type { DisruptionBudgetView, PodView } from '../ports/kube.ts';
import { type DrainOptions, isFinished, sortPods } from './drain-sort.ts';
import { blockedWords, budgetWords, refusalWords, severalBudgetsWords } from './drain-words.ts';
import type { Disruption } from './plan.ts';

/** What a drain would evict from a node with these pods, and what would forbid it now. Nothing is asked or changed. */
export function drainPreview(
  pods: readonly PodView[],
  budgets: readonly DisruptionBudgetView[],
  options: DrainOptions,
): Disruption {
  const { evict, refused } = sortPods(pods, options);
  const bound = evict.filter(pod => !ignoresBudgets(pod)).map(pod => ({ pod, budgets: budgetsOf(pod, budgets) }));
  return {
    evicted: evict.map(({ namespace, name }) => ({ namespace, name })),
    blockers: [
      ...refusalWords(refused),
      ...bound.filter(one => one.budgets.length > 1).map(one => severalBudgetsWords(one.pod, one.budgets)),
      ...blockedWords(bound.flatMap(one => heldBack(one.pod, one.budgets))),
    ],
  };
}

export function budgetsOf(pod: PodView, budgets: readonly DisruptionBudgetView[]): readonly DisruptionBudgetView[] {
  return budgets.filter(({ namespace, selects }) => namespace === pod.namespace && selects(pod.labels));
}

function heldBack(pod: PodView, [budget, ...others]: readonly DisruptionBudgetView[]) {
  if (budget === undefined || others.length > 0 || allows(budget, pod)) return [];
  return [{ pod, why: budgetWords(budget) }];
}

/** The Eviction API asks no budget for a pod that has ended, is ending or never began (eviction.go: canIgnorePDB). */
export function ignoresBudgets(pod: PodView): boolean {
  return isFinished(pod) || pod.phase === 'Pending' || pod.deleting;
}

/** A pod that is not ready counts for no budget; it goes where the healthy ones suffice, or the budget says AlwaysAllow. */
export function allows(budget: DisruptionBudgetView, pod: PodView): boolean {
  const { currentHealthy, desiredHealthy, disruptionsAllowed, letsUnreadyGo } = budget;
  if (!pod.ready && (letsUnreadyGo || (desiredHealthy > 0 && currentHealthy >= desiredHealthy))) return true;
  return disruptionsAllowed > 0;
}
