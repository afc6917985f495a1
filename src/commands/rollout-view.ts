import { clean } from '../report/clean.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import type { CommandIo } from './io.ts';
import { cut } from './plan-lines.ts';
import { createLines } from './rollout-lines.ts';
import { wrapped } from './wrap.ts';

/** Shows events as they come; `end` leaves the terminal as it should be. */
export type RolloutView = { readonly show: (event: RolloutEvent) => void; readonly end: () => void };

/** Of a terminal. */
export type Screen = { readonly columns: number; readonly rows: number };

/** A terminal gets a line for each worker that is under way, drawn again in place; anything else a line for each event. */
export function createView(io: CommandIo, screen: (() => Screen) | undefined = screenOf(io)): RolloutView {
  return screen ? liveView(io, screen) : plainView(io);
}

function plainView(io: CommandIo): RolloutView {
  const lineOf = createLines();
  return {
    show(event) {
      const line = lineOf(event);
      if (line !== undefined) io.err(`${line}\n`);
    },
    end() {},
  };
}

/** Asked each time, since a terminal may be resized. */
function screenOf(io: CommandIo): (() => Screen) | undefined {
  if (!io.colour || io.json) return undefined;
  return () => ({ columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 });
}

type Running = { readonly text: string; readonly since: number };

const toLineEnd = '\u001b[K';
const toScreenEnd = '\u001b[J';

/** What is over scrolls away above; below it the workers under way, as many as fit, each with the seconds it has taken. */
function liveView(io: CommandIo, screen: () => Screen): RolloutView {
  const lineOf = createLines();
  const running = new Map<string, Running>();
  let drawn: readonly string[] = [];
  const draw = (above?: string) => {
    const { columns, rows } = screen();
    const shown = runningLines(running, { columns, rows }, io.clock?.now() ?? io.now());
    if (above === undefined && shown.join('\n') === drawn.join('\n')) return;
    // Written over and not cleared first, which would flicker.
    const height = heightOf(drawn, columns);
    const up = height > 0 ? `\u001b[${height}A\r` : '';
    const over = above === undefined ? '' : `${toScreenEnd}${wrapped(above)}\n`;
    io.err(`${up}${over}${shown.map(line => `${line}${toLineEnd}\n`).join('')}${toScreenEnd}`);
    drawn = shown;
  };
  const ticking = setInterval(() => draw(), 1_000).unref();
  return {
    show(event) {
      const text = runningText(event);
      if (text !== undefined && 'worker' in event && event.worker !== null) {
        running.set(event.worker, { text, since: running.get(event.worker)?.since ?? event.at });
        return draw();
      }
      if (event.kind === 'finished' || event.kind === 'failed') running.delete(event.worker);
      // The summary, which comes at once, names them.
      if (event.kind !== 'stopped') draw(lineOf(event));
    },
    end() {
      clearInterval(ticking);
      running.clear();
      draw();
    },
  };
}

/** Undefined for what is a line of its own. */
function runningText(event: RolloutEvent): string | undefined {
  switch (event.kind) {
    case 'step':
      return `${event.step}${event.detail ? `: ${event.detail}` : ''}`;
    case 'waiting':
      return `${event.step}: ${event.detail}`;
    case 'boot': {
      const { phase, status, code } = event.event;
      return `boot: ${phase} ${status}${code === undefined ? '' : ` (${code})`}`;
    }
    default:
      return undefined;
  }
}

function runningLines(
  running: ReadonlyMap<string, Running>,
  { columns, rows }: Screen,
  now: number,
): readonly string[] {
  const most = Math.max(1, rows - 3);
  const shown = [...running].slice(0, most);
  const width = Math.min(
    Math.max(0, ...shown.map(([worker]) => worker.length)),
    Math.max(12, Math.floor(columns * 0.4)),
  );
  const lines = shown.map(([worker, { text, since }]) => {
    const seconds = `${Math.max(0, Math.floor((now - since) / 1_000))} s`.padStart(6);
    return cut(`${cutMiddle(clean(worker), width).padEnd(width)}${seconds}  ${clean(text)}`, columns - 1);
  });
  return running.size > most ? [...lines, `… and ${running.size - most} more`] : lines;
}

/** Names of one fleet differ at their ends. */
function cutMiddle(name: string, width: number): string {
  if (name.length <= width) return name;
  const end = Math.floor(width / 2);
  return `${name.slice(0, width - end - 1)}…${name.slice(-end)}`;
}

/** A terminal that became narrower shows lines in several rows. */
function heightOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / columns)), 0);
}
