import type { CommandIo } from './io.ts';
import { wrapped } from './wrap.ts';

/** Says what is wrong with how a command was called, with --json as the one document of a failure; the exit code. */
export function wrongUsage(problem: string, hint: string, io: CommandIo): number {
  const message = `${problem}.`;
  io.err(`${wrapped(`firstboot: ${message}`)}\n  ${wrapped(`hint: ${hint}`, '    ')}\n`);
  const diagnostic = { code: 'USAGE', severity: 'error', message, hint, file: null, notes: [] };
  if (io.json) io.out(`${JSON.stringify({ diagnostics: [diagnostic] })}\n`);
  return 2;
}
