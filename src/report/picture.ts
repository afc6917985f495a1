import { html, type Markup, none } from './markup.ts';
import { seconds } from './progress.ts';
import type { Row, Timeline } from './timeline.ts';

const rowHeight = 38;
const axisHeight = 26;
/** The machine’s own time is drawn unless the program’s would shrink to less than a sixth beside it. */
const smallest = 1 / 6;

type Scale = { readonly from: number; readonly to: number };

/**
 * The timeline as a picture: a line of text and a bar for each phase, on one axis of time. Places are percentages and text keeps
 * its size, so that the picture fits any width. `id` is unique on the page.
 */
export function picture(timeline: Timeline, id: string): Markup {
  const { rows, notReached, first, start, end } = timeline;
  const withMachine = first && end - start >= end * smallest;
  const scale = scaleOf(timeline, withMachine ? 0 : start);
  const drawn = [
    ...(withMachine ? [machine(start, scale)] : []),
    ...rows.map(row => phase(row, scale)),
    ...notReached.map(
      name => html`<text class="faint" x="0" y="13">${name}</text>
<text class="faint right" x="100%" y="13">not reached</text>`,
    ),
  ];
  const height = drawn.length * rowHeight;
  return html`<svg class="timeline" width="100%" height="${height + axisHeight}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">Timeline of ${timeline.worker}: ${timeline.summary}</title>
<desc id="${id}-desc">${description(timeline)}</desc>
${axis(scale, height)}
${drawn.map(
  (one, index) => html`<svg y="${index * rowHeight}" width="100%" height="${rowHeight}">${one}</svg>
`,
)}</svg>
`;
}

/** What has not ended gets room to go on. */
function scaleOf({ rows, start, end }: Timeline, from: number): Scale {
  const to = Math.max(end, start + 0.1);
  return { from, to: rows.at(-1)?.word === 'waiting' ? to + (to - from) / 15 : to };
}

function machine(start: number, scale: Scale): Markup {
  return html`<text x="0" y="13">before the program <tspan class="faint wide">firmware, kernel, cloud-init</tspan></text>
<text class="right" x="100%" y="13">${seconds(start)}</text>
<rect class="track" y="20" width="100%" height="9"/>${bar(0, start, 'machine', scale)}`;
}

function phase(row: Row, scale: Scale): Markup {
  const { start, end, took, attempts, word, retries = [] } = row;
  const tries = attempts > 1 ? `${attempts} tries` : '';
  const notes = [tries, word === 'ok' ? '' : word].filter(Boolean).join(', ');
  const ends = retries.filter(t => t >= start && t <= end);
  const last = ends.at(-1) ?? start;
  const until = word === 'waiting' ? scale.to : end;
  return html`<text x="0" y="13">${row.phase}${notes === '' ? none : html` <tspan class="${word === 'failed' ? 'bad' : 'faint'}">${notes}</tspan>`}</text>
<text class="right" x="100%" y="13">${seconds(took)}</text>
<rect class="track" y="20" width="100%" height="9"/>${ends.length > 0 ? bar(start, last, 'retry', scale) : none}${last < until || ends.length === 0 ? bar(last, until, word, scale) : none}${ends.map(
    t => html`<rect class="mark" x="${place(percent(t, scale))}%" y="20" width="1" height="9"/>`,
  )}`;
}

/** However short, it can be seen: 2 px wide, also at the end of the axis. */
function bar(from: number, to: number, kind: string, scale: Scale): Markup {
  const x = Math.min(percent(from, scale), 99.4);
  return html`<rect class="${kind}" x="${place(x)}%" y="20" width="2" height="9"/><rect class="${kind}" x="${place(x)}%" y="20" width="${place(percent(to, scale) - x)}%" height="9"/>`;
}

function axis(scale: Scale, height: number): Markup {
  return html`${ticks(scale).map(
    t => html`<line class="grid" x1="${place(percent(t, scale))}%" x2="${place(percent(t, scale))}%" y1="0" y2="${height + 4}"/>
<text class="tick${percent(t, scale) > 92 ? ' right' : percent(t, scale) < 4 ? '' : ' middle'}" x="${place(percent(t, scale))}%" y="${height + 19}">${t} s</text>
`,
  )}`;
}

/** Three to six round numbers of seconds. */
function ticks({ from, to }: Scale): readonly number[] {
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find(one => one * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => Number(((first + index) * step).toFixed(3)));
}

function percent(t: number, { from, to }: Scale): number {
  return (100 * (t - from)) / (to - from);
}

function place(value: number): string {
  return value.toFixed(3).replace(/\.?0+$/, '');
}

function description({ rows, notReached }: Timeline): string {
  const phases = rows.map(({ phase: name, word, start, end, attempts }) => {
    const tries = attempts > 1 ? `, ${attempts} tries` : '';
    return `${name} from ${seconds(start)} to ${seconds(end)}, ${word}${tries}`;
  });
  return [...phases, ...(notReached.length > 0 ? [`not reached: ${notReached.join(', ')}`] : [])].join('; ');
}
