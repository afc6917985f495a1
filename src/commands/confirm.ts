import { createInterface } from 'node:readline/promises';
import type { CommandIo } from './io.ts';
import type { ParsedOptions } from './table.ts';
import { wrapped } from './wrap.ts';
import { wrongUsage } from './wrong-usage.ts';

/** Asks before something is changed. An exit code when the answer is no, or nobody can be asked and --yes was not given. */
export async function confirm(question: string, options: ParsedOptions, io: CommandIo): Promise<number | undefined> {
  if (options.yes === true) return undefined;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true || io.json)
    return wrongUsage('nobody can be asked here', 'give --yes to go on without being asked.', io);
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asked.question(`${wrapped(`${question} Only “yes” is taken as yes:`)} `);
    if (answer.trim() === 'yes') return undefined;
  } catch {
    // Ctrl-C or the end of input, which is no yes, and ends no line.
    io.err('\n');
  } finally {
    asked.close();
  }
  io.err('firstboot: nothing was done.\n');
  return 1;
}
