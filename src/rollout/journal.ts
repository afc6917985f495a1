import { OperationError } from '../diagnostics/operation-error.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { StoredRecord } from './observe.ts';
import type { WorkerRecord } from './record.ts';
import { stateKeys } from './state-keys.ts';
import { writeIf } from './written.ts';

/** The journal of one worker, as this run has it. */
export type Journal = {
  /** As it was read or written last. */
  readonly record: () => WorkerRecord;
  /** Throws JOURNAL_FOREIGN when somebody else wrote since. */
  readonly write: (next: WorkerRecord) => Promise<void>;
};

type Place = Pick<Cluster, 'name' | 'aws'>;

export function emptyRecord(worker: string): WorkerRecord {
  return { version: 1, worker, generation: 0, current: null, operation: null };
}

/** `stored`: what was read last; undefined: there is no record of this worker yet. */
export function openJournal(
  store: ObjectStore,
  cluster: Place,
  worker: string,
  stored: StoredRecord | undefined,
): Journal {
  const key = stateKeys(cluster).worker(worker);
  let { record, etag } = stored ?? { record: emptyRecord(worker), etag: undefined };
  return {
    record: () => record,
    write: async next => {
      const onlyIf = etag === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'etag', etag } as const);
      const bytes = new TextEncoder().encode(`${JSON.stringify(next, null, 2)}\n`);
      const written = await writeIf(store, { key, bytes, onlyIf });
      if (written.kind === 'theirs') throw foreign(key, worker);
      record = next;
      etag = written.etag;
    },
  };
}

function foreign(key: string, worker: string): OperationError {
  return new OperationError(
    'JOURNAL_FOREIGN',
    `somebody else wrote the record of ${worker} (${key}) while this run held the lock.`,
    'look who else changes this cluster (`firstboot status`); then run the same command again: it goes on from the record.',
  );
}
