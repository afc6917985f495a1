import { observe } from '../rollout/observe.ts';
import { retrying } from '../rollout/retry.ts';
import { workerViews } from '../rollout/worker-views.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import type { CommandIo } from './io.ts';
import { rollout } from './rollout.ts';
import type { ParsedOptions } from './table.ts';
import { wrongUsage } from './wrong-usage.ts';

/** Drains and terminates the named workers, or all that there are, and removes what is theirs. */
export async function destroyCommand(options: ParsedOptions, names: readonly string[], io: CommandIo): Promise<number> {
  return rollout(
    {
      name: ['destroy', ...names].join(' '),
      launches: false,
      asked: async ({ cluster }, world) => {
        const observed = await observe(retrying(world, 'destroy'), { nodesOptional: true, images: false });
        // Workers that the spec does not have any more can be destroyed, too.
        const known = [...new Set([...cluster.workers.map(({ name }) => name), ...workerViews(observed).names])];
        const unknown = names.find(name => !known.includes(name));
        if (unknown !== undefined) {
          const meant = didYouMean(unknown, known);
          const hint = meant ? `did you mean ${meant}?` : '`firstboot status` lists them.';
          return wrongUsage(`${cluster.name} has no worker ${unknown}`, hint, io);
        }
        return { kind: 'retire', workers: new Set(names.length > 0 ? names : known) };
      },
    },
    options,
    io,
  );
}
