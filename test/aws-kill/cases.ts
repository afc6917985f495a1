import { randomFrom } from '../kill/random.ts';
import { isPoll, isRead } from './call-names.ts';
import { type Moment, moments, type Target } from './gate.ts';

/** A scenario’s command, killed at the first target, run again and killed at the next, and so on; then run to its end. */
export type Case = { readonly scenario: string; readonly targets: readonly Target[] };

/** “launch: RunInstances 1 unanswered, PutObject lock.json 1 sent”: what FIRSTBOOT_AWS_CASE takes to run it alone. */
export function textOf({ scenario, targets }: Case): string {
  return `${scenario}: ${targets.map(({ call, nth, moment }) => `${call} ${nth} ${moment}`).join(', ')}`;
}

export function parseCase(text: string): Case {
  const [, scenario = '', list = ''] = /^([^:]+): (.*)$/s.exec(text) ?? [];
  const targets = list.split(', ').map((one): Target => {
    const [, call = '', nth = '', moment] = /^(.*) (\d+) (sent|unanswered|answered)$/.exec(one) ?? [];
    if (!moment) throw new Error(`“${one}” names no call: NAME N ${moments.join('|')}`);
    return { call, nth: Number(nth), moment: moment as Moment };
  });
  return { scenario, targets };
}

/**
 * As many as there are to be kills: first each call that changes something, at each moment, then each that asks; a fifth of the
 * kills at least is at random, two or three in a row among them. `calls`: of each scenario’s undisturbed run.
 */
export function casesFor(calls: ReadonlyMap<string, readonly string[]>, kills: number, seed: number): readonly Case[] {
  const random = randomFrom(seed);
  const positions = [...calls].flatMap(([scenario, names]) =>
    targetsIn(names).map((target): Case => ({ scenario, targets: [target] })),
  );
  const isOfRead = ({ targets }: Case) => isRead(targets[0]?.call ?? '');
  const ordered = [
    ...shuffled(
      positions.filter(one => !isOfRead(one)),
      random,
    ),
    ...shuffled(positions.filter(isOfRead), random),
  ].slice(0, Math.ceil(kills * 0.8));
  const cases = [...ordered];
  for (let left = kills - ordered.length; left > 0; ) {
    const [scenario, names] = pick([...calls], random);
    const targets = targetsIn(names);
    const count = Math.min(left, 1 + Math.floor(random() * 3));
    cases.push({ scenario, targets: Array.from({ length: count }, () => pick(targets, random)) });
    left -= count;
  }
  return cases;
}

/** How often a poll is made differs from run to run, so only its first one is a target. */
function targetsIn(names: readonly string[]): readonly Target[] {
  const seen = new Map<string, number>();
  const calls = names.flatMap(call => {
    const nth = (seen.get(call) ?? 0) + 1;
    seen.set(call, nth);
    return isPoll(call) && nth > 1 ? [] : [{ call, nth }];
  });
  const sorted = calls.toSorted((a, b) => (a.call < b.call ? -1 : a.call > b.call ? 1 : a.nth - b.nth));
  return sorted.flatMap(one => moments.map(moment => ({ ...one, moment })));
}

function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  return list
    .map(one => ({ one, by: random() }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ one }) => one);
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}
