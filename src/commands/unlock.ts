import { OperationError } from '../diagnostics/operation-error.ts';
import { readLock, removeLock } from '../rollout/lock.ts';
import { retrying } from '../rollout/retry.ts';
import { openAwsSide } from './aws-side.ts';
import { openCluster } from './cluster-folder.ts';
import { confirm } from './confirm.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { type ParsedOptions, textOf } from './table.ts';
import { wrapped } from './wrap.ts';

/** Removes the lock with this ID, of a run that is known to be dead. */
export async function unlockCommand(
  options: ParsedOptions,
  [id = '']: readonly string[],
  io: CommandIo,
): Promise<number> {
  const loaded = openCluster(textOf(options.cluster) ?? 'cluster.yaml', io, false, false);
  if (!loaded) return 1;
  const { cluster } = loaded;
  const side = await explained(() => openAwsSide(cluster, options, io), cluster);
  try {
    const { store } = retrying({ ...side, kube: undefined }, 'unlock');
    return await explained(async () => {
      const lock = await readLock({ store, cluster });
      if (lock?.id !== id) throw notFound(id, cluster.name, lock?.id);
      const whose = `${lock.holder} holds it since ${lock.since}: \`firstboot ${lock.command}\`, run ${lock.run}.`;
      io.err(`${wrapped(whose)}\n`);
      const no = await confirm('Is that run dead? Its lock is removed.', options, io);
      if (no !== undefined) return no;
      if (!(await removeLock({ store, cluster }, id))) throw notFound(id, cluster.name, undefined);
      if (io.json) io.out(`${JSON.stringify({ version: 1, cluster: cluster.name, removed: lock })}\n`);
      else io.out(`lock ${id} removed; \`firstboot apply\` goes on with what its run left.\n`);
      return 0;
    }, cluster);
  } finally {
    await side.close();
  }
}

function notFound(id: string, cluster: string, other: string | undefined): OperationError {
  return new OperationError(
    'LOCK_NOT_FOUND',
    `${cluster} has no lock ${id}${other === undefined ? '' : `; the one that is held is ${other}`}.`,
    other === undefined ? 'its run has ended: nothing is to be done.' : 'look whose that one is before you remove it.',
  );
}
