import type { Diagnostic } from './diagnostic.ts';

const most = 200;

/** Diagnostics as text, errors first, then warnings; at most 200 are spelled out. Ends with a line of counts. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], colour: boolean): string {
  if (diagnostics.length === 0) return '';
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = diagnostics
    .slice(0, most)
    .flatMap(one => [
      `${place(one)}: ${paint(one.severity === 'error' ? 31 : 33, one.severity)} ${paint(1, one.code)}: ${one.message}`,
      ...one.notes.map(note => `  ${place(note)}: note: ${note.message}`),
      `  hint: ${one.hint}`,
    ]);
  if (diagnostics.length > most) lines.push(`… and ${diagnostics.length - most} more (--json prints all of them)`);
  return `${[...lines, '', countLine(diagnostics)].join('\n')}\n`;
}

function countLine(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(one => one.severity === 'error').length;
  const counts = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')].filter(Boolean).join(', ');
  return `${counts}. \`firstboot explain CODE\` says more about each.`;
}

function count(n: number, what: string): string {
  return n === 0 ? '' : `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** `file:line:column`, as far as known; also the form that editors and terminals make clickable. */
function place({
  file,
  line,
  column,
}: {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}): string {
  return [file, line, column].filter(part => part !== undefined).join(':');
}
