import { CallError } from '../diagnostics/call-error.ts';
import { describeLaunched, type NodeDescription } from '../emit/node-description.ts';
import type { InterfaceView } from '../ports/compute.ts';
import type { DisruptionBudgetView, Kube, PodView } from '../ports/kube.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { sha256 } from '../tree/digest.ts';
import type { DrainOptions } from './drain-sort.ts';
import { inParallel } from './in-parallel.ts';
import type { Observed } from './observe.ts';
import type { DesiredWorker, Plan } from './plan.ts';
import { stateKeys } from './state-keys.ts';
import type { World } from './world.ts';

/** What a plan tells beside what it decides: asked for only where something is to be done. */
export type PlanDetails = {
  /** By worker: its node as it was launched last. */
  readonly previous: ReadonlyMap<string, NodeDescription>;
  /** Workers that are too many to be compared. */
  readonly notCompared: ReadonlySet<string>;
  readonly describe: (worker: string) => NodeDescription | undefined;
  /** By worker; undefined where the api-server was not asked. */
  readonly pods: ReadonlyMap<string, readonly PodView[]> | undefined;
  readonly budgets: readonly DisruptionBudgetView[];
  /** How the nodes would be drained; undefined: without any option. */
  readonly drain?: DrainOptions | undefined;
  /** Why the api-server did not say which pods run where. */
  readonly podsProblem: CallError | undefined;
  /** Who has the address of a worker that has no instance; by worker. */
  readonly occupants: ReadonlyMap<string, InterfaceView>;
};

const mostAtOnce = 16;
/** Reading an old user-data takes 16 ms; what a roll of more workers changes is seen from these. */
const mostCompared = 100;
/** A launch of more workers does not ask for each address: EC2 takes 20 such calls a second, and RunInstances says it too. */
const mostAddresses = 50;

/** Asks for what the actions of a plan need: user-data copies, pods, budgets, addresses. */
export async function gatherDetails(
  { cluster, compute, store, kube }: Omit<World, 'artifactsOf'>,
  { actions }: Plan,
  desired: readonly DesiredWorker[],
  observed: Observed,
  describe: PlanDetails['describe'],
): Promise<PlanDetails> {
  const replaced = actions.filter(({ kind }) => kind === 'replace');
  const nodes = observed.nodes && new Set(observed.nodes.map(({ name }) => name));
  const disrupted = actions
    .filter(({ kind, worker }) => kind !== 'keep' && kind !== 'launch' && nodes?.has(worker))
    .map(({ worker }) => worker);
  const launched = new Set(actions.filter(({ kind }) => kind === 'launch').map(({ worker }) => worker));
  const asked = launched.size > mostAddresses ? [] : desired.filter(({ worker }) => launched.has(worker.name));
  const [previous, pods, occupants] = await Promise.all([
    inParallel(replaced.slice(0, mostCompared), mostAtOnce, async ({ worker }) => {
      const copy = observed.records.get(worker)?.record.current?.userData;
      const found = copy === undefined ? undefined : await readLaunched(store, stateKeys(cluster).userData, copy);
      return found ? [[worker, found] as const] : [];
    }),
    kube && observed.nodes && podsOf(kube, disrupted),
    inParallel(asked, mostAtOnce, async ({ worker: { name, privateIp, launch } }) => {
      const found = launch.subnet === null ? undefined : await compute.interfaceAt(launch.subnet, privateIp);
      return found ? [[name, found] as const] : [];
    }),
  ]);
  const problem = pods instanceof CallError ? pods : undefined;
  return {
    previous: new Map(previous.flat()),
    notCompared: new Set(replaced.slice(mostCompared).map(({ worker }) => worker)),
    describe,
    ...(pods && !(pods instanceof CallError) ? pods : { pods: undefined, budgets: [] }),
    podsProblem: problem,
    occupants: new Map(occupants.flat()),
  };
}

/** An api-server that does not say is worth no failure: a drain asks again. */
async function podsOf(
  kube: Kube,
  workers: readonly string[],
): Promise<Pick<PlanDetails, 'pods' | 'budgets'> | CallError> {
  try {
    const [pods, budgets] = await Promise.all([
      inParallel(workers, mostAtOnce, async worker => [worker, await kube.podsOn(worker)] as const),
      workers.length > 0 ? kube.disruptionBudgets() : [],
    ]);
    return { pods: new Map(pods), budgets };
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

/** Undefined where the copy is gone or damaged: a diff is worth no failure. */
async function readLaunched(
  store: ObjectStore,
  keyOf: (sha256: string) => string,
  digest: string,
): Promise<NodeDescription | undefined> {
  try {
    const stored = await store.get(keyOf(digest));
    return stored && sha256(stored.bytes) === digest ? describeLaunched(stored.bytes) : undefined;
  } catch (error) {
    if (error instanceof CallError) throw error;
    return undefined;
  }
}
