import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { CoreV1Api, PolicyV1Api, RbacAuthorizationV1Api, type V1ClusterRole } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, onTestFinished, test as plain, type TestContext } from 'vitest';
import { clusterRole, clusterRoleHealthz } from '../../src/rollout/iam/cluster-role.ts';
import { deployerName } from '../../src/rollout/iam/names.ts';
import { codeIn, expectText } from '../failures/texts.ts';
import { type FailureWorld, failureWorld } from '../failures/world.ts';
import type { Joining } from '../support/kube-cluster.ts';
import { type KubeLab, kubeNeeds, openKubeLab } from './kube-lab.ts';
import { need } from './lab.ts';

const namespace = 'default';
const here = kubeNeeds.every(({ missing }) => missing() === undefined);
let lab: KubeLab;
let core: CoreV1Api;
let policy: PolicyV1Api;

beforeAll(async () => {
  if (!here) return;
  lab = await openKubeLab();
  lab.sign('operator', deployerName);
  lab.sign('nobody', 'strangers');
  core = lab.as('admin').makeApiClient(CoreV1Api);
  policy = lab.as('admin').makeApiClient(PolicyV1Api);
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
  const rbac = lab.as('admin').makeApiClient(RbacAuthorizationV1Api);
  for (const [role, binding] of [clusterRole, clusterRoleHealthz] as unknown as [V1ClusterRole, never][]) {
    await rbac.createClusterRole({ body: role });
    await rbac.createClusterRoleBinding({ body: binding });
  }
});
afterAll(() => lab?.close());

/** With a real api-server that has no Node. */
function test(name: string, run: () => Promise<void>): void {
  plain(name, async (context: TestContext) => {
    need(context, ...kubeNeeds);
    for (const { metadata } of (await core.listNode()).items) await core.deleteNode({ name: metadata?.name ?? '' });
    await run();
  });
}

/** What of a Node is other than it should be. */
type Oddity = { readonly version?: string; readonly ready?: 'True' | 'False' | 'Unknown'; readonly never?: boolean };

type KubeWorld = FailureWorld & { odd: Oddity; readonly as: (user: string, server?: string) => string };

async function kubeWorld(): Promise<KubeWorld> {
  const joined = (node: Joining) => void world.clock.during(registerNode(node, world.odd));
  const world = (await failureWorld({ quiet: 25, kube: { join: joined } })) as KubeWorld;
  const as = (user: string, server = lab.server) => {
    const name = `${user}.kubeconfig`;
    const text = lab.as(user).exportConfig().replace(lab.server, server);
    writeFileSync(join(world.folder.folder, name), text, { mode: 0o600 });
    return name;
  };
  return Object.assign(world, { odd: {}, as });
}

/** As a kubelet does: the Node that is there is taken over. */
async function registerNode({ name, zone, instanceId, ip, version, uuid }: Joining, odd: Oddity = {}): Promise<void> {
  if (odd.never) return;
  const body = { metadata: { name }, spec: { providerID: `aws:///${zone}/${instanceId}` } };
  await core.createNode({ body }).catch((error: { code?: number }) => {
    if (error.code !== 409) throw error;
  });
  const status = {
    addresses: [{ type: 'InternalIP', address: ip }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      ...{ systemUUID: uuid, kubeletVersion: odd.version ?? `v${version}`, machineID: '', bootID: '' },
      ...{ architecture: 'amd64', operatingSystem: 'linux', kernelVersion: '', osImage: '', kubeProxyVersion: '' },
      containerRuntimeVersion: 'containerd://2.3.1',
    },
    conditions: [readyCondition(odd.ready ?? 'True', new Date())],
  };
  await core.patchNodeStatus({ name, body: [{ op: 'add', path: '/status', value: status }] });
}

function readyCondition(status: 'True' | 'False' | 'Unknown', since: Date) {
  const words = {
    True: ['KubeletReady', 'kubelet is posting ready status'],
    False: ['KubeletNotReady', 'container runtime network not ready: cni plugin not initialized'],
    Unknown: ['NodeStatusUnknown', 'Kubelet stopped posting node status.'],
  };
  const [reason, message] = words[status];
  return { type: 'Ready', status, reason, message, lastHeartbeatTime: since, lastTransitionTime: since };
}

async function setReady(status: 'True' | 'False' | 'Unknown', since = new Date()): Promise<void> {
  const value = [readyCondition(status, since)];
  await core.patchNodeStatus({ name: 'worker-0', body: [{ op: 'replace', path: '/status/conditions', value }] });
}

type PodKind = { readonly owner?: string | null; readonly emptyDir?: boolean; readonly app?: string };

/** Runs on worker-0 and is ready. */
async function addPod(
  name: string,
  { owner = 'ReplicaSet', emptyDir = false, app = name }: PodKind = {},
): Promise<void> {
  const controller = { apiVersion: 'apps/v1', kind: owner ?? '', name: 'owner', uid: 'owner', controller: true };
  const metadata = { name, labels: { app }, ...(owner === null ? {} : { ownerReferences: [controller] }) };
  const spec = {
    nodeName: 'worker-0',
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'none' }],
    volumes: emptyDir ? [{ name: 'data', emptyDir: {} }] : [],
  };
  await core.createNamespacedPod({ namespace, body: { metadata, spec } });
  const value = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await core.patchNamespacedPodStatus({ namespace, name, body: [{ op: 'add', path: '/status', value }] });
  onTestFinished(() => removePod(name));
}

async function removePod(name: string): Promise<void> {
  await core.deleteNamespacedPod({ namespace, name, body: { gracePeriodSeconds: 0 } }).catch(() => {});
}

/** Its status is what the disruption controller would say of two pods that both are needed. */
async function addBudget(name: string): Promise<void> {
  const spec = { minAvailable: 2, selector: { matchLabels: { app: name } } };
  await policy.createNamespacedPodDisruptionBudget({ namespace, body: { metadata: { name }, spec } });
  const value = {
    ...{ disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 },
    observedGeneration: 1,
  };
  const body = [{ op: 'add', path: '/status', value }];
  await policy.patchNamespacedPodDisruptionBudgetStatus({ namespace, name, body });
  onTestFinished(async () => void (await policy.deleteNamespacedPodDisruptionBudget({ namespace, name })));
}

/** Does it again and again as long as the test runs. */
function allTheTime(what: () => Promise<unknown>): void {
  let on = true;
  onTestFinished(() => {
    on = false;
  });
  const loop = async () => {
    while (on) {
      await what().catch(() => {});
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  };
  void loop();
}

/** As kubelets do with pods that were told to end. */
async function endPods(): Promise<void> {
  for (const { metadata } of (await core.listNamespacedPod({ namespace })).items)
    if (metadata?.deletionTimestamp) await removePod(metadata.name ?? '');
}

/** A way to the api-server that can be closed; where it goes. */
async function openDoor(): Promise<{ readonly server: string; readonly close: () => void }> {
  const open = new Set<net.Socket>();
  const door = net.createServer(outer => {
    const inner = net.connect(Number(new URL(lab.server).port), '127.0.0.1');
    for (const socket of [outer, inner]) open.add(socket.on('error', () => {}));
    outer.pipe(inner).pipe(outer);
  });
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  const close = () => {
    door.close();
    for (const socket of open) socket.destroy();
  };
  onTestFinished(close);
  return { server: `https://127.0.0.1:${(door.address() as net.AddressInfo).port}`, close };
}

const applying = (kubeconfig: string, ...more: readonly string[]) => [
  ...['apply', '--yes', '--kubeconfig', kubeconfig, '--run-id', 'ci-1'],
  ...more,
];

/** Tells it in words (the golden text) and as one JSON document. */
async function expectFailure(world: KubeWorld, name: string, argv: readonly string[], code: string): Promise<void> {
  const told = await world.run(...argv);
  expect(told.code, told.err).toBe(1);
  await expectText(name, argv, told);
  const again = await world.run(...argv, '--json');
  expect([again.code, codeIn(again)]).toEqual([1, code]);
  expect(world.cloud.violations()).toEqual([]);
  expect(await world.cloud.store().get('state/from-scratch/lock.json')).toBeUndefined();
}

async function running(): Promise<KubeWorld> {
  const world = await kubeWorld();
  const told = await world.run(...applying(world.as('operator')));
  expect(told.code, told.err).toBe(0);
  return world;
}

/** It runs, and the spec says something else by now. */
async function drifted(): Promise<KubeWorld> {
  const world = await running();
  world.folder.spec(spec => {
    spec.kubelet = { config: { maxPods: 42 } };
  });
  return world;
}

/** The old instance and its Node are as they were, and the Node takes pods. */
async function expectUntouched(world: KubeWorld, instanceId: string | undefined): Promise<void> {
  expect(world.cloud.ec2.machines().map(one => one.instanceId)).toEqual([instanceId]);
  const { spec } = await core.readNode({ name: 'worker-0' });
  expect([spec?.providerID, spec?.unschedulable]).toEqual([`aws:///us-east-1a/${instanceId}`, undefined]);
}

const instanceOf = (world: KubeWorld) => world.cloud.ec2.machines()[0]?.instanceId;
const stale: Joining = {
  ...{ name: 'worker-0', zone: 'us-east-1a', instanceId: 'i-00000000000000abc', ip: '10.0.1.20' },
  ...{ version: '1.30.0', uuid: 'EC2ABCDE-0000' },
};

test('37: a Node that a dead machine left is deleted, and a new one proves the worker', async () => {
  const world = await kubeWorld();
  await registerNode(stale, { ready: 'Unknown' });
  const before = await core.readNode({ name: 'worker-0' });
  expect((await world.run(...applying(world.as('operator')))).code).toBe(0);
  const after = await core.readNode({ name: 'worker-0' });
  expect(after.metadata?.uid).not.toBe(before.metadata?.uid);
  expect(after.spec?.providerID).toBe(`aws:///us-east-1a/${instanceOf(world)}`);
});

test('37: a Node of another kubelet’s version proves nothing', async () => {
  const world = await kubeWorld();
  world.odd = { version: 'v1.30.0' };
  const argv = applying(world.as('operator'), '--timeout', '2m');
  await expectFailure(world, '37-node-wrong', argv, 'VERIFY_NODE_WRONG');
  expect(await world.staged()).toBe(0);
});

test('39: a kubelet that does not register', async () => {
  const world = await kubeWorld();
  world.odd = { never: true };
  world.boot = () => ({ kind: 'hangs', phase: 'health' });
  const argv = applying(world.as('operator'), '--timeout', '2m');
  await expectFailure(world, '39-not-registered', argv, 'VERIFY_NOT_REGISTERED');
  expect(await world.staged()).toBe(0);
});

test('39: an api-server that is away at the start, or not the operator’s to ask', async () => {
  const world = await kubeWorld();
  const { server, close } = await openDoor();
  close();
  const told = await world.run(...applying(world.as('operator', server)));
  expect([told.code, told.err]).toEqual([1, expect.stringContaining('CALL_UNANSWERED')]);
  expect(told.err).toContain('ECONNREFUSED');
  const denied = await world.run(...applying(world.as('nobody')), '--json');
  expect([denied.code, codeIn(denied)]).toEqual([1, 'CALL_DENIED']);
  expect(world.cloud.ec2.machines()).toEqual([]);
});

test('39: an api-server that goes away in the middle gives nothing up, and the next apply proves the same instance', async () => {
  const world = await kubeWorld();
  const { server, close } = await openDoor();
  world.cloud.ec2.onLaunched(close);
  const told = await world.run(...applying(world.as('operator', server), '--timeout', '2m'));
  expect([told.code, told.out]).toEqual([1, expect.stringContaining('VERIFY_UNASKED')]);
  const instanceId = instanceOf(world);
  const again = await world.run(...applying(world.as('operator')));
  expect([again.code, again.out]).toEqual([0, '1 launched.\n']);
  expect(instanceOf(world)).toBe(instanceId);
});

test('40: a Node that flaps is never taken as Ready', async () => {
  const world = await kubeWorld();
  let seconds = 0;
  const flap = () => setReady('True', new Date(Date.UTC(2026, 0, 1) + ++seconds * 1000)).catch(() => {});
  // Between two looks somebody sleeps.
  const { sleep } = world.clock;
  const flapping: typeof sleep = async (milliseconds, signal) => {
    await world.clock.during(flap());
    return sleep(milliseconds, signal);
  };
  Object.assign(world.clock, { sleep: flapping });
  const argv = applying(world.as('operator'), '--wait', 'ready', '--timeout', '90s');
  await expectFailure(world, '40-flapping', argv, 'VERIFY_NOT_READY');
});

test('40: a Node that stays Ready is taken as such, and only then', async () => {
  const world = await kubeWorld();
  const told = await world.run(...applying(world.as('operator'), '--wait', 'ready'));
  expect([told.code, told.out], told.err).toEqual([0, '1 launched.\n']);
  expect(told.err).toMatch(/Node \S+, Ready/);
});

test('40: a Node that is not Ready: the kubelet’s reason', async () => {
  const world = await kubeWorld();
  world.odd = { ready: 'False' };
  const argv = applying(world.as('operator'), '--wait', 'ready', '--timeout', '2m');
  await expectFailure(world, '40-not-ready', argv, 'VERIFY_NOT_READY');
});

test('41: a budget blocks the drain: pod, budget and arithmetic; nothing is terminated, the node takes pods again', async () => {
  const world = await drifted();
  const instanceId = instanceOf(world);
  for (const name of ['web-0', 'web-1']) await addPod(name, { app: 'web' });
  await addBudget('web');
  const argv = applying(world.as('operator'), '--drain-timeout', '1m');
  await expectFailure(world, '41-budget', argv, 'DRAIN_FAILED');
  await expectUntouched(world, instanceId);
});

test('42: DaemonSet pods, bare pods and emptyDir each need their option; with all of them the drain is done', async () => {
  const world = await drifted();
  const instanceId = instanceOf(world);
  await addPod('bare', { owner: null });
  await addPod('scratch', { emptyDir: true });
  await addPod('cni', { owner: 'DaemonSet' });
  const argv = applying(world.as('operator'));
  await expectFailure(world, '42-pods', argv, 'DRAIN_FAILED');
  await expectUntouched(world, instanceId);
  allTheTime(endPods);
  const told = await world.run(...argv, '--force', '--delete-emptydir-data', '--ignore-daemonsets');
  expect([told.code, told.out], told.err).toEqual([0, '1 replaced.\n']);
  expect(told.err).not.toContain('blocked now');
  await world.clock.sleep(60_000);
  await expectUntouched(world, instanceOf(world));
});

test('42: a kubelet that is not heard of', async () => {
  const world = await drifted();
  const instanceId = instanceOf(world);
  await addPod('web-0');
  await setReady('Unknown');
  const told = await world.run(...applying(world.as('operator'), '--drain-timeout', '1m'));
  expect([told.code, told.out]).toEqual([1, expect.stringContaining('DRAIN_FAILED')]);
  await expectUntouched(world, instanceId);
});

test('44: the new node fails: its console is kept, it is terminated, and the next apply makes another', async () => {
  const world = await drifted();
  world.boot = () => ({ kind: 'fails', phase: 'health', code: 'BOOT_HEALTH', cause: 'no healthz in 120 s' });
  const argv = applying(world.as('operator'));
  await expectFailure(world, '44-new-node-fails-kube', argv, 'VERIFY_BOOT_FAILED');
  await world.clock.sleep(90_000);
  expect([world.cloud.ec2.machines(), (await core.listNode()).items]).toEqual([[], []]);
  expect(await world.cloud.store().list('state/from-scratch/evidence/worker-0/')).toHaveLength(2);
  world.mend();
  expect((await world.run(...argv)).code).toBe(0);
  await expectUntouched(world, instanceOf(world));
  expect(await world.staged()).toBe(0);
});
