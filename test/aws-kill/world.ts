import { setTimeout as pass } from 'node:timers/promises';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { CloudPace, FaultRule } from '../../src/local/cloud/cloud.ts';
import { createEc2, type Ec2 } from '../../src/local/cloud/ec2.ts';
import { createS3 } from '../../src/local/cloud/s3.ts';
import { dispatch } from '../../src/local/cloud-server/dispatch.ts';
import { seedFor } from '../../src/local/cloud-server/seed.ts';
import type { Handler } from '../../src/local/http.ts';
import { createS3Shell } from '../../src/local/shell/s3-shell.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { Cluster } from '../../src/spec/resolve.ts';
import { bootInstances } from '../support/booting.ts';
import { accountId } from '../support/cloud.ts';
import { operatorKeys } from '../support/cloud-server.ts';
import type { Joining } from '../support/kube-cluster.ts';
import type { Nodes, SeenNode } from './nodes.ts';

/** A cloud in memory whose instances register at a real api-server; it takes milliseconds where EC2 takes minutes. */
export type World = {
  readonly cluster: Cluster;
  readonly ec2: Ec2;
  readonly store: ObjectStore;
  readonly nodes: Nodes;
  /** What answers its requests. */
  readonly handler: Handler;
  /** Returns when nothing of it goes on any more. */
  readonly close: () => Promise<void>;
};

/** Everything in it, to begin from again. */
export type Saved = {
  readonly ec2: unknown;
  readonly objects: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  readonly nodes: readonly SeenNode[];
};

const pace: CloudPace = {
  pendingFor: 20,
  shuttingDownFor: 30,
  describeLag: 10,
  terminatedShownFor: 3_600_000,
  interfaceHeldFor: 15,
};

export async function openWorld(
  cluster: Cluster,
  nodes: Nodes,
  saved?: Saved,
  faults: readonly FaultRule[] = [],
): Promise<World> {
  const { region, bucket } = cluster.aws;
  const clock = { ...systemClock, sleep: (time: number) => pass(Math.min(time, 20)) };
  const rules: FaultRule[] = [];
  const options = { accountId, region, clock, pace, throttled: false, faults: rules };
  const ec2 = createEc2(options, saved?.ec2);
  const s3 = createS3(options);
  const { catalogue, posture, nodePrefixes } = seedFor(cluster);
  ec2.add(catalogue);
  s3.createBucket(bucket, posture);
  s3.setNodePrefixes([...nodePrefixes]);
  const store = s3.store(bucket, { kind: 'operator' });
  await restore(saved, store, nodes);
  const before = s3.callCounts();
  rules.push(...faults.map(rule => ({ ...rule, nth: (rule.nth ?? 1) + (before[rule.call] ?? 0) })));
  const close = bootAll({ cluster, ec2, s3, clock }, nodes);
  const keys = () => [operatorKeys, ...ec2.roles()];
  const objects = createS3Shell({ s3, credentials: keys, region, now: clock.now });
  const owner = { accountId, region, now: clock.now };
  const nothing = async () => {};
  const handler = dispatch({ ec2, s3, owner, keys, objects, save: nothing, seed: nothing, token: 'none' });
  return { cluster, ec2, store, nodes, handler, close };
}

/** The Nodes get new UIDs, so the records that name them get them too. */
async function restore(saved: Saved | undefined, store: ObjectStore, nodes: Nodes): Promise<void> {
  await nodes.clear();
  const uids = new Map<string, string>();
  for (const node of saved?.nodes ?? []) {
    uids.set(node.uid, await nodes.register(node));
    await nodes.addPod(node.name);
  }
  for (const { key, bytes } of saved?.objects ?? []) await store.put({ key, bytes: renamed(bytes, uids) });
}

function renamed(bytes: Uint8Array, uids: ReadonlyMap<string, string>): Uint8Array {
  let text = Buffer.from(bytes).toString('latin1');
  for (const [before, now] of uids) text = text.replaceAll(before, now);
  return Buffer.from(text, 'latin1');
}

/** Gives what ends all of it. */
function bootAll(cloud: Parameters<typeof bootInstances>[0], nodes: Nodes): () => Promise<void> {
  let isOpen = true;
  const going = new Set<Promise<unknown>>();
  const join = async (node: Joining) => {
    try {
      await nodes.register(node);
    } catch {
      // A kubelet goes on trying: the Node was deleted just then.
      if (isOpen) await nodes.register(node);
    }
  };
  const begin = (node: Joining) => {
    if (!isOpen) return;
    const work = join(node);
    going.add(work);
    void work.catch(() => {}).then(() => going.delete(work));
  };
  bootInstances(cloud, { kube: { join: begin }, phase: 3 });
  return async () => {
    isOpen = false;
    for (const { instanceId } of cloud.ec2.machines()) cloud.ec2.interrupt(instanceId, 'host');
    await Promise.allSettled(going);
  };
}

/** What there is now. Objects as they are, without versions that are not current. */
export async function save({ ec2, store, nodes }: World): Promise<Saved> {
  const listed = [...(await store.list('state/')), ...(await store.list('secrets/'))];
  const objects = await Promise.all(
    listed.map(async ({ key }) => ({ key, bytes: (await store.get(key))?.bytes ?? new Uint8Array() })),
  );
  return { ec2: ec2.snapshot(), objects, nodes: await nodes.look() };
}
