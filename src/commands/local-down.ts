import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../diagnostics/operation-error.ts';
import { isAlive, type ServerFile, servedBy } from '../local/cloud-server/server-file.ts';
import { readSettings } from '../local/cloud-server/state-folder.ts';
import type { CommandIo } from './io.ts';
import { stateFolderOf } from './local-options.ts';
import type { ParsedOptions } from './table.ts';
import { wrapped } from './wrap.ts';

/** Machines have half a minute to switch off. */
const patience = 60_000;
const pause = 50;

/** Ends the embedded cloud and what its instances are; with --purge its state goes, too. None running is no error. */
export async function localDownCommand(
  options: ParsedOptions,
  _operands: readonly string[],
  io: CommandIo,
): Promise<number> {
  const folder = stateFolderOf(options, io);
  // What is not the embedded cloud’s is not touched.
  const known = readSettings(folder) !== undefined;
  const running = servedBy(folder);
  if (running) await end(running, folder);
  const purged = options.purge === true && known;
  if (purged) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  io.err(`${wrapped(wordsFor(running, purged, folder))}\n`);
  if (io.json) io.out(`${JSON.stringify({ folder, stopped: running?.pid ?? null, purged })}\n`);
  return 0;
}

function wordsFor(running: ServerFile | undefined, purged: boolean, folder: string): string {
  const ended = running ? `The embedded cloud in ${folder} has ended` : `No embedded cloud runs in ${folder}`;
  return `${ended}${purged ? '; its state is removed' : ''}.`;
}

async function end(running: ServerFile, folder: string): Promise<void> {
  if (running.kind === 'command')
    throw new OperationError(
      'LOCAL_FOLDER_IN_USE',
      `process ${running.pid}, a command with --local, is using the embedded cloud in ${folder}.`,
      'let it end, or end that command.',
    );
  process.kill(running.pid, 'SIGTERM');
  for (let waited = 0; waited < patience; waited += pause) {
    if (!isAlive(running)) return;
    await sleep(pause);
  }
  throw new OperationError(
    'LOCAL_FOLDER_IN_USE',
    `process ${running.pid}, which serves the embedded cloud in ${folder}, does not end.`,
    `server.log in the folder may say why; \`kill -KILL ${running.pid}\` ends it without order.`,
  );
}
