import { type BootEvent, type BootReport, bootPhases, type PhaseRecord } from './report.ts';

/** A run of the boot program, as far as its lines have been read. */
type Run = {
  readonly worker: string;
  readonly attempts: number;
  readonly events: BootEvent[];
  /** Lines seen, for some consoles show each twice: from the program, and forwarded by journald. */
  readonly seen: Set<string>;
};

/**
 * One report for each run of the boot program, in the order in which they began. A run ends where its worker begins anew: an
 * earlier phase or an earlier time than the line before. `attempts` counts the runs of a worker in this console.
 */
export function runsOf(events: readonly BootEvent[]): readonly BootReport[] {
  const runs: Run[] = [];
  const latest = new Map<string, Run>();
  for (const event of events) {
    const line = JSON.stringify(event);
    let run = latest.get(event.worker);
    if (run?.seen.has(line)) continue;
    if (!run || beginsAnew(event, run.events.at(-1))) {
      run = { worker: event.worker, attempts: (run?.attempts ?? 0) + 1, events: [], seen: new Set() };
      latest.set(event.worker, run);
      runs.push(run);
    }
    run.seen.add(line);
    run.events.push(event);
  }
  return runs.map(reportOf);
}

function beginsAnew(event: BootEvent, last: BootEvent | undefined): boolean {
  if (!last) return false;
  return event.t < last.t || order(event) < order(last) || (event.phase === last.phase && event.status === 'start');
}

function order({ phase }: BootEvent): number {
  return bootPhases.indexOf(phase);
}

function reportOf({ worker, attempts, events }: Run): BootReport {
  const known = events.flatMap(({ instanceId, systemUuid, digest, fingerprint }) =>
    Object.entries({ instanceId, systemUuid, digest, fingerprint }).filter(([, value]) => value !== undefined),
  );
  return { v: 1, worker, ...Object.fromEntries(known), attempts, phases: phasesOf(events) };
}

function phasesOf(events: readonly BootEvent[]): readonly PhaseRecord[] {
  const records: PhaseRecord[] = [];
  for (const event of events) {
    const last = records.at(-1);
    if (last?.phase === event.phase) {
      records[records.length - 1] = { ...last, ...recorded(event, last.retries), start: last.start };
      continue;
    }
    // The program goes on only from what is ok: the line that said so is lost.
    if (last && last.status !== 'ok') records[records.length - 1] = { ...last, status: 'ok', end: event.t };
    const start = event.status === 'start' ? event.t : (records.at(-1)?.end ?? event.t);
    records.push({ ...recorded(event), start });
  }
  return records;
}

/** Code and cause of the last retry stay when the phase is ok at last, as in report.json. */
function recorded(event: BootEvent, before: readonly number[] = []): PhaseRecord {
  const { phase, status, t, attempt, code, cause } = event;
  const retries = status === 'retry' ? [...before, t] : before;
  return {
    phase,
    status,
    start: t,
    end: t,
    attempts: attempt,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause }),
    ...(retries.length > 0 && { retries }),
  };
}

/** What a run’s story needs of the other runs of its worker. */
export type Neighbours = {
  /** When the run before it in the same boot ended, in seconds since the kernel’s start. */
  readonly before: number | undefined;
  /** Whether another run comes after it. */
  readonly later: boolean;
};

export const alone: Neighbours = { before: undefined, later: false };

export function neighboursOf(reports: readonly BootReport[], index: number): Neighbours {
  const { worker, phases } = reports[index] ?? {};
  const end = reports
    .slice(0, index)
    .findLast(one => one.worker === worker)
    ?.phases.at(-1)?.end;
  const start = phases?.[0]?.start;
  return {
    before: end !== undefined && start !== undefined && end <= start ? end : undefined,
    later: reports.slice(index + 1).some(one => one.worker === worker),
  };
}
