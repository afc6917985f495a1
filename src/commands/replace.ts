import { chooseWorkers } from './choose-workers.ts';
import type { CommandIo } from './io.ts';
import { doneBefore } from './left-lock.ts';
import { rollout } from './rollout.ts';
import { leftRun } from './run-id.ts';
import { type ParsedOptions, textOf } from './table.ts';

/** Puts the named workers, or all, on new instances. */
export async function replaceCommand(options: ParsedOptions, names: readonly string[], io: CommandIo): Promise<number> {
  const name = ['replace', ...names].join(' ');
  return rollout(
    {
      name,
      launches: true,
      asked: async ({ cluster, folder }, world) => {
        const chosen = chooseWorkers(cluster, names, io);
        if (!chosen) return 2;
        const done = await doneBefore(world, leftRun(textOf(options['run-id']), folder), name);
        return { kind: 'replace', workers: new Set(chosen.map(one => one.name).filter(one => !done.has(one))) };
      },
    },
    options,
    io,
  );
}
