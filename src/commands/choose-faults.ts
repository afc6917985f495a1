import { type FaultFacts, faults } from '../local/fault-table.ts';
import { type Fault, parseFault } from '../local/faults.ts';
import type { CommandIo } from './io.ts';

/** The faults that `--fault` names. An exit code, after saying what is wrong, or after `list`. */
export function chooseFaults(texts: readonly string[], io: CommandIo): readonly Fault[] | number {
  if (texts.includes('list')) {
    io.out(io.json ? `${JSON.stringify({ faults: listed })}\n` : faultTable());
    return 0;
  }
  const parsed = texts.map(parseFault);
  const problems = parsed.flatMap(one => ('problem' in one ? [one] : []));
  for (const { problem, hint } of problems) io.err(`firstboot: ${problem}.\n  hint: ${hint}\n`);
  if (problems.length === 0) return parsed.filter((one): one is Fault => !('problem' in one));
  const diagnostics = problems.map(({ problem, hint }) => ({
    code: 'USAGE',
    severity: 'error',
    message: `${problem}.`,
    hint,
    file: null,
    notes: [],
  }));
  if (io.json) io.out(`${JSON.stringify({ diagnostics })}\n`);
  return 2;
}

const listed = Object.entries(faults as Readonly<Record<string, FaultFacts>>).map(
  ([name, { summary, phases, passes, code }]) => ({ name, summary, phases, passes, code }),
);

/** At most 80 columns: name, what happens, where it can hit (the first is the default) and how it ends. */
function faultTable(): string {
  const rows = listed.map(({ name, summary, phases, passes, code }) => {
    const ends = [passes ? 'the boot goes on' : 'the boot fails', ...(code ? [code] : [])].join(', ');
    const lines = [...wrapped(summary), ...wrapped(`@ ${phases.join(', ')}`), ...wrapped(ends)];
    return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(left)}${line}\n`).join('');
  });
  return `${rows.join('')}\n--fault NAME hits in the first phase named, --fault NAME@PHASE in another.\n`;
}

const left = 20;

function wrapped(text: string): readonly string[] {
  return text
    .replace(/(.{1,60})(\s+|$)/g, '$1\n')
    .trimEnd()
    .split('\n');
}
