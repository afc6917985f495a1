import type { BootEvent } from './report.ts';

const columns = 80;

/**
 * A line for people who watch a boot, of at most 80 columns without a line end: `  88.6 s  worker-0  identify    ok`. None when
 * a phase starts.
 */
export function progressLine(event: BootEvent, started?: number): string | undefined {
  const { worker, phase, status, t, attempt, code } = event;
  if (status === 'start') return undefined;
  const place = `${seconds(t).padStart(8)}  ${shortened(worker, 20)}  ${phase.padEnd(10)}  `;
  if (status === 'ok') return `${place}ok${took(t, started)}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
  const what = status === 'failed' ? 'FAILED' : `retry ${attempt}`;
  // The host that a cause begins with takes most of a line; the table has it.
  const cause = event.cause?.replace(/^[\w-]+(\.[\w-]+)+(:\d+)?: /, '');
  return shortened(place + [what, code, cause].filter(Boolean).join(': '), columns);
}

/**
 * The lines of a whole boot, one call an event: with how long a phase took; of retries that look the same only the first, the
 * second, the fourth, the eighth and so on.
 */
export function createProgress(): (event: BootEvent) => string | undefined {
  const started = new Map<string, number>();
  const said = new Map<string, string | undefined>();
  return event => {
    const key = `${event.worker} ${event.phase}`;
    if (event.status === 'start') started.set(key, event.t);
    const looks = progressLine({ ...event, t: 0, attempt: 1 });
    const again = event.status === 'retry' && said.get(key) === looks && !Number.isInteger(Math.log2(event.attempt));
    said.set(key, looks);
    return again ? undefined : progressLine(event, started.get(key));
  };
}

function took(t: number, started: number | undefined): string {
  return started === undefined || started > t ? '' : `, ${seconds(t - started)}`;
}

/** Seconds with one digit: `0.1 s`. */
export function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function shortened(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
