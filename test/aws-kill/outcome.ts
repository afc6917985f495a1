import { setTimeout as pass } from 'node:timers/promises';
import { violations } from '../../src/local/cloud/ec2-audit.ts';
import { readRecords } from '../../src/rollout/read-records.ts';
import type { WorkerRecord } from '../../src/rollout/record.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import type { World } from './world.ts';

/** What a command left: comparable between runs, so without times and the names that AWS and Kubernetes give. */
export type Outcome = {
  /** What must never have been: see ec2-audit. */
  readonly violations: readonly string[];
  readonly records: readonly { readonly operation: unknown }[];
  readonly live: readonly unknown[];
  /** Live instances that are not what their worker’s record says. */
  readonly ownerless: readonly string[];
  /** Versions below secrets/, delete markers too; without the name of the object. */
  readonly staged: readonly string[];
  /** Everything below state/, and the manifest’s text. */
  readonly state: readonly string[];
  readonly manifest: unknown;
  readonly reservations: number;
  readonly interfaces: readonly unknown[];
  readonly nodes: readonly {
    readonly name: string;
    readonly unschedulable: boolean;
    readonly isOf: string | undefined;
  }[];
};

/** Longer than what is asked for may lag behind. */
const settling = 60;

export async function outcomeOf(world: World): Promise<Outcome> {
  await pass(settling);
  const { cluster, ec2, store, nodes } = world;
  const keys = stateKeys(cluster);
  const records = await recordsOf(world);
  const live = await liveOf(world);
  const seen = await nodes.look();
  const owner = (instanceId: string) => records.find(({ current }) => current?.instanceId === instanceId)?.worker;
  const manifest = await store.get(keys.manifest);
  const listed = await store.list(`state/${cluster.name}/`);
  return {
    violations: violations(ec2.audit()),
    records: records.map(record => ({ ...(lasting(record) as object), operation: lasting(record.operation) })),
    live: live
      .map(({ instanceId, tags }) => ({ worker: owner(instanceId), tags: lasting(tags) }))
      .toSorted((a, b) => (a.worker ?? '').localeCompare(b.worker ?? '')),
    ownerless: live.filter(({ instanceId }) => owner(instanceId) === undefined).map(({ instanceId }) => instanceId),
    staged: (await store.versions('secrets/')).map(({ key, isLatest, isDeleteMarker }) =>
      [key.replace(/[^/]*$/, '…'), isLatest, isDeleteMarker].join(' '),
    ),
    state: listed.map(({ key }) => key),
    manifest: manifest && lasting(JSON.parse(Buffer.from(manifest.bytes).toString())),
    reservations: (await ec2.compute.reservations(cluster.name)).filter(({ state }) => state === 'active').length,
    interfaces: (await ec2.compute.interfaces(cluster.name))
      .map(({ privateIp, status, tags }) => ({ privateIp, status, worker: tags['firstboot:worker'] }))
      .toSorted((a, b) => a.privateIp.localeCompare(b.privateIp)),
    nodes: seen.map(({ name, unschedulable, instanceId }) => ({ name, unschedulable, isOf: owner(instanceId) })),
  };
}

/** Instances that no record knows of: neither as what runs, nor as the launch or the end that goes on. Right after a kill, too. */
export async function unrecorded(world: World): Promise<readonly string[]> {
  await pass(settling);
  const records = await recordsOf(world);
  const known = records.flatMap(({ current, operation }) => [
    current?.instanceId,
    operation?.instanceId,
    operation?.old?.instanceId,
    operation?.request?.clientToken,
  ]);
  return (await liveOf(world))
    .filter(({ instanceId, clientToken }) => !known.includes(instanceId) && !known.includes(clientToken))
    .map(({ instanceId }) => instanceId);
}

async function recordsOf({ store, cluster }: World): Promise<readonly WorkerRecord[]> {
  return [...(await readRecords(store, stateKeys(cluster))).values()].map(({ record }) => record);
}

async function liveOf({ ec2, cluster }: World) {
  const ended = ['terminated', 'shutting-down'];
  return (await ec2.compute.instances(cluster.name)).filter(({ state }) => !ended.includes(state));
}

/** Names of fields that a time, or an ID, stands in. */
const passing = /(?:At|Id|Uid)$|^(?:firstboot:)?run$/;

/** Without them, but for whether there is an ID at all; when something was staged is not known after a kill. */
function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      if (name === 'stagedAt') return [];
      return [[name, passing.test(name) && field !== null ? '…' : lasting(field)]];
    }),
  );
}
