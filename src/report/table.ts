import { seconds } from './progress.ts';
import type { BootReport } from './report.ts';
import { alone, type Neighbours } from './runs.ts';
import { type Row, type Timeline, timelineOf } from './timeline.ts';

const columns = 80;
const barColumns = 29;
/** Of the cause of a phase that is ok by now, so much is shown: two lines. */
const shortCause = 150;

/**
 * One run for a terminal, at most 80 columns, lines ended: each phase with its status, start, time and attempts; what failed
 * or was retried below it with its cause; where the time went, and what the run was waiting for when it is not done.
 */
export function timelineTable(report: BootReport, neighbours: Neighbours = alone): string {
  const timeline = timelineOf(report, neighbours);
  const lines = [
    ...headOf(report, timeline),
    '',
    'phase       status      start      took  tries',
    ...timeline.rows.flatMap(row => [rowLine(row, timeline), ...below(row)]),
    ...(timeline.notReached.length > 0 ? wrap(`not reached: ${timeline.notReached.join(', ')}`) : []),
    '',
    ...timeline.time.flatMap(sentence => wrap(sentence)).map(line => line.replaceAll('\u00A0', ' ')),
    ...timeline.next.flatMap(sentence => wrap(sentence)),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function headOf(report: BootReport, { summary }: Timeline): readonly string[] {
  const run = report.attempts > 1 ? `, run ${report.attempts}` : '';
  return [
    ...wrap(`${report.worker}${run}${report.rehearsal ? ', rehearsal' : ''}: ${summary}`),
    ...(report.instanceId ? wrap(`instance ${report.instanceId}`) : []),
  ];
}

function rowLine(row: Row, timeline: Timeline): string {
  const { phase, word, start, took, attempts } = row;
  const numbers = `${seconds(start).padStart(10)} ${seconds(took).padStart(9)} ${String(attempts).padStart(6)}`;
  return `${phase.padEnd(12)}${word.padEnd(7)}${numbers}  ${bar(row, timeline)}`.slice(0, columns);
}

/** When the phase ran, between the program’s start and its end. */
function bar({ start, end, word }: Row, timeline: Timeline): string {
  const scale = barColumns / Math.max(timeline.end - timeline.start, 0.001);
  const from = Math.min(barColumns - 1, Math.floor((start - timeline.start) * scale));
  const to = Math.max(from + 1, Math.min(barColumns, Math.round((end - timeline.start) * scale)));
  return `${' '.repeat(from)}${(word === 'failed' ? 'x' : word === 'waiting' ? '.' : '=').repeat(to - from)}`;
}

/** Code, meaning and cause of what failed or was retried; what a rehearsal would have done. */
function below({ word, code, title, cause, detail = [], would = [] }: Row): readonly string[] {
  const [first = cause ?? '', ...journal] = word === 'failed' && detail.length > 0 ? detail : [];
  const reason = word === 'ok' && first.length > shortCause ? `${first.slice(0, shortCause - 1)}…` : first;
  return [
    ...(code ? wrap(`${word === 'ok' ? 'before that ' : ''}${code}${title ? `: ${title}` : ''}`, '    ') : []),
    ...wrap(reason, '      '),
    ...(journal.length > 0 ? ['    the journal, newest line first:'] : []),
    ...journal.flatMap(line => wrap(line, '      ')),
    ...would.flatMap(line => wrap(`would: ${line}`, '    ')),
  ];
}

/** Lines of at most 80 columns, broken between words where there are any. */
function wrap(text: string, indent = ''): readonly string[] {
  const width = columns - indent.length;
  const lines: string[] = [];
  let rest = text.trim();
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > width / 2 ? space : width;
    lines.push(indent + rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? lines : [...lines, indent + rest];
}
