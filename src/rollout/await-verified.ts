import { invariant } from '../tree/invariant.ts';
import { endedError } from './await-running.ts';
import { type Boot, createFollower } from './follow.ts';
import { isOver } from './old-node.ts';
import type { Operation } from './record.ts';
import { type PerformStep, type Task, waitingTeller } from './task.ts';
import { judgeBoot } from './verify-boot.ts';
import { lateError } from './verify-late.ts';
import { createNodeProof, type NodeProof } from './verify-worker.ts';

/** How often a console is read while it is all there is to go by, and while the Node tells more. */
const consoleEvery = { booted: 5_000, beside: 15_000 };
/** Its last line gives the systemUUID and what was booted, seconds after the Node is there; where the console lags it is not waited for. */
const lastLine = { every: 2_000, patience: 30_000 };
/** What a step that is resumed late has at least. */
const leastTime = 120_000;

/**
 * The worker proves itself as far as `wait` asks: the console’s report (which is trusted, where the api-server cannot be asked), or
 * a new Node of this very instance, and its kubelet’s answer through the api-server.
 */
export const awaitVerified: PerformStep = async (task, operation) => {
  const { instanceId } = operation;
  invariant(instanceId, 'the instance is launched');
  const { clock } = task.world;
  const waiting = waitingTeller(task, 'await-verified');
  const follow = createFollower(task, instanceId);
  const prove = createNodeProof(task, operation);
  const deadline = deadlineOf(task, operation);
  let proven: number | undefined;
  for (;;) {
    const seen = await task.watch();
    const view = seen.instances.get(instanceId);
    if (view && isOver(view)) throw endedError(task.name, view);
    const beside = proven === undefined ? consoleEvery.beside : lastLine.every;
    const boot = await follow(operation.wait === 'booted' ? consoleEvery.booted : beside);
    const booted = judgeBoot(task, operation, boot);
    const proof = operation.wait === 'booted' ? bootProof(boot, booted) : await prove(seen, boot);
    proven = proof.proven ? (proven ?? clock.now()) : undefined;
    const isHeard = booted || boot.latest === undefined;
    if (proven !== undefined && (isHeard || clock.now() - proven >= lastLine.patience))
      return { changes: { nodeUid: proof.nodeUid }, detail: proof.detail };
    waiting(proof.proven ? `${proof.detail}; the last line of its boot` : proof.detail);
    if (!proof.proven && clock.now() > deadline) throw lateError(task, operation, boot, proof);
  }
};

function bootProof({ latest }: Boot, booted: boolean): NodeProof {
  if (booted) return { proven: true, nodeUid: null, detail: 'the console reports the boot done' };
  const phase = latest?.phases.at(-1);
  const detail = phase ? `boot: ${phase.phase} ${phase.status}` : 'no line of the boot program yet';
  return { proven: false, nodeUid: null, detail };
}

function deadlineOf({ options, world }: Task, { launchedAt }: Operation): number {
  const start = world.clock.now();
  const launched = launchedAt === undefined ? start : Date.parse(launchedAt);
  return Math.max(launched + options.timeout, start + Math.min(options.timeout, leastTime));
}
