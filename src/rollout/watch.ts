import { CallError } from '../diagnostics/call-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import type { NodeView } from '../ports/kube.ts';
import type { World } from './world.ts';

/** Instances and Nodes of the cluster as one look saw them. */
export type Seen = {
  readonly at: number;
  readonly instances: ReadonlyMap<string, InstanceView>;
  /** By name. Undefined: the api-server was not asked, or did not answer (`nodesProblem`). */
  readonly nodes: ReadonlyMap<string, NodeView> | undefined;
  readonly nodesProblem: CallError | undefined;
};

/** The next look, shared by everybody who waits for one: two calls, however many workers there are. */
export type Watch = () => Promise<Seen>;

/** Looks only while somebody waits. `every`: milliseconds between two looks. */
export function createWatch(world: World, every: () => number, signal: AbortSignal): Watch {
  let pending: Promise<Seen> | undefined;
  const look = async (): Promise<Seen> => {
    await world.clock.sleep(every(), signal);
    pending = undefined;
    const [instances, nodes] = await Promise.all([world.compute.instances(world.cluster.name), nodesOf(world)]);
    return {
      at: world.clock.now(),
      instances: new Map(instances.map(one => [one.instanceId, one])),
      ...nodes,
    };
  };
  return () => {
    pending ??= look();
    return pending;
  };
}

/** An api-server that does not answer for a while is no reason to give up on a node: the waiting has a deadline of its own. */
async function nodesOf({ kube }: World): Promise<Pick<Seen, 'nodes' | 'nodesProblem'>> {
  if (!kube) return { nodes: undefined, nodesProblem: undefined };
  try {
    const nodes = await kube.nodes();
    return { nodes: new Map(nodes.map(node => [node.name, node])), nodesProblem: undefined };
  } catch (error) {
    if (!(error instanceof CallError) || error.status === 401 || error.status === 403) throw error;
    return { nodes: undefined, nodesProblem: error };
  }
}
