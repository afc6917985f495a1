import { clean } from '../report/clean.ts';
import { createProgress } from '../report/progress.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { lockWords } from '../rollout/lock.ts';

/** A line for logs, without its end: `12:03:11Z worker-0 launch: i-0abc…`; undefined for what a log does not need. */
export function createLines(): (event: RolloutEvent) => string | undefined {
  const bootLine = createProgress();
  return event => {
    const text = textOf(event, bootLine);
    return text === undefined ? undefined : `${timeOf(event.at)} ${clean(text)}`;
  };
}

function textOf(event: RolloutEvent, bootLine: ReturnType<typeof createProgress>): string | undefined {
  switch (event.kind) {
    case 'lock-held':
      return `waiting for the lock of ${lockWords(event.lock)}`;
    case 'lock':
      return `lock ${event.id} ${event.resumed ? 'taken up again' : 'taken'}`;
    case 'step':
      if (event.status === 'start') return undefined;
      return `${event.worker} ${event.step}: ${event.detail ?? 'done'}`;
    case 'waiting':
      return `${event.worker} ${event.step}: ${event.detail}`;
    case 'boot': {
      const line = bootLine(event.event);
      // Its own time and name stand before it already.
      return line && `${event.worker} boot ${line.replace(/^ *([\d.]+ s) +\S+ +/, '$1 ').replace(/ {2,}/g, ' ')}`;
    }
    case 'warning':
      return `${event.worker === null ? '' : `${event.worker} `}warning: ${event.message}`;
    case 'failed':
      return `${event.worker} FAILED at ${event.step}: ${event.code}`;
    case 'finished':
      return `${event.worker} ${event.outcome}${finishedDetail(event)}`;
    case 'stopped':
      return `stopped, not done: ${event.remaining.length}`;
  }
}

function finishedDetail({ instanceId, verified, seconds }: RolloutEvent & { readonly kind: 'finished' }): string {
  const how = verified === 'none' ? 'not waited for' : verified;
  return `${instanceId === null ? '' : ` on ${instanceId}, ${how},`} after ${seconds} s`;
}

/** Of the day, in UTC. */
function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)}Z`;
}
