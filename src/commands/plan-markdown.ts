import { clean } from '../report/clean.ts';
import type { Plan } from '../rollout/plan.ts';
import { listed } from '../rollout/plan-words.ts';
import { closingLine, countActions, disruptionLines, groupsOf, safeLine, signs } from './plan-lines.ts';
import { disrupts } from './plan-view.ts';

/** A pull request’s comment takes 65,536 characters. */
const most = { rows: 100, groups: 20, diffLines: 60, characters: 60_000 };

/** A plan as GitHub’s Markdown: a table, then the details folded. Names and diffs cannot become markup. */
export function planMarkdown(plan: Plan, podsNote: string | undefined): string {
  const changing = plan.actions.filter(({ kind }) => kind !== 'keep');
  const rows = changing
    .slice(0, most.rows)
    .map(({ worker, kind, reasons }) =>
      row([signs[kind], code(worker), kind, reasons.map(({ text }) => prose(text)).join('; ')]),
    );
  const parts = [
    `### firstboot: ${code(plan.cluster)}`,
    prose(closingLine(countActions(plan))),
    ...(rows.length > 0
      ? [[row(['', 'worker', 'action', 'why']), row(['---', '---', '---', '---']), ...rows].join('\n')]
      : []),
    ...(changing.length > most.rows ? [`and ${changing.length - most.rows} more`] : []),
    ...foldedGroups(plan),
    list(changing.flatMap(disruptionLines).slice(0, most.rows)),
    list(plan.warnings.slice(0, most.rows).map(warning => `warning: ${warning}`)),
    ...(podsNote !== undefined && changing.some(disrupts) ? [prose(podsNote)] : []),
  ];
  return `${withinLimit(parts.filter(part => part !== '')).join('\n\n')}\n`;
}

function foldedGroups(plan: Plan): readonly string[] {
  return groupsOf(plan)
    .filter(({ first }) => first.changes.length > 0)
    .slice(0, most.groups)
    .map(({ workers, first }) => {
      const text = first.changes.flatMap(({ name, diff }) => [`# ${safeLine(name)}`, ...shortened(diff)]).join('\n');
      const title = prose(
        `${first.kind} ${listed(
          workers.map(({ worker }) => worker),
          3,
        )}`,
      );
      return `<details><summary>${title}</summary>\n\n${fenced(text)}\n\n</details>`;
    });
}

function shortened(diff: string): readonly string[] {
  const lines = diff.trimEnd().split('\n').map(safeLine);
  const more = lines.length - most.diffLines;
  return more > 0 ? [...lines.slice(0, most.diffLines), `(and ${more} more lines)`] : lines;
}

/** Parts are left out whole, so that no fence and no fold stays open. */
function withinLimit(parts: readonly string[]): readonly string[] {
  let room = most.characters;
  const kept = parts.filter(part => {
    room -= part.length + 2;
    return room > 0;
  });
  return kept.length < parts.length ? [...kept, 'More was left out; `firstboot plan --json` has everything.'] : kept;
}

/** A fence longer than any that the text could close it with. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text}\n${fence}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function list(lines: readonly string[]): string {
  return lines.map(line => `- ${prose(line)}`).join('\n');
}

function code(text: string): string {
  return `<code>${prose(text)}</code>`;
}

/** Whatever Markdown or HTML could take for more than a character becomes an entity; nothing is linked, nobody mentioned. */
function prose(text: string): string {
  return clean(text)
    .replace(/:(?! )|(?<=[:/])\/|\/(?=\/)|[^\p{L}\p{N} .,;:/()-]/gu, one => `&#${one.codePointAt(0)};`)
    .replace(/\bwww\./gi, one => `${one.slice(0, -1)}&#46;`)
    .replaceAll('&#64;', '&#64;&#8203;')
    .replace(/^([-+]|\d+[.)])/, one => `&#8203;${one}`);
}
