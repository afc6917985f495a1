import type { DrainOptions } from './drain.ts';
import type { Observed } from './observe.ts';
import type { Plan } from './plan.ts';
import type { Wait } from './record.ts';

/** How a plan is to be carried out. Times in milliseconds. */
export type RolloutOptions = {
  readonly wait: Wait;
  /** Per worker, from its launch. */
  readonly timeout: number;
  /** Name of this run: the same one resumes under its own lock. */
  readonly run: string;
  /** user@host. */
  readonly holder: string;
  /** As it was typed, for whoever is told of the lock. */
  readonly command: string;
  readonly lockTimeout: number;
  readonly drain: DrainOptions;
  readonly ignoreDrainFailure: boolean;
  readonly acceptCapacityRisk: boolean;
  /** Workers that are launched at a time. */
  readonly concurrency: number;
  /** Plans again from the world as it is once the lock is held. */
  readonly look: () => Promise<{ readonly plan: Plan; readonly observed: Observed }>;
};
