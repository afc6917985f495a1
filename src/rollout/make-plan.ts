import type { CallError } from '../diagnostics/call-error.ts';
import type { NodeDescription } from '../emit/node-description.ts';
import type { DrainOptions } from './drain-sort.ts';
import { type Observed, type ObserveOptions, observe } from './observe.ts';
import { type Asked, type DesiredWorker, type Plan, planOf } from './plan.ts';
import { gatherDetails } from './plan-details.ts';
import type { World } from './world.ts';

/** What the spec and its folder want, as far as a plan needs it. */
export type Wanted = {
  readonly desired: readonly DesiredWorker[];
  readonly describe: (worker: string) => NodeDescription | undefined;
};

export type MakePlanOptions = ObserveOptions & {
  readonly asked?: Asked | undefined;
  readonly drain?: DrainOptions | undefined;
};

export type MadePlan = {
  readonly plan: Plan;
  readonly observed: Observed;
  /** Why the api-server did not say which pods would be evicted. */
  readonly podsProblem?: CallError | undefined;
};

/** Observes, decides, and asks for what is told beside the decision. Throws as observe and planOf do. */
export async function makePlan(
  world: Omit<World, 'artifactsOf'>,
  { desired, describe }: Wanted,
  { asked, drain, ...options }: MakePlanOptions = {},
): Promise<MadePlan> {
  const observed = await observe(world, options);
  const now = world.clock.now();
  const decided = planOf(world.cluster, desired, observed, now, { asked });
  if (decided.actions.every(({ kind }) => kind === 'keep')) return { plan: decided, observed };
  const details = { ...(await gatherDetails(world, decided, desired, observed, describe)), drain };
  return {
    plan: planOf(world.cluster, desired, observed, now, { asked, details }),
    observed,
    podsProblem: details.podsProblem,
  };
}
