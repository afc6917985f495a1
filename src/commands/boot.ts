import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Fault } from '../local/faults.ts';
import { faults as knownFaults } from '../local/faults.ts';
import { bootMachines } from '../local/qemu/boot-machines.ts';
import { prepareRun } from '../local/qemu/prepare-run.ts';
import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import { type BootPhase, bootPhases } from '../report/report.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { bootJson, describeOutcomes, failuresOf, howToLook } from './boot-words.ts';
import { chooseFaults } from './choose-faults.ts';
import { compileWorkers } from './compile-worker.ts';
import { parseDuration } from './duration.ts';
import type { CommandIo } from './io.ts';

export type BootOptions = {
  readonly cluster: string;
  readonly workers: readonly string[];
  readonly image: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly mirror: string | undefined;
  readonly until: string | undefined;
  readonly timeout: string | undefined;
  readonly work: string | undefined;
  readonly keep: boolean;
  readonly namespace: string | undefined;
  readonly faults: readonly string[];
};

/** Boots workers’ very bytes in local machines. 0 when each of them came as far as `until`. */
export async function bootCommand(options: BootOptions, io: CommandIo): Promise<number> {
  const chosen = choose(options, io);
  if (typeof chosen === 'number') return chosen;
  const subjects = await compileWorkers(options.cluster, options.workers, io);
  if (typeof subjects === 'number') return subjects;
  const absolute = (file: string) => path.resolve(io.cwd, file);
  const told = (line: string) => io.err(`${line}\n`);
  const kept = options.keep || options.work !== undefined;
  return untilInterrupted(signal =>
    inFolder(options.work && absolute(options.work), kept, async work => {
      const run = await prepareRun({
        subjects,
        image: absolute(options.image ?? ''),
        kernel: options.kernel && absolute(options.kernel),
        initrd: options.initrd && absolute(options.initrd),
        mirror: options.mirror && absolute(options.mirror),
        namespace: options.namespace,
        ...chosen,
        work,
        kept,
        program: io.program,
        now: io.now,
        told,
        signal,
      });
      const outcomes = await bootMachines(run, signal, async (reached, machines) => {
        io.err(failuresOf(reached));
        io.out(io.json ? bootJson(reached, kept) : describeOutcomes(reached, kept));
        if (!options.keep || !reached.every(({ verdict }) => verdict.ok)) return;
        io.err(howToLook(machines));
        await Promise.race([aborted(signal), Promise.all(machines.map(({ running }) => running.ended))]);
      });
      return outcomes.every(({ verdict }) => verdict.ok) ? 0 : 1;
    }),
  );
}

/** Gives a folder for private keys, closed to others: the user's, or a temporary one, which stays only when something in it is kept. */
async function inFolder<R>(given: string | undefined, kept: boolean, work: (folder: string) => Promise<R>): Promise<R> {
  if (given !== undefined) {
    fs.mkdirSync(given, { recursive: true, mode: 0o700 });
    return work(given);
  }
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'firstboot-boot-'));
  try {
    return await work(folder);
  } finally {
    if (!kept || fs.readdirSync(folder).length === 0) fs.rmSync(folder, { recursive: true });
  }
}

type Chosen = { readonly until: BootPhase | undefined; readonly timeout: number; readonly faults: readonly Fault[] };

/** What the options mean; an exit code, after saying why, when they mean nothing. */
function choose(options: BootOptions, io: CommandIo): Chosen | number {
  const faults = chooseFaults(options.faults, io);
  if (typeof faults === 'number') return faults;
  const until = bootPhases.find(phase => phase === options.until);
  const timeout = parseDuration(options.timeout ?? '15m');
  const wrong = problemOf(options, until, timeout, faults);
  if (!wrong) return { until, timeout: timeout ?? 0, faults };
  const [message, hint] = wrong;
  io.err(`firstboot: ${message}\n  hint: ${hint}\n`);
  const diagnostic = { code: 'USAGE', severity: 'error', message, hint, file: null, notes: [] };
  if (io.json) io.out(`${JSON.stringify({ diagnostics: [diagnostic] })}\n`);
  return 2;
}

function problemOf(
  options: BootOptions,
  until: BootPhase | undefined,
  timeout: number | undefined,
  faults: readonly Fault[],
): readonly [string, string] | undefined {
  if (options.image === undefined)
    return [
      'boot needs --image FILE.',
      'a cloud image with cloud-init, raw or qcow2: for example https://cloud.debian.org/images/cloud/ (genericcloud) or https://cloud-images.ubuntu.com/ (.img), downloaded once.',
    ];
  if (options.initrd !== undefined && options.kernel === undefined)
    return ['--initrd is for --kernel.', 'an image with a boot loader needs neither.'];
  if (options.until !== undefined && until === undefined) {
    const meant = didYouMean(options.until, bootPhases);
    return [
      `there is no phase “${options.until}”.`,
      meant ? `did you mean ${meant}?` : `phases: ${bootPhases.join(', ')}.`,
    ];
  }
  if (timeout === undefined) return [`--timeout is a time, not “${options.timeout}”.`, 'for example 900s or 15m.'];
  const process = faults.find(({ name }) => knownFaults[name].where === 'process');
  if (process) return [`the fault ${process.name} is not one of the servers.`, '`firstboot rehearse` can inject it.'];
  if (faults.length > 0 && options.workers.length > 1)
    return ['--fault is for one worker.', 'boot the workers one after the other.'];
  return undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
