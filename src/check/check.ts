import type { Finding } from '../diagnostics/diagnostic.ts';
import type { ClusterContext, FleetContext, WorkerContext } from './context.ts';
import { clusterRules, fleetRules, workerRules } from './rules.ts';

/** Rules about what all workers share. */
export function checkCluster(context: ClusterContext): readonly Finding[] {
  return clusterRules.flatMap(rule => rule(context));
}

/** Rules about one worker. */
export function checkWorker(context: WorkerContext): readonly Finding[] {
  return workerRules.flatMap(rule => rule(context));
}

/** Rules that compare workers with each other. */
export function checkFleet(context: FleetContext): readonly Finding[] {
  return fleetRules.flatMap(rule => rule(context));
}
