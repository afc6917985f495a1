import path from 'node:path';
import { readUserData } from '../emit/read-user-data.ts';
import { type FetchEvent, openBinaries } from '../local/binaries.ts';
import { binaryCache } from '../local/binary-cache.ts';
import { rehearse } from '../local/rehearse.ts';
import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import { requirePython } from '../local/rehearse-program.ts';
import { openScratchRoot } from '../local/scratch-root.ts';
import { createProgress } from '../report/progress.ts';
import type { BootEvent } from '../report/report.ts';
import { chooseFaults } from './choose-faults.ts';
import { compileWorkers } from './compile-worker.ts';
import type { CommandIo } from './io.ts';
import { describeRehearsal, failureOf, rehearsalJson } from './rehearse-words.ts';

export type RehearseOptions = {
  readonly cluster: string;
  readonly worker: string;
  readonly root: string | undefined;
  readonly mirror: string | undefined;
  readonly faults: readonly string[];
};

/** Boots a worker’s very user-data in a scratch root, as an ordinary user. */
export async function rehearseCommand(options: RehearseOptions, io: CommandIo): Promise<number> {
  const faults = chooseFaults(options.faults, io);
  if (typeof faults === 'number') return faults;
  const compiled = await compileWorkers(options.cluster, [options.worker], io);
  const [subject] = typeof compiled === 'number' ? [] : compiled;
  if (!subject) return typeof compiled === 'number' ? compiled : 1;
  requirePython();
  const mirror = options.mirror && path.resolve(io.cwd, options.mirror);
  const root = openScratchRoot(options.root && path.resolve(io.cwd, options.root));
  return untilInterrupted(async signal => {
    try {
      const wanted = readUserData(subject.artifacts.userData).manifest.binaries;
      const { stored, missing } = await orAborted(
        openBinaries(
          wanted.map(one => ({ ...one, arch: subject.worker.arch })),
          { mirror, cache: binaryCache() },
          event => io.err(fetchLine(event)),
        ),
        signal,
      );
      const rehearsal = await rehearse(subject, {
        root: root.folder,
        binaries: stored,
        absent: missing.map(one => one.binary),
        faults,
        now: io.now,
        onEvent: progressTo(io),
        signal,
      });
      const told = { subject, root, rehearsal, missing, faults };
      if (!rehearsal.ok) io.err(failureOf(told));
      io.out(io.json ? `${JSON.stringify(rehearsalJson(told))}\n` : describeRehearsal(told));
      return rehearsal.ok ? 0 : 1;
    } finally {
      root.close();
    }
  });
}

/** Seconds since the first line: a rehearsal has no kernel’s start. */
function progressTo(io: CommandIo): (event: BootEvent) => void {
  const lineOf = createProgress();
  let start: number | undefined;
  return event => {
    start ??= event.t;
    const line = lineOf({ ...event, t: event.t - start });
    if (line !== undefined) io.err(`${line}\n`);
  };
}

function fetchLine({ kind, binary, version }: FetchEvent): string {
  return `${kind} ${binary} ${version}\n`;
}

function orAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}
