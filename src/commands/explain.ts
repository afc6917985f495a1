import { bootCodes } from '../diagnostics/boot-codes.ts';
import { type CodeEntry, catalogue, isCode } from '../diagnostics/codes.ts';
import { operations } from '../diagnostics/operations.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import type { CommandIo } from './io.ts';
import { wrapped } from './wrap.ts';

/** The long text of one diagnostic. */
export function explain(code: string | undefined, io: CommandIo): number {
  const known = [...Object.keys(catalogue), ...Object.keys(others)];
  if (code === undefined) {
    io.out(`${known.map(one => `${one}\n  ${entryOf(one)?.title}`).join('\n')}\n`);
    return 0;
  }
  const entry = entryOf(code.toUpperCase());
  if (!entry) {
    const meant = didYouMean(code, known);
    io.err(
      `firstboot: there is no code ${code}.\n  hint: ${meant ? `did you mean ${meant}?` : '`firstboot explain` lists all of them.'}\n`,
    );
    return 2;
  }
  const hint = typeof entry.hint === 'string' ? entry.hint : undefined;
  if (io.json)
    io.out(
      `${JSON.stringify({ code: code.toUpperCase(), severity: entry.severity, title: entry.title, hint, explain: entry.explain })}\n`,
    );
  else
    io.out(
      `${code.toUpperCase()} (${entry.severity}): ${entry.title}\n\n${wrapped(entry.explain, '')}\n${hint ? `\n${wrapped(`What to do: ${hint}`, '')}\n` : ''}`,
    );
  return 0;
}

type Entry = Pick<CodeEntry, 'title' | 'explain'> & { readonly severity: string; readonly hint?: CodeEntry['hint'] };

/** Codes that no check reports: of the boot program, and of operations. */
const others: Readonly<Record<string, Pick<CodeEntry, 'title' | 'explain'>>> = { ...bootCodes, ...operations };

function entryOf(code: string): Entry | undefined {
  if (isCode(code)) return catalogue[code];
  const other = Object.hasOwn(others, code) ? others[code] : undefined;
  return other && { severity: code.startsWith('BOOT_') ? 'on the node' : 'failed operation', ...other };
}

/** Lines of at most 78 columns. */
