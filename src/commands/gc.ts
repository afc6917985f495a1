import { collect, type GcReport } from '../rollout/gc.ts';
import type { Leftover } from '../rollout/leftovers.ts';
import { type Lock, lockWords } from '../rollout/lock.ts';
import { openAwsSide } from './aws-side.ts';
import { openCluster } from './cluster-folder.ts';
import { confirm } from './confirm.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { rolloutChoices } from './rollout-choices.ts';
import { openRun } from './run-id.ts';
import { type ParsedOptions, textOf } from './table.ts';
import { wrapped } from './wrap.ts';

/** Settles launches that were not waited for, and removes what finished or broken runs left. */
export async function gcCommand(options: ParsedOptions, _: readonly string[], io: CommandIo): Promise<number> {
  const loaded = openCluster(textOf(options.cluster) ?? 'cluster.yaml', io, false, false);
  if (!loaded) return 1;
  const { cluster, folder } = loaded;
  const choices = rolloutChoices({ ...options, wait: 'booted' }, false, io);
  if (typeof choices === 'number') return choices;
  const side = await explained(() => openAwsSide(cluster, options, io), cluster);
  const run = openRun(textOf(options['run-id']), folder.folder);
  try {
    const world = { ...side, cluster, kube: undefined, artifactsOf: noArtifacts };
    io.err(`${cluster.name} on ${side.place}\n`);
    let refused: number | undefined;
    const sure = async (found: readonly Leftover[]) => {
      for (const one of found) io.err(`${wrapped(`- ${nameOf(one)}: ${one.why}`)}\n`);
      refused = await confirm(`Remove ${found.length === 1 ? 'it' : `all ${found.length}`}?`, options, io);
      return refused === undefined;
    };
    const waits = (theirs: Lock) => io.err(`${wrapped(`waiting for the lock of ${lockWords(theirs)}`)}\n`);
    const report = await explained(
      () => collect(world, { ...choices, run: run.id, holder: run.holder, command: 'gc' }, sure, undefined, waits),
      cluster,
    );
    run.over();
    if (!report) return refused ?? 1;
    if (io.json) io.out(`${JSON.stringify({ version: 1, cluster: cluster.name, ...report })}\n`);
    else io.out(textOfReport(report));
    return 0;
  } finally {
    await side.close();
  }
}

function nameOf({ kind, name }: Leftover): string {
  return kind === 'secrets' ? `secrets of ${name}` : `${kind} ${name}`;
}

function textOfReport({ removed, settled, warnings }: GcReport): string {
  const parts = [
    ...(settled.length > 0 ? [`${settled.length} proven now (${settled.join(', ')})`] : []),
    removed.length === 0 ? 'nothing is left to be removed' : `${removed.length} removed`,
  ];
  const told = warnings.map(warning => `${wrapped(`warning: ${warning}`)}\n`);
  return `${told.join('')}${wrapped(`${parts.join(', ')}.`)}\n`;
}

async function noArtifacts(): Promise<never> {
  throw new Error('invariant broken: nothing is launched');
}
