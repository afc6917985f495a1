import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';
import { isRestOf, readPlan, requireUnmoved } from '../rollout/plan-file.ts';
import type { CommandIo } from './io.ts';
import { isCutOff } from './left-lock.ts';
import { rollout } from './rollout.ts';
import { leftRun } from './run-id.ts';
import { type ParsedOptions, textOf } from './table.ts';

/** Launches what is missing and replaces what drifted; with a file, what that plan says and nothing else. */
export async function applyCommand(options: ParsedOptions, [file]: readonly string[], io: CommandIo): Promise<number> {
  if (file === undefined) return rollout({ name: 'apply', launches: true }, options, io);
  const text = readFile(path.resolve(io.cwd, file), file);
  const name = `apply ${file}`;
  return rollout(
    {
      name,
      launches: true,
      check: async (now, fleet, world) => {
        const plan = readPlan(text, file, fleet.cluster.name);
        const left = leftRun(textOf(options['run-id']), fleet.folder);
        // A run of this very plan that was cut off moved the world itself.
        if (isRestOf(plan, now) && (await isCutOff(world, left, name))) return;
        requireUnmoved(plan, now, file);
      },
    },
    options,
    io,
  );
}

function readFile(place: string, name: string): string {
  try {
    return fs.readFileSync(place, 'utf8');
  } catch (error) {
    throw new OperationError(
      'FILE_NOT_READ',
      `${name} cannot be read: ${reasonOf(error as NodeJS.ErrnoException)}.`,
      'write one with `firstboot plan --out FILE`.',
      error,
    );
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'there is no such file' : (code ?? message);
}
