import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { InstanceView } from '../../src/ports/compute.ts';
import type { NodeView } from '../../src/ports/kube.ts';
import type { Observed } from '../../src/rollout/observe.ts';
import type { DesiredWorker } from '../../src/rollout/plan.ts';
import type { Generation, Operation, WorkerRecord } from '../../src/rollout/record.ts';
import { type Cluster, type Launch, resolve } from '../../src/spec/resolve.ts';
import { specSchema } from '../../src/spec/schema.ts';
import { root } from '../support/cluster.ts';

export const now = Date.UTC(2026, 10, 25, 9);
const day = 86_400_000;
export const inDays = (days: number) => new Date(now + days * day).toISOString();
export const fingerprint = (name: string) => name.repeat(64).slice(0, 64);

const spec = parse(fs.readFileSync(path.join(root, 'examples/from-scratch/cluster.yaml'), 'utf8'));
spec.workers['worker-2'] = { privateIp: '10.0.1.22' };

/** The example with a third worker. */
export const cluster: Cluster = resolve(specSchema.parse(spec), 'cluster.yaml');

export const launch: Launch = (cluster.workers[0] as Cluster['workers'][number]).launch;

export const desired: readonly DesiredWorker[] = cluster.workers.map(worker => ({
  worker,
  fingerprint: fingerprint('a'),
  notAfter: inDays(300),
  digest: null,
}));

let count = 0;

/** A running instance of worker-0 as desired, but for what is given. */
export function instance(
  change: Partial<InstanceView> = {},
  tags: Record<string, string | undefined> = {},
): InstanceView {
  count += 1;
  const all = {
    'firstboot:cluster': cluster.name,
    'firstboot:worker': 'worker-0',
    'firstboot:fingerprint': fingerprint('a'),
    ...tags,
  };
  const worker = cluster.workers.find(({ name }) => name === all['firstboot:worker']);
  return {
    instanceId: `i-${String(count).padStart(17, '0')}`,
    state: 'running',
    stateReason: undefined,
    launchTime: now - day,
    imageId: 'ami-1',
    instanceType: launch.instanceTypes[0] ?? '',
    arch: 'amd64',
    subnetId: launch.subnet ?? undefined,
    zone: 'us-east-1a',
    privateIp: worker?.privateIp ?? '10.0.1.99',
    interfaceIds: [],
    clientToken: undefined,
    spot: false,
    tags: Object.fromEntries(
      Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
    ...change,
  };
}

export function generation(
  { instanceId, imageId, instanceType }: InstanceView,
  change: Partial<Generation> = {},
): Generation {
  return {
    generation: 1,
    instanceId,
    nodeUid: null,
    fingerprint: fingerprint('a'),
    digest: 'd'.repeat(64),
    userData: 'e'.repeat(64),
    notAfter: inDays(300),
    imageId,
    launch,
    instanceType,
    interfaceId: null,
    verified: 'registered',
    verifiedAt: inDays(-1),
    run: 'run-1',
    secretsDeleted: true,
    ...change,
  };
}

export function operation(change: Partial<Operation> = {}): Operation {
  return {
    generation: 2,
    kind: 'replace',
    run: 'run-2',
    startedAt: inDays(-0.01),
    reasons: [],
    step: 'drain',
    attempt: 1,
    old: null,
    cordoned: false,
    reservationId: null,
    fingerprint: fingerprint('a'),
    digest: 'd'.repeat(64),
    notAfter: null,
    launch,
    wait: 'registered',
    request: null,
    instanceId: null,
    interfaceId: null,
    failure: null,
    ...change,
  };
}

export function record(change: Partial<WorkerRecord> = {}): WorkerRecord {
  return { version: 1, worker: 'worker-0', generation: 1, current: null, operation: null, ...change };
}

export function observed(
  instances: readonly InstanceView[],
  records: readonly WorkerRecord[] = [],
  change: Partial<Observed> = {},
): Observed {
  return {
    at: now,
    instances,
    interfaces: [],
    reservations: [],
    nodes: undefined,
    records: new Map(records.map(one => [one.worker, { record: one, etag: '"1"' }])),
    staged: new Map(),
    images: new Map(),
    ...change,
  };
}

export function node(name: string, { instanceId }: InstanceView, change: Partial<NodeView> = {}): NodeView {
  return {
    name,
    uid: `uid-of-${name}`,
    createdAt: now - day,
    unschedulable: false,
    providerId: `aws:///us-east-1a/${instanceId}`,
    systemUuid: undefined,
    kubeletVersion: `v${cluster.versions.kubernetes}`,
    internalIps: [],
    ready: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', since: now - day },
    labels: {},
    ...change,
  };
}
