import { clean } from '../report/clean.ts';
import { agoOf, daysUntil, listed } from '../rollout/plan-words.ts';
import type { Status, StatusRow } from '../rollout/status.ts';
import type { Problem } from '../rollout/status-problems.ts';
import { cut } from './plan-lines.ts';
import { type Paint, plain } from './plan-view.ts';
import { wrapped } from './wrap.ts';

const columns = 80;
const most = { rows: 2000, problems: 40 };

type Column = { readonly title: string; readonly of: (row: StatusRow, now: number) => string };

/** What every table has. */
const always: readonly Column[] = [
  { title: 'INSTANCE', of: ({ instanceId }) => instanceId ?? '-' },
  { title: 'STATE', of: stateWord },
  { title: 'NODE', of: nodeWord },
  { title: 'SPEC', of: ({ fingerprint, inSpec }) => (inSpec ? (fingerprint ?? '-') : 'not in it') },
  { title: 'CERT', of: ({ notAfter }, now) => (notAfter === null ? '-' : `${daysUntil(notAfter, now)}d`) },
  { title: 'AGE', of: ({ launchTime }, now) => (launchTime === null ? '-' : agoOf(launchTime, now).replace(' ', '')) },
];
/** What is added as long as it fits, in this order. */
const optional: readonly Column[] = [
  { title: 'KUBELET', of: ({ node }) => node?.kubeletVersion ?? '-' },
  { title: 'IMAGE', of: ({ imageId }) => imageId ?? '-' },
];
/** A name that is longer, and has no room, stands on a line of its own. */
const leastName = 12;

/**
 * Where everything stands, for a terminal, 80 columns. `height`: rows that there are; where they are too few, workers that
 * are well are left out first.
 */
export function statusView(
  status: Status,
  nodesAsked: boolean,
  paint: Paint = plain,
  height = Number.POSITIVE_INFINITY,
): string {
  const { workers } = status;
  const full = viewOf(status, nodesAsked, paint, workers);
  if (rowsOf(full) <= height) return full;
  const order = [...workers].sort((a, b) => calmness(a) - calmness(b));
  // One more for the line that says how many are left out.
  const kept = new Set(order.slice(0, Math.max(1, order.length - (rowsOf(full) - height) - 1)));
  const rows = workers.filter(row => kept.has(row));
  return cutAt(viewOf(status, nodesAsked, paint, rows), height);
}

function cutAt(text: string, height: number): string {
  const lines = text.split('\n');
  if (lines.length <= height) return text;
  const most = Math.max(1, height - 2);
  return `${lines.slice(0, most).join('\n')}\n… and ${lines.length - 1 - most} more lines (without --watch all are shown)\n`;
}

function rowsOf(text: string): number {
  return text.split('\n').length;
}

function viewOf(status: Status, nodesAsked: boolean, paint: Paint, shown: readonly StatusRow[]): string {
  const now = Date.parse(status.at);
  const { workers, lock, problems } = status;
  const parts = [
    [wrapped(headline(status, nodesAsked))],
    workers.length > 0 ? tableLines(shown, workers.length, now, paint) : [],
    [...sameForAll(workers).map(line => wrapped(line))],
    lock
      ? [
          wrapped(
            `locked by ${lock.holder} since ${lock.since}: \`firstboot ${lock.command}\`, run ${lock.run}; when it is dead: \`firstboot unlock ${lock.id}\``,
          ),
        ]
      : [],
    problemLines(problems, paint),
    nodesAsked
      ? []
      : [wrapped('Nodes were not asked: there is no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config).')],
  ];
  return `${parts
    .filter(part => part.length > 0)
    .map(part => part.join('\n'))
    .join('\n\n')}\n`;
}

function headline({ cluster, at, workers }: Status, nodesAsked: boolean): string {
  const ours = workers.filter(({ inSpec }) => inSpec);
  const running = ours.filter(({ state }) => state === 'running').length;
  const ready = ours.filter(({ node }) => node?.isOurs && node.ready.status === 'True').length;
  const wanted = new Set(ours.map(({ worker }) => worker)).size;
  const others = workers.length - ours.length;
  const parts = [`${running} of ${wanted} running`, nodesAsked ? `${ready} Ready` : 'nodes not asked'];
  return `${cluster}, ${at.slice(0, 19)}Z: ${parts.join(', ')}${others > 0 ? `, ${others} not in the spec` : ''}`;
}

function tableLines(rows: readonly StatusRow[], all: number, now: number, paint: Paint): readonly string[] {
  const longest = Math.max(...rows.map(({ worker }) => worker.length), 'WORKER'.length);
  const measured = (column: Column) => ({
    ...column,
    width: Math.max(column.title.length, ...rows.map(row => column.of(row, now).length)),
  });
  const widthOf = (some: readonly { readonly width: number }[]) => some.reduce((sum, { width }) => sum + width + 2, 0);
  let shown = always.map(measured);
  for (const column of optional.filter(({ of }) => rows.some(row => of(row, now) !== '-')).map(measured))
    if (widthOf([...shown, column]) + longest <= columns) shown = [...shown, column];
  const name = Math.min(longest, Math.max(columns - widthOf(shown), leastName));
  const line = (first: string, cells: readonly string[]) =>
    cut(
      `${first.padEnd(name)}${cells.map((cell, index) => `  ${cell.padEnd(shown[index]?.width ?? 0)}`).join('')}`.trimEnd(),
      columns,
    );
  return [
    line(
      'WORKER',
      shown.map(({ title }) => title),
    ),
    ...rows.slice(0, most.rows).map(row => {
      const cells = shown.map(({ of }) => of(row, now));
      const worker = clean(row.worker);
      const text = worker.length > name ? `${worker}\n${line('', cells)}` : line(worker, cells);
      return paint(isWell(row) ? 0 : 33, text);
    }),
    ...(all > most.rows || all > rows.length
      ? [`… and ${all - Math.min(rows.length, most.rows)} more (--json has all of them)`]
      : []),
  ];
}

/** The lower, the sooner it is to be seen. */
function calmness(row: StatusRow): number {
  if (row.state !== 'running' || row.operation) return 0;
  return isWell(row) ? 2 : 1;
}

function isWell({ state, node, fingerprint, operation }: StatusRow): boolean {
  return (
    state === 'running' &&
    fingerprint === 'current' &&
    !operation &&
    (node === undefined || node?.ready.status === 'True')
  );
}

/** The step that is being taken; of a launch that failed and left nothing, that it did. */
function stateWord({ state, operation }: StatusRow): string {
  if (operation && !operation.failure) return operation.step;
  return operation && state === 'none' ? 'failed' : state;
}

function nodeWord({ node }: StatusRow): string {
  if (node === undefined) return '-';
  if (node === null) return 'none';
  if (!node.isOurs) return 'stale';
  const ready = node.ready.status === 'True' ? 'Ready' : node.ready.status === 'False' ? 'NotReady' : 'Unknown';
  return node.unschedulable ? `${ready},cordoned` : ready;
}

/** What the table has no room for is said once, where it is the same everywhere. */
function sameForAll(rows: readonly StatusRow[]): readonly string[] {
  const one = (values: readonly (string | null | undefined)[]) => {
    const known = [...new Set(values.filter(value => value !== null && value !== undefined))];
    return known.length === 1 ? known : [];
  };
  const facts = [
    ...one(rows.map(({ node }) => node?.kubeletVersion)).map(version => `kubelet ${version}`),
    ...one(rows.map(({ imageId }) => imageId)).map(image => `image ${image}`),
    ...one(rows.map(({ instanceType }) => instanceType)).map(type => `type ${type}`),
  ];
  return facts.length > 0 ? [`all: ${facts.join(', ')}`] : [];
}

const colours = { error: 31, warning: 33, note: 0 } as const;

/** Workers with the same to say share a line. */
function problemLines(problems: readonly Problem[], paint: Paint): readonly string[] {
  const groups = new Map<
    string,
    { readonly severity: Problem['severity']; readonly text: string; workers: string[] }
  >();
  for (const { severity, worker, text } of problems) {
    const group = groups.get(`${severity} ${text}`) ?? { severity, text, workers: [] };
    groups.set(`${severity} ${text}`, { ...group, workers: worker === null ? [] : [...group.workers, worker] });
  }
  const lines = [...groups.values()].slice(0, most.problems).map(({ severity, text, workers }) => {
    const said = clean(workers.length === 0 ? text : `${listed([...new Set(workers)], 3)}: ${text}`);
    return paint(colours[severity], wrapped(`${severity}: ${said}`));
  });
  return groups.size > most.problems
    ? [...lines, `… and ${groups.size - most.problems} more (--json has all of them)`]
    : lines;
}
