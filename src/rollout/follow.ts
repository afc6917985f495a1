import { CallError } from '../diagnostics/call-error.ts';
import type { Compute } from '../ports/compute.ts';
import { consoleTexts } from '../report/console-answer.ts';
import { findEvents } from '../report/find-events.ts';
import type { BootEvent, BootReport } from '../report/report.ts';
import { runsOf } from '../report/runs.ts';
import type { Task } from './task.ts';

/** What an instance’s console told so far. */
export type Boot = {
  /** Length of the newest console in characters; 0: EC2 has none yet. */
  readonly length: number;
  /** The newest run of the boot program; undefined: not a line of it. */
  readonly latest: BootReport | undefined;
};

/** Looks at the console, at most once in `every` milliseconds, and tells each new line of the boot program. */
export type FollowBoot = (every: number) => Promise<Boot>;

export function createFollower(task: Task, instanceId: string): FollowBoot {
  const { compute, clock } = task.world;
  const told = new Set<string>();
  const events: BootEvent[] = [];
  let boot: Boot = { length: 0, latest: undefined };
  let last = Number.NEGATIVE_INFINITY;
  return async every => {
    if (clock.now() - last < every) return boot;
    last = clock.now();
    await task.shared.consolePace(task.signal);
    const text = (await consoleOf(compute, instanceId)) ?? '';
    for (const event of consoleTexts(text).flatMap(findEvents)) {
      const line = JSON.stringify(event);
      if (event.worker !== task.name || told.has(line)) continue;
      told.add(line);
      events.push(event);
      task.tell({ kind: 'boot', at: clock.now(), worker: task.name, event });
    }
    // The console keeps 64 KB, so what was seen before counts too.
    boot = { length: Math.max(boot.length, text.trim().length), latest: runsOf(events).at(-1) };
    return boot;
  };
}

/** Undefined: there is nothing yet, or EC2 does not know the instance (yet, or any more). */
export async function consoleOf(compute: Compute, instanceId: string): Promise<string | undefined> {
  try {
    return await compute.consoleOutput(instanceId);
  } catch (error) {
    if (error instanceof CallError && error.code === 'InvalidInstanceID.NotFound') return undefined;
    throw error;
  }
}
