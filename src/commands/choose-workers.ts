import type { Cluster } from '../spec/resolve.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import type { CommandIo } from './io.ts';

/** The workers of these names, in the spec's order; all without a name. Undefined, after saying so, when the spec has one of them not. */
export function chooseWorkers(
  cluster: Cluster,
  names: readonly string[],
  io: CommandIo,
): Cluster['workers'] | undefined {
  const known = cluster.workers.map(worker => worker.name);
  const unknown = names.filter(name => !known.includes(name));
  const problems = unknown.map(name => {
    const meant = didYouMean(name, known);
    const hint = meant ? `did you mean ${meant}?` : 'the names are under `workers` in the spec.';
    return {
      code: 'USAGE',
      severity: 'error',
      message: `${cluster.name} has no worker ${name}.`,
      hint,
      file: null,
      notes: [],
    };
  });
  for (const { message, hint } of problems) io.err(`firstboot: ${message}\n  hint: ${hint}\n`);
  if (io.json && problems.length > 0) io.out(`${JSON.stringify({ diagnostics: problems })}\n`);
  if (unknown.length > 0) return undefined;
  return names.length === 0 ? cluster.workers : cluster.workers.filter(worker => names.includes(worker.name));
}
