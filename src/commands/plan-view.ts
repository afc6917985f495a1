import { clean } from '../report/clean.ts';
import type { Action, ActionKind, Plan } from '../rollout/plan.ts';
import { listed } from '../rollout/plan-words.ts';
import {
  closingLine,
  countActions,
  cut,
  disruptionLines,
  type Group,
  groupsOf,
  safeLine,
  signs,
} from './plan-lines.ts';
import { wrapped } from './wrap.ts';

const columns = 80;
/** Beyond these only numbers are told; --json has everything. */
const most = { kept: 12, lines: 60, groups: 12, diffLines: 40, pods: 30, warnings: 20 };
const widest = 28;

export type Paint = (colour: number, text: string) => string;
export const plain: Paint = (_, text) => text;
const colours: Readonly<Record<ActionKind, number>> = { keep: 90, launch: 32, replace: 33, retire: 31 };

/** A plan for a terminal, 80 columns: a line a worker, what changes and why, pods, and a closing line. */
export function planView(plan: Plan, podsNote: string | undefined, paint: Paint = plain): string {
  const changing = plan.actions.filter(({ kind }) => kind !== 'keep');
  const parts = [
    workerLines(plan, paint),
    ...groupsOf(plan)
      .slice(0, most.groups)
      .map(group => groupLines(group, paint)),
    bounded(changing.flatMap(disruptionLines), most.pods).map(line => wrapped(line)),
    bounded(plan.warnings, most.warnings).map(line => wrapped(`warning: ${clean(line)}`)),
    podsNote !== undefined && changing.some(disrupts) ? [wrapped(podsNote)] : [],
    [closingLine(countActions(plan))],
  ];
  return `${parts
    .filter(part => part.length > 0)
    .map(part => part.join('\n'))
    .join('\n\n')}\n`;
}

export function disrupts({ kind }: Pick<Action, 'kind'>): boolean {
  return kind === 'replace' || kind === 'retire';
}

function workerLines({ actions }: Plan, paint: Paint): readonly string[] {
  const kept = actions.filter(({ kind }) => kind === 'keep');
  const fold = kept.length > most.kept;
  const shown = fold ? actions.filter(({ kind }) => kind !== 'keep') : actions;
  const width = Math.min(widest, Math.max(...shown.map(({ worker }) => worker.length), 0));
  const lines = bounded(
    shown.map(action => workerLine(action, width, paint)),
    most.lines,
  );
  return [...lines, ...(fold ? [paint(colours.keep, `${signs.keep} ${kept.length} workers are kept`)] : [])];
}

/** A name that is too wide has the line to itself. */
function workerLine(action: Action, width: number, paint: Paint): string {
  const { worker, kind, reasons } = action;
  const why = reasons.map(({ text }) => clean(text)).join('; ');
  const word = kind.padEnd(8);
  const painted = (text: string) => paint(colours[kind], text);
  const head = `${signs[kind]} ${clean(worker).padEnd(width)}`;
  const rest = (room: number) => cut(`${word} ${why}`.trimEnd(), room);
  if (worker.length <= width) return painted(`${head}  ${rest(columns - head.length - 2)}`);
  return painted(`${head}\n  ${' '.repeat(width)}  ${rest(columns - width - 4)}`);
}

const words: Readonly<Record<ActionKind, string>> = {
  keep: 'kept',
  launch: 'launched',
  replace: 'replaced',
  retire: 'retired',
};

/** Nothing, where the worker’s own line said it all. */
function groupLines({ workers, first }: Group, paint: Paint): readonly string[] {
  const { kind, reasons, changes, after } = first;
  if (changes.length === 0 && reasons.length < 2 && after.length === 0) return [];
  const names = listed(
    workers.map(({ worker }) => worker),
    3,
  );
  const instance = workers.length === 1 && first.instanceId ? ` (${first.instanceId})` : '';
  const order = after.length > 0 ? ` after ${after.join(', ')}, for its address` : '';
  return [
    wrapped(`${names}${instance} ${workers.length === 1 ? 'is' : 'are'} ${words[kind]}${order}:`),
    ...(reasons.length > 1 ? reasons.map(({ text }) => `  ${wrapped(clean(text), '    ')}`) : []),
    ...changes.flatMap(({ name, diff }) => ['', `  ${cut(safeLine(name), columns - 2)}`, ...diffLines(diff, paint)]),
  ];
}

function diffLines(diff: string, paint: Paint): readonly string[] {
  return bounded(diff.trimEnd().split('\n'), most.diffLines).map(line => {
    const text = `    ${cut(safeLine(line), columns - 4)}`;
    return line.startsWith('+') ? paint(32, text) : line.startsWith('-') ? paint(31, text) : text;
  });
}

function bounded(lines: readonly string[], limit: number): readonly string[] {
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit - 1), `… and ${lines.length - limit + 1} more (--json has all of them)`];
}
