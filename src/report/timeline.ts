import { bootCodes } from '../diagnostics/boot-codes.ts';
import { seconds } from './progress.ts';
import { type BootPhase, type BootReport, bootPhases, type PhaseRecord } from './report.ts';
import type { Neighbours } from './runs.ts';

export type Outcome = 'done' | 'failed' | 'unfinished';

/** What the table and the page show of one run. Seconds since the kernel’s start. */
export type Timeline = {
  readonly worker: string;
  readonly outcome: Outcome;
  /** One sentence: how it ended, and when. */
  readonly summary: string;
  /** What to do or to know next, a sentence each; none for a run that is done. */
  readonly next: readonly string[];
  readonly start: number;
  readonly end: number;
  /** Whether all before `start` was the machine’s own: kernel and cloud-init. */
  readonly first: boolean;
  /** Where the time went, a sentence each; no line break before a unit. */
  readonly time: readonly string[];
  readonly rows: readonly Row[];
  readonly notReached: readonly BootPhase[];
};

export type Row = PhaseRecord & {
  readonly took: number;
  /** As people read it: `ok`, `failed`, or `waiting` for what had not ended. */
  readonly word: 'ok' | 'failed' | 'waiting';
  /** What the code means. */
  readonly title: string | undefined;
};

/** What a phase waits for when it does not end. */
const awaited: Readonly<Record<BootPhase, string>> = {
  identify: 'instance metadata (169.254.169.254)',
  clock: 'a clock inside the certificate’s validity',
  secrets: 'the secrets archive from the object store',
  binaries: 'the binaries from their URLs',
  install: 'the files to be written',
  kernel: 'modprobe, sysctl and swapoff',
  units: 'systemd to start the units',
  health: 'containerd’s socket and the kubelet’s healthz',
  registered: 'the Node at the api-server',
  done: 'nothing more',
};

/** A rehearsal’s times begin with the program. */
export function timelineOf(report: BootReport, { before, later }: Neighbours): Timeline {
  const { worker } = report;
  const phases = report.rehearsal ? sinceProgram(report.phases) : report.phases;
  const rows = phases.map(rowOf);
  const start = startOf(phases);
  const end = phases.reduce((latest, one) => Math.max(latest, one.end), start);
  const outcome = outcomeOf(phases.at(-1));
  return {
    worker,
    outcome,
    ...storyOf(report, outcome, phases.at(-1), later),
    start,
    end,
    first: before === undefined && start > 0,
    time: timeOf(rows, start, end, before),
    rows,
    notReached:
      phases.length === 0 ? bootPhases : bootPhases.slice(bootPhases.indexOf(phases.at(-1)?.phase ?? 'done') + 1),
  };
}

/** What a code of the boot program means, in one line. */
export function titleOf(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(bootCodes, code)
    ? bootCodes[code as keyof typeof bootCodes].title
    : undefined;
}

function rowOf(record: PhaseRecord): Row {
  const word = record.status === 'ok' || record.status === 'failed' ? record.status : 'waiting';
  return { ...record, took: record.end - record.start, word, title: titleOf(record.code) };
}

function outcomeOf(last: PhaseRecord | undefined): Outcome {
  if (last?.status === 'failed') return 'failed';
  return last?.phase === 'done' && last.status === 'ok' ? 'done' : 'unfinished';
}

function storyOf(
  { rehearsal }: BootReport,
  outcome: Outcome,
  last: PhaseRecord | undefined,
  later: boolean,
): Pick<Timeline, 'summary' | 'next'> {
  if (!last) return { summary: 'no phase has begun', next: [] };
  const { phase, status, code } = last;
  const at = seconds(last.end);
  const anew = 'Another run follows.';
  if (outcome === 'done') return { summary: `done at ${at}`, next: [] };
  if (outcome === 'failed') {
    const restart = rehearsal ? [] : ['systemd starts the program again 30 s after a failure.'];
    const more = code && titleOf(code) ? [`What to do: \`firstboot explain ${code}\``] : [];
    return { summary: `FAILED in ${phase} at ${at}`, next: [...(later ? [anew] : restart), ...more] };
  }
  if (later) return { summary: `cut off in ${phase}, nothing after ${at}`, next: [anew] };
  const [where, next] =
    status === 'ok' ? [`after ${phase}`, 'Look again later.'] : [`in ${phase}`, `It waits for ${awaited[phase]}.`];
  return { summary: `not done: ${where}, nothing after ${at}`, next: [next] };
}

function startOf(phases: readonly PhaseRecord[]): number {
  return phases.reduce((earliest, one) => Math.min(earliest, one.start), phases[0]?.start ?? 0);
}

/** Outside a machine of its own the kernel’s start says nothing. */
function sinceProgram(phases: readonly PhaseRecord[]): readonly PhaseRecord[] {
  const first = startOf(phases);
  return phases.map(one => ({
    ...one,
    start: one.start - first,
    end: one.end - first,
    retries: one.retries?.map(t => t - first),
  }));
}

function timeOf(rows: readonly Row[], start: number, end: number, before: number | undefined): Timeline['time'] {
  const total = end - start;
  const most = rows
    .filter(({ took }) => took >= 0.05 && took / total >= 0.05)
    .sort((a, b) => b.took - a.took)
    .map(({ phase, took }) =>
      `${phase} ${seconds(took)} (${Math.round((100 * took) / total)} %)`.replace(/(?<=\d) /g, '\u00A0'),
    );
  return [
    `${beforeIt(start, before)} program took ${seconds(total)}.`,
    ...(most.length > 0 ? [`Most of that: ${most.join(', ')}.`] : []),
  ];
}

function beforeIt(start: number, before: number | undefined): string {
  if (before !== undefined) return `This run began ${seconds(start - before)} after the last; the`;
  return start > 0 ? `Before the program the machine took ${seconds(start)}; the` : 'The';
}
