import type { Command, OptionSpec } from './table.ts';
import { wrapped } from './wrap.ts';

/** The page of `firstboot --help`, at most 80 columns. */
export function helpPage(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { summary, operands }]) =>
    row([name, operands].filter(Boolean).join(' '), summary),
  );
  return `firstboot compiles the first boot of Kubernetes workers.

usage: firstboot COMMAND [OPTIONS]

${rows.join('')}
\`firstboot COMMAND --help\` lists the options of a command.
Exit codes: 0 done, 1 an error or a failed operation, 2 wrong usage,
3 changes pending.
`;
}

/** The page of one command. */
export function commandHelp(name: string, { summary, operands, options }: Command): string {
  const rows = Object.entries(options).map(([option, spec]) => row(`--${option}${argument(spec)}`, spec.help));
  const usage = ['firstboot', name, operands, rows.length > 0 ? '[OPTIONS]' : undefined].filter(Boolean).join(' ');
  return `usage: ${usage}\n\n  ${wrapped(summary)}\n${rows.length > 0 ? `\n${rows.join('')}` : ''}`;
}

function argument({ value, choices }: OptionSpec): string {
  return choices ? ` ${choices.join('|')}` : value ? ` ${value}` : '';
}

const left = 28;

/** Name on the left; the text beside it, wrapped at 80 columns. A name that is too wide has the line to itself. */
function row(name: string, text: string): string {
  const lines = text
    .replace(/(.{1,50})(\s+|$)/g, '$1\n')
    .trimEnd()
    .split('\n');
  if (name.length > left - 4) return `  ${name}\n${lines.map(line => `${' '.repeat(left)}${line}\n`).join('')}`;
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(left - 2)}${line}\n`).join('');
}
