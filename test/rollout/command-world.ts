import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DesiredFleet, desiredFleet } from '../../src/commands/desired-fleet.ts';
import type { CommandIo } from '../../src/commands/io.ts';
import { planOn } from '../../src/commands/plan.ts';
import { statusOn } from '../../src/commands/status.ts';
import type { ParsedOptions } from '../../src/commands/table.ts';
import { createVirtualClock } from '../../src/local/cloud/clock.ts';
import type { InstanceView } from '../../src/ports/compute.ts';
import type { WorkerRecord } from '../../src/rollout/record.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { launchRequest, type TestCloud, testCloud } from '../support/cloud.ts';
import { makeCluster, root, type TestCluster } from '../support/cluster.ts';
import { createKubeTwin, type KubeTwin } from '../support/kube-twin.ts';

export type Told = { readonly code: number; readonly out: string; readonly err: string; readonly json: any };

/** A cluster’s folder and a cloud in memory that commands run on, as the command line would have opened them. */
export type CommandWorld = {
  readonly folder: TestCluster;
  readonly cloud: TestCloud;
  readonly kube: KubeTwin;
  /** As the folder is now. */
  readonly fleet: (lenient?: boolean) => Promise<DesiredFleet>;
  /** A worker as `apply` leaves it: instance, record, copy of the user-data. */
  readonly launched: (worker: string, change?: Partial<WorkerRecord>) => Promise<InstanceView>;
  /** Its kubelet registers. */
  readonly joined: (worker: string, instance: InstanceView, ready?: boolean) => void;
  readonly plan: (options?: ParsedOptions & { readonly kube?: boolean; readonly json?: boolean }) => Promise<Told>;
  readonly status: (options?: { readonly kube?: boolean; readonly json?: boolean }) => Promise<Told>;
};

export function commandIo(folder: TestCluster, json: boolean, now: () => number) {
  const told = { out: '', err: '' };
  const io: CommandIo = {
    out: text => {
      told.out += text;
    },
    err: text => {
      told.err += text;
    },
    json,
    colour: false,
    now,
    cwd: folder.folder,
    packageFolder: root,
    program: pathToFileURL(path.join(root, 'dist/firstboot.cjs')),
  };
  return { io, told };
}

export async function commandWorld(change: (folder: TestCluster) => void = () => {}): Promise<CommandWorld> {
  const folder = await makeCluster();
  change(folder);
  const clock = createVirtualClock(Date.now());
  const now = () => clock.now();
  const fleet = async (lenient = false) => {
    const { io, told } = commandIo(folder, false, now);
    const opened = await desiredFleet('cluster.yaml', { lenient }, io);
    if (typeof opened === 'number') throw new Error(told.err);
    return opened;
  };
  const cloud = testCloud({ cluster: (await fleet()).cluster, clock });
  const kube = createKubeTwin(clock);
  const store = cloud.store();
  const side = { store, compute: cloud.compute, clock, place: 'a cloud in memory' };
  return {
    folder,
    cloud,
    kube,
    fleet,
    async launched(name, change = {}) {
      const opened = await fleet();
      const artifactsOf = await opened.withKeys([name]);
      if (typeof artifactsOf === 'number') throw new Error(`${name} has no key`);
      const { userData, fingerprint, digest, notAfter } = await artifactsOf(name);
      const worker = opened.cluster.workers.find(one => one.name === name);
      if (!worker) throw new Error(`no ${name}`);
      const request = launchRequest({ cluster: opened.cluster }, { userData }, name);
      const tags = { ...request.tags, 'firstboot:fingerprint': fingerprint, 'firstboot:generation': '1' };
      const instance = await cloud.compute.launch({ ...request, tags });
      await clock.sleep(60_000);
      const keys = stateKeys(opened.cluster);
      await store.put({ key: keys.userData(sha256(userData)), bytes: userData });
      const record: WorkerRecord = {
        version: 1,
        worker: name,
        generation: 1,
        operation: null,
        current: {
          generation: 1,
          instanceId: instance.instanceId,
          nodeUid: null,
          fingerprint,
          digest,
          userData: sha256(userData),
          notAfter,
          imageId: instance.imageId,
          launch: worker.launch,
          instanceType: instance.instanceType,
          interfaceId: null,
          verified: 'registered',
          verifiedAt: new Date(clock.now()).toISOString(),
          run: 'run-1',
          secretsDeleted: true,
        },
        ...change,
      };
      await store.put({ key: keys.worker(name), bytes: new TextEncoder().encode(JSON.stringify(record)) });
      return instance;
    },
    joined(name, { instanceId, zone, privateIp = '' }, ready = true) {
      kube.join({ instanceId, zone, name, ip: privateIp, version: '1.36.1', uuid: `uuid-${instanceId}`, ready });
    },
    async plan({ kube: withKube = true, json = false, ...options } = {}) {
      const { io, told } = commandIo(folder, json, now);
      const code = await planOn(await fleet(), side, withKube ? kube : undefined, options, io);
      return { code, ...told, json: json ? JSON.parse(told.out) : undefined };
    },
    async status({ kube: withKube = true, json = false } = {}) {
      const { io, told } = commandIo(folder, json, now);
      const code = await statusOn(await fleet(true), side, withKube ? kube : undefined, io);
      return { code, ...told, json: json ? JSON.parse(told.out) : undefined };
    },
  };
}
