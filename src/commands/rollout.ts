import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import { apply } from '../rollout/apply.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { makePlan } from '../rollout/make-plan.ts';
import type { Asked, Plan } from '../rollout/plan.ts';
import { refuseBlind } from '../rollout/preflight.ts';
import { retrying } from '../rollout/retry.ts';
import type { World } from '../rollout/world.ts';
import { openAwsSide, openKube } from './aws-side.ts';
import { bucketGate } from './bucket-gate.ts';
import { confirm } from './confirm.ts';
import { type DesiredFleet, desiredFleet } from './desired-fleet.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { removeLeftLock } from './left-lock.ts';
import { planView } from './plan-view.ts';
import { type Choices, rolloutChoices } from './rollout-choices.ts';
import { isDone, summaryJson, summaryOf, summaryText } from './rollout-summary.ts';
import { createView } from './rollout-view.ts';
import { leftRun, openRun, type Run } from './run-id.ts';
import { type ParsedOptions, textOf } from './table.ts';
import { wrapped } from './wrap.ts';

/** What tells `apply`, `replace` and `destroy` apart. */
export type RolloutCommand = {
  /** As it was typed, for whoever finds the lock. */
  readonly name: string;
  /** Of the workers that are named; undefined: whatever the plan says. */
  readonly asked?: (fleet: DesiredFleet, world: World) => Promise<Asked | number>;
  /** Looks at the plan before anybody is asked; throws where it must not be carried out. */
  readonly check?: (plan: Plan, fleet: DesiredFleet, world: World) => Promise<void>;
  /** False: nothing is launched, so there is nothing to wait for. */
  readonly launches: boolean;
};

/** Plans, shows the plan, asks, carries it out and sums up. */
export async function rollout(command: RolloutCommand, options: ParsedOptions, io: CommandIo): Promise<number> {
  const fleet = await desiredFleet(textOf(options.cluster) ?? 'cluster.yaml', {}, io);
  if (typeof fleet === 'number') return fleet;
  const kube = await openKube(options, io);
  const choices = rolloutChoices(command.launches ? options : { ...options, wait: 'booted' }, kube !== undefined, io);
  if (typeof choices === 'number') return choices;
  const { cluster } = fleet;
  const side = await explained(() => openAwsSide(cluster, options, io), cluster);
  try {
    const blind = { ...side, cluster, kube, artifactsOf: noArtifacts };
    return await explained(
      () => onWorld({ command, options, io, fleet, choices, place: side.place }, blind),
      cluster,
      kube?.server,
    );
  } finally {
    await side.close();
  }
}

type Setting = {
  readonly command: RolloutCommand;
  readonly options: ParsedOptions;
  readonly io: CommandIo;
  readonly fleet: DesiredFleet;
  readonly choices: Choices;
  readonly place: string;
};

async function onWorld({ command, options, io, fleet, choices, place }: Setting, blind: World): Promise<number> {
  const { cluster } = fleet;
  io.err(`${cluster.name} on ${place}\n`);
  const asked = await command.asked?.(fleet, blind);
  if (typeof asked === 'number') return asked;
  const look = () => makePlan(retrying(blind, command.name), fleet, { asked, drain: choices.drain });
  const { plan, observed } = await look();
  await command.check?.(plan, fleet, blind);
  const pending = plan.actions.filter(({ kind }) => kind !== 'keep');
  const unproven = [...observed.records.values()].some(({ record }) => record.current?.secretsDeleted === false);
  if (!io.json) io.err(planView(plan, undefined));
  if (pending.length === 0 && !unproven) {
    const left = leftRun(textOf(options['run-id']), fleet.folder);
    if (left) await removeLeftLock(blind, left, command.name);
    return nothingToDo(cluster.name, io);
  }
  refuseBlind(blind, pending, choices);
  const gate = await bucketGate(blind.store, cluster, options['allow-weak-bucket'] === true, io);
  if (typeof gate === 'number') return gate;
  const launched = pending.filter(({ kind }) => kind !== 'retire').map(({ worker }) => worker);
  const artifactsOf = launched.length > 0 ? await fleet.withKeys(launched) : noArtifacts;
  if (typeof artifactsOf === 'number') return artifactsOf;
  const no = pending.length > 0 ? await confirm(`Carry it out on ${cluster.name}?`, options, io) : undefined;
  if (no !== undefined) return no;
  const run = openRun(textOf(options['run-id']), fleet.folder);
  const rolloutOptions = { ...choices, run: run.id, holder: run.holder, command: command.name, look };
  return untilInterrupted(async signal => {
    const events = await follow(apply({ ...blind, artifactsOf }, plan, rolloutOptions, signal), io);
    return sumUp(events, run, plan, signal, io);
  });
}

async function follow(events: AsyncIterable<RolloutEvent>, io: CommandIo): Promise<readonly RolloutEvent[]> {
  const view = createView(io);
  const all: RolloutEvent[] = [];
  try {
    for await (const event of events) {
      // Boot lines and waiting are for those who watch; a summary of a thousand workers needs none of them.
      if (event.kind !== 'boot' && event.kind !== 'waiting' && event.kind !== 'step') all.push(event);
      view.show(event);
    }
  } finally {
    view.end();
  }
  return all;
}

function sumUp(events: readonly RolloutEvent[], run: Run, plan: Plan, signal: AbortSignal, io: CommandIo): number {
  run.over();
  const summary = summaryOf(
    events,
    plan.actions.map(({ worker }) => worker),
  );
  if (io.json) io.out(`${JSON.stringify(summaryJson(summary, plan.cluster, run.id))}\n`);
  else io.out(summaryText(summary));
  if (signal.aborted)
    io.err(
      `${wrapped('firstboot: stopped. What was begun is on record, and what was launched runs on; the same command goes on with it.')}\n`,
    );
  signal.throwIfAborted();
  return isDone(summary) ? 0 : 1;
}

function nothingToDo(cluster: string, io: CommandIo): number {
  const summary = summaryOf([], []);
  if (io.json) io.out(`${JSON.stringify({ ...summaryJson(summary, cluster, ''), run: null })}\n`);
  return 0;
}

async function noArtifacts(): Promise<never> {
  throw new Error('invariant broken: nothing is launched');
}
