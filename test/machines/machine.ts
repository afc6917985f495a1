import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BootEvent, BootPhase, BootStatus } from '../../src/report/report.ts';
import { firstboot, program } from '../real/cluster.ts';
import { lab } from '../real/lab.ts';
import type { LabCluster } from './cluster.ts';
import { cloudInitHasEnded, parseEvents, tail } from './console.ts';
import { until } from './wait.ts';

type Start = {
  readonly cluster: LabCluster;
  readonly namespace: string;
  readonly release: string;
  /** Disks and consoles: what lies there boots again as the machine that it is. */
  readonly work: string;
  readonly image?: string;
  readonly faults?: readonly string[];
};

/** Machines that one `firstboot boot --keep` started. */
export type Machines = {
  readonly disk: (worker: string) => string;
  readonly events: (worker: string) => readonly BootEvent[];
  /** Waits for that line of the console; the machine's end before it is a failure. */
  readonly reached: (worker: string, phase: BootPhase, status: BootStatus, seconds: number) => Promise<BootEvent>;
  /** Waits for cloud-init's last stage: its verdict is written then. */
  readonly cloudInitEnded: (worker: string) => Promise<void>;
  /** Asks the operating systems to shut down, and waits until they have. */
  readonly powerOff: () => Promise<void>;
  /** Pulls the plug, if they still run; nothing of `firstboot boot` runs afterwards. */
  readonly cut: () => Promise<void>;
  /** What to read when a test failed. */
  readonly story: () => string;
};

export function startMachines(workers: readonly string[], start: Start): Machines {
  const { cluster, namespace, release, work, faults = [] } = start;
  const image = join(lab, release);
  const at = (worker: string, name: string) => join(work, worker, name);
  const log = join(work, 'boot.log');
  mkdirSync(work, { recursive: true });
  // What the last boot left must not be taken for this one's.
  for (const worker of workers) rmSync(at(worker, 'console.log'), { force: true });
  const argv = [
    ...['boot', ...workers, '--cluster', cluster.file, '--image', start.image ?? join(image, 'disk.img')],
    ...['--kernel', join(image, 'vmlinuz'), '--initrd', join(image, 'initrd.img'), '--mirror', cluster.mirror],
    ...['--namespace', namespace, '--work', work, '--keep', ...faults.flatMap(fault => ['--fault', fault])],
  ];
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', output, output] });

  const consoleOf = (worker: string): string => {
    const file = at(worker, 'console.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const eventsOf = (worker: string): readonly BootEvent[] => parseEvents(consoleOf(worker));
  return {
    disk: worker => at(worker, 'disk.qcow2'),
    events: eventsOf,
    reached: async (worker, phase, status, seconds) => {
      const found = await until(
        `${worker}: ${phase} ${status}`,
        seconds,
        () =>
          eventsOf(worker).find(event => event.phase === phase && event.status === status) ??
          (hasEnded(child) && 'ended'),
      );
      if (found === 'ended') throw new Error(`${worker}: the machine ended before ${phase} ${status}`);
      return found;
    },
    cloudInitEnded: async worker => {
      await until(`${worker}: cloud-init’s end`, 180, () => cloudInitHasEnded(consoleOf(worker)));
    },
    powerOff: async () => {
      child.kill('SIGINT');
      if (!(await exited(child, 120))) throw new Error('the machines did not power off within 120 s');
      const hard = workers.filter(worker => !/reboot: Power down/.test(consoleOf(worker)));
      if (hard.length > 0) throw new Error(`did not shut down in order: ${hard.join(', ')}`);
    },
    cut: async () => {
      for (const worker of workers) killMachine(at(worker, 'qemu.pid'));
      if (!(await exited(child, 15))) child.kill('SIGKILL');
      await exited(child, 15);
    },
    story: () =>
      [
        tail(existsSync(log) ? readFileSync(log, 'utf8') : '', 20),
        ...workers.flatMap(worker => [
          `--- ${worker}: the end of its console`,
          tail(consoleOf(worker), 40),
          firstboot('report', at(worker, 'console.log')).stdout,
        ]),
      ].join('\n'),
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function exited(child: ChildProcess, seconds: number): Promise<boolean> {
  try {
    return await until('its end', seconds, () => hasEnded(child));
  } catch {
    return false;
  }
}

function killMachine(pidFile: string): void {
  if (!existsSync(pidFile)) return;
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
