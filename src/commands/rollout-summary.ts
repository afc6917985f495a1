import type { RolloutEvent } from '../rollout/events.ts';
import { wrapped } from './wrap.ts';

type Of<K extends RolloutEvent['kind']> = RolloutEvent & { readonly kind: K };

/** What events came to: one entry a worker that was begun, in the plan’s order, and what was not. */
export type Summary = {
  readonly lock: string | null;
  readonly workers: readonly (Of<'finished'> | Of<'failed'>)[];
  readonly warnings: readonly Of<'warning'>[];
  readonly remaining: readonly string[];
};

/** `order`: names of workers; those that are launched side by side end in any order. */
export function summaryOf(events: readonly RolloutEvent[], order: readonly string[]): Summary {
  const places = new Map(order.map((worker, index) => [worker, index]));
  const placeOf = ({ worker }: { readonly worker: string }) => places.get(worker) ?? order.length;
  const of = <K extends RolloutEvent['kind']>(kind: K) => events.filter((one): one is Of<K> => one.kind === kind);
  return {
    lock: of('lock')[0]?.id ?? null,
    workers: events
      .filter(one => one.kind === 'finished' || one.kind === 'failed')
      .sort((a, b) => placeOf(a) - placeOf(b)),
    warnings: of('warning'),
    remaining: of('stopped').flatMap(({ remaining }) => remaining),
  };
}

export function isDone({ workers, remaining }: Summary): boolean {
  return remaining.length === 0 && workers.every(({ kind }) => kind === 'finished');
}

/** For people: `3 launched, 1 failed, 2 not begun.`, and each failure with what to do. */
export function summaryText({ workers, remaining }: Summary): string {
  const counts = (['launched', 'replaced', 'retired'] as const).flatMap(outcome => {
    const count = workers.filter(one => one.kind === 'finished' && one.outcome === outcome).length;
    return count > 0 ? [`${count} ${outcome}`] : [];
  });
  const failures = workers.filter(one => one.kind === 'failed');
  const parts = [
    ...counts,
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
    ...(remaining.length > 0 ? [`${remaining.length} not done (${shortList(remaining)})`] : []),
  ];
  const told = failures.map(
    ({ code, message, hint }) =>
      `${wrapped(`firstboot: ${code}: ${message}`)}\n  ${wrapped(`hint: ${hint}`, '    ')}\n`,
  );
  return `${told.join('')}${wrapped(`${parts.length === 0 ? 'nothing was to be done' : parts.join(', ')}.`)}\n`;
}

/** The one document of --json. */
export function summaryJson({ lock, workers, warnings, remaining }: Summary, cluster: string, run: string) {
  return {
    version: 1,
    cluster,
    run,
    lock,
    workers: workers.map(one => {
      const { kind, at, worker } = one;
      const time = new Date(at).toISOString();
      if (kind === 'failed')
        return {
          worker,
          outcome: 'failed',
          at: time,
          step: one.step,
          code: one.code,
          message: one.message,
          hint: one.hint,
        };
      const { outcome, instanceId, verified, seconds } = one;
      return { worker, outcome, at: time, instanceId, verified, seconds };
    }),
    warnings: warnings.map(({ worker, message }) => ({ worker, message })),
    remaining,
  };
}

function shortList(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
