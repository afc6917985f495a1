import { OperationError } from '../diagnostics/operation-error.ts';
import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import type { Kube } from '../ports/kube.ts';
import { readLock } from '../rollout/lock.ts';
import { observe } from '../rollout/observe.ts';
import { retrying } from '../rollout/retry.ts';
import { type Status, statusOf } from '../rollout/status.ts';
import { type AwsSide, openAwsSide, openKube } from './aws-side.ts';
import { type DesiredFleet, desiredFleet } from './desired-fleet.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { type Paint, plain } from './plan-view.ts';
import { statusView } from './status-view.ts';
import type { ParsedOptions } from './table.ts';
import { textOf } from './table.ts';

/** Shows where workers, instances, nodes and staged secrets stand; with --watch again and again. */
export async function statusCommand(options: ParsedOptions, _: readonly string[], io: CommandIo): Promise<number> {
  // A worker that does not compile is shown all the same: this is asked when something is wrong.
  const fleet = await desiredFleet(textOf(options.cluster) ?? 'cluster.yaml', { lenient: true }, io);
  if (typeof fleet === 'number') return fleet;
  const side = await explained(() => openAwsSide(fleet.cluster, options, io), fleet.cluster);
  try {
    const kube = await openKube(options, io);
    if (options.watch !== true) return await statusOn(fleet, side, kube, io);
    return await untilInterrupted(signal => watchOn(fleet, side, kube, io, signal));
  } finally {
    await side.close();
  }
}

type Side = Omit<AwsSide, 'close'>;

/** Once. */
export async function statusOn(
  fleet: DesiredFleet,
  side: Side,
  kube: Kube | undefined,
  io: CommandIo,
): Promise<number> {
  if (!io.json) io.err(`${fleet.cluster.name} on ${side.place}\n`);
  return show(await look(fleet, side, kube), kube !== undefined, io, false);
}

/** Again and again until the signal. A look that fails after the first is told, and the next one made. */
export async function watchOn(
  fleet: DesiredFleet,
  side: Side,
  kube: Kube | undefined,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  show(await look(fleet, side, kube), kube !== undefined, io, true);
  for (;;) {
    await side.clock.sleep(pauseFor(fleet.cluster.workers.length), signal);
    const seen = await look(fleet, side, kube).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof OperationError)) throw error;
      return error;
    });
    if (seen instanceof OperationError) io.err(`firstboot: ${seen.code}: ${seen.message}\n`);
    else show(seen, kube !== undefined, io, true);
  }
}

function look(fleet: DesiredFleet, side: Side, kube: Kube | undefined): Promise<Status> {
  return explained(() => lookOnce(side, fleet, kube), fleet.cluster, kube?.server);
}

async function lookOnce(side: Side, fleet: DesiredFleet, kube: Kube | undefined): Promise<Status> {
  const { cluster, desired } = fleet;
  // An api-server that does not answer is told, and not waited for.
  const world = { ...retrying({ ...side, cluster, kube: undefined }, 'status'), kube };
  const [observed, lock] = await Promise.all([
    observe(world, { nodesOptional: true, images: false }),
    readLock({ store: world.store, cluster }),
  ]);
  return statusOf({ cluster, desired, observed, lock });
}

/** A record is read for every worker, so a large cluster is asked less often. */
function pauseFor(workers: number): number {
  return 5_000 + 20 * workers;
}

/** Written over from the top, each line to its end, so that nothing flickers. */
function overScreen(text: string): string {
  return `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`;
}

/** The exit code: 1 where something is wrong that no command of firstboot makes. */
function show(status: Status, nodesAsked: boolean, io: CommandIo, again: boolean): number {
  if (io.json) io.out(`${JSON.stringify({ version: 1, ...status })}\n`);
  else if (again && io.terminal) io.out(overScreen(statusView(status, nodesAsked, paintOf(io), process.stdout.rows)));
  else io.out(`${statusView(status, nodesAsked, paintOf(io))}${again ? '\n' : ''}`);
  return status.problems.some(({ severity }) => severity === 'error') ? 1 : 0;
}

function paintOf({ terminal }: CommandIo): Paint {
  return terminal ? (code, text) => (code === 0 ? text : `\u001b[${code}m${text}\u001b[0m`) : plain;
}
