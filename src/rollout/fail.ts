import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { terminateOurs } from './end-instance.ts';
import { keepEvidence } from './evidence.ts';
import { explainCall } from './explain-call.ts';
import { goneFor, nodeOf } from './old-node.ts';
import { isProvenAt } from './proven.ts';
import type { Operation, Step } from './record.ts';
import { isPassing, isThrottling } from './retry.ts';
import { secretsOwners } from './steps-end.ts';
import { record, type Task, warn } from './task.ts';
import { unstageWorker } from './unstage.ts';

const watching: readonly Step[] = ['await-terminated', 'await-running', 'await-verified'];
/** Nothing is wrong with the worker, or nobody can know: it is left as it is, and the same command goes on. */
const leaving = new Set([
  ...['VERIFY_UNASKED', 'JOURNAL_FOREIGN', 'JOURNAL_UNREADABLE', 'INSTANCE_NOT_TERMINATED'],
  ...['CALL_CREDENTIALS', 'CALL_CLOCK'],
]);

/**
 * Whether an error is the operation’s own, to be recorded and cleaned up after. Others are the operator’s: no answer, no right
 * to look, a worker that is proven already; the operation stays as it is and is gone on with. `said`: what a person is told.
 */
export function endsOperation(error: unknown, said: OperationError, step: Step): boolean {
  if (isProvenAt(step) || leaving.has(said.code)) return false;
  if (!(error instanceof CallError)) return true;
  return !isPassing(error) && !isThrottling(error) && !watching.includes(step);
}

/** What a person is told of any error; undefined: a bug, to be thrown on. */
export function told(error: unknown, { world }: Pick<Task, 'world'>): OperationError | undefined {
  if (error instanceof OperationError) return error;
  if (!(error instanceof CallError)) return undefined;
  return explainCall(error, { aws: world.cluster.aws, server: world.kube?.server });
}

/**
 * Records the failure, and leaves nothing that costs or endangers: the new instance, which holds the address and the identity, is
 * ended once its console is kept; its archive is deleted; an old node that lives takes pods again. What of this fails is a
 * warning, and the next run does it.
 */
export async function recordFailure(task: Task, step: Step, error: OperationError): Promise<void> {
  const failure = { step, code: error.code, message: error.message };
  const operation = await record(task, { failure });
  const { store, cluster, compute } = task.world;
  const { instanceId, reservationId } = operation;
  if (instanceId !== null && operation.kind !== 'retire') {
    await tried(task, 'keep the evidence', () => keepEvidence(task, instanceId));
    await tried(task, `terminate ${instanceId}`, async () => {
      const known = await terminateOurs(task, instanceId);
      if (known === undefined) warn(task, `EC2 does not show ${instanceId} yet; the next run terminates it.`);
    });
  }
  await tried(task, 'delete the staged secrets', async () => {
    for (const owner of await secretsOwners(task, operation)) await unstageWorker(store, cluster, owner);
  });
  if (reservationId !== null)
    await tried(task, `cancel ${reservationId}`, () => compute.cancelReservation(reservationId));
  if (operation.cordoned) await tried(task, 'uncordon the old node', () => uncordonOld(task, operation));
}

async function uncordonOld(task: Task, operation: Operation): Promise<void> {
  const { kube } = task.world;
  if (!kube || (await goneFor(task, operation))) return;
  const node = await nodeOf(kube, task.name, operation);
  if (node?.unschedulable) await kube.setUnschedulable(node, false);
  await record(task, { cordoned: false });
}

async function tried(task: Task, what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const said = told(error, task);
    if (!said) throw error;
    warn(task, `could not ${what}: ${said.message}`);
  }
}
