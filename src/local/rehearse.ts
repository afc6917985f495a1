import { OperationError } from '../diagnostics/operation-error.ts';
import type { BootEvent, BootPhase, BootReport } from '../report/report.ts';
import { reportsIn } from '../report/report-file.ts';
import { runsOf } from '../report/runs.ts';
import { type Fault, faults as faultTable } from './faults.ts';
import type { Stored } from './object-server.ts';
import { killsOf, preambleOf } from './rehearse-faults.ts';
import { type Machine, machineOf, type Subject, startMachine } from './rehearse-machine.ts';
import { type ProgramEnd, startProgram } from './rehearse-program.ts';
import { type Requests, type Servers, startServers } from './rehearse-servers.ts';
import { readRoot } from './scratch-root.ts';

/** Makes waits short: what never answers fails after seconds, not after a quarter of an hour. */
const usualPace = 0.005;
/** Where a fault passes after some attempts, patience must outlast them on a busy machine, too. */
const patientPace = 0.02;

export type RehearsalOptions = {
  /** Absolute; opened by openScratchRoot. */
  readonly root: string;
  readonly binaries: readonly Stored[];
  /** Names of binaries that are to be had from nowhere. */
  readonly absent: readonly string[];
  readonly faults: readonly Fault[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onEvent: (event: BootEvent) => void;
  /** Ends the boot program; then the reason is thrown. */
  readonly signal: AbortSignal;
  /** Multiplies every wait of the boot program. */
  readonly pace?: number;
  /** Seconds that each download takes under the fault `slow`. */
  readonly slowSeconds?: number;
};

export type Rehearsal = {
  readonly ok: boolean;
  readonly boot: 'first boot' | 'reboot';
  readonly machine: Machine;
  /** As report.json has it, or, where that could not be written, as the console had it. */
  readonly report: BootReport;
  /** How often the program was started: once, and after each `kill`. */
  readonly starts: number;
  readonly requests: Requests;
};

/** Boots a worker in a scratch root, with the boot program of its own user-data. */
export async function rehearse(subject: Subject, options: RehearsalOptions): Promise<Rehearsal> {
  const machine = machineOf(subject, options.now(), options.absent);
  const boot = startMachine(options.root, machine);
  const servers = await startServers(
    subject,
    machine,
    options.binaries,
    options.faults,
    options.now,
    options.slowSeconds,
  );
  try {
    const { end, events, starts } = await runToTheEnd(machine, servers, options);
    const report = latestReport(options.root, events);
    const hasEnded = ['ok', 'failed'].includes(report?.phases.at(-1)?.status ?? '');
    if (!report || (end.code !== 0 && !hasEnded)) throw broken(end);
    return { ok: end.code === 0, boot, machine, report, starts, requests: { ...servers.requests } };
  } finally {
    await servers.close();
  }
}

function broken({ code, said }: ProgramEnd): OperationError {
  const last = said.split('\n').findLast(line => line !== '');
  return new OperationError(
    'REHEARSAL_BROKEN',
    `the boot program ended without saying why, by ${code === null ? 'a signal' : `exit code ${code}`}${last ? `: ${last}` : ''}.`,
    'run it with --root and look at the folder; when nothing else writes there, this is a bug in firstboot: please report it.',
  );
}

type Ended = { readonly end: ProgramEnd; readonly events: readonly BootEvent[]; readonly starts: number };

/** A killed program is started again, as systemd does. */
async function runToTheEnd(machine: Machine, servers: Servers, options: RehearsalOptions): Promise<Ended> {
  const { root, faults, signal, onEvent } = options;
  const kills: BootPhase[] = [...killsOf(faults)];
  const events: BootEvent[] = [];
  for (let starts = 1; ; starts++) {
    const before = kills.length;
    const program = startProgram({
      root,
      redirects: servers.redirects,
      pace: options.pace ?? (faults.some(passesLate) ? patientPace : usualPace),
      preamble: preambleOf(faults, machine.manifest, options.now()),
      onEvent: event => {
        events.push(event);
        onEvent(event);
        const at = event.status === 'start' ? kills.indexOf(event.phase) : -1;
        if (at < 0) return;
        kills.splice(at, 1);
        program.kill();
      },
    });
    signal.addEventListener('abort', program.kill);
    if (signal.aborted) program.kill();
    const end = await program.ended;
    signal.removeEventListener('abort', program.kill);
    signal.throwIfAborted();
    if (kills.length === before || end.code !== null) return { end, events, starts };
  }
}

function passesLate({ name }: Fault): boolean {
  return faultTable[name].passes && faultTable[name].code !== undefined;
}

/** report.json, unless the console went on after it was last written, as on a full disk. */
function latestReport(root: string, events: readonly BootEvent[]): BootReport | undefined {
  const last = events.at(-1);
  const seen = runsOf(events)
    .map(run => ({ ...run, rehearsal: true }))
    .at(-1);
  const written = reportsIn(readRoot(root, '/var/lib/firstboot/report.json') ?? '')?.at(-1);
  const record = written?.phases.at(-1);
  return record?.phase === last?.phase && record?.status === last?.status ? written : seen;
}
