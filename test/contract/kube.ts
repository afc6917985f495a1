import { expect } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import type { Kube, NodeName, PodName, PodView } from '../../src/ports/kube.ts';
import { drain } from '../../src/rollout/drain.ts';
import type { NewBudget } from '../support/kube-budgets.ts';
import { type Behaviour, refusal } from './contract.ts';

export type ContractPod = {
  readonly name: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded';
  readonly ready?: boolean;
  /** Null: a bare pod. */
  readonly controller?: string | null;
  readonly mirror?: boolean;
  readonly emptyDir?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly gracePeriod?: number;
};

/** A Node that registered, and a namespace, of one behaviour alone. */
export type KubeScene = {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly node: NodeName;
  readonly namespace: string;
  /** A pod on the node. */
  readonly addPod: (pod: ContractPod) => Promise<PodName>;
  readonly addBudget: (budget: NewBudget) => Promise<void>;
  /** The disruption controller has seen what happened last. */
  readonly settled: () => Promise<void>;
  /** The kubelet has ended every pod that was told to end. */
  readonly ended: () => Promise<void>;
};

export type KubeWorld = {
  readonly scene: () => Promise<KubeScene>;
};

/** As the world’s kubelets register. */
export const registered = { zone: 'us-east-1a', ip: '10.0.1.20', version: 'v1.36.1', uuid: 'EC2D2F1A-0000' } as const;
const web = { app: 'web' };
const nobody = '00000000-0000-4000-8000-ffffffffffff';

const drainOptions = { timeout: 60_000, deleteEmptyDirData: false, ignoreDaemonSets: false, force: false };

/** What src/ports/kube.ts promises, for the in-memory api-server and a real one. */
export const kubeContract: readonly Behaviour<KubeWorld>[] = [
  behaves('a Node is read by its name, with all that a proof asks for', async ({ kube, node }) => {
    const view = await kube.node(node.name);
    expect(view).toMatchObject({
      ...node,
      unschedulable: false,
      providerId: expect.stringMatching(/^aws:\/\/\/us-east-1a\/i-[0-9a-f]+$/),
      systemUuid: registered.uuid,
      kubeletVersion: registered.version,
      internalIps: [registered.ip],
      ready: { status: 'True', reason: 'KubeletReady' },
    });
    expect(view?.createdAt).toBeGreaterThan(1.6e12);
    expect(view?.ready.since).toBeGreaterThan(1.6e12);
    expect(await kube.nodes()).toContainEqual(view);
  }),
  behaves('a Node that is not there is undefined', async ({ kube }) => {
    expect(await kube.node('nobody')).toBeUndefined();
  }),
  behaves('a Node is cordoned and uncordoned, twice alike', async ({ kube, node }) => {
    for (const unschedulable of [true, true, false, false]) {
      await kube.setUnschedulable(node, unschedulable);
      expect((await kube.node(node.name))?.unschedulable).toBe(unschedulable);
    }
  }),
  behaves('to cordon a Node of another UID is a Conflict and changes nothing', async ({ kube, node }) => {
    expect(await refusal(kube.setUnschedulable({ ...node, uid: nobody }, true))).toEqual({
      code: 'Conflict',
      status: 409,
    });
    expect((await kube.node(node.name))?.unschedulable).toBe(false);
  }),
  behaves('to cordon a Node that is not there is NotFound', async ({ kube }) => {
    expect(await refusal(kube.setUnschedulable({ name: 'nobody', uid: nobody }, true))).toEqual({
      code: 'NotFound',
      status: 404,
    });
  }),
  behaves('a Node is deleted by its UID alone, and twice alike', async ({ kube, node }) => {
    await kube.deleteNode({ ...node, uid: nobody });
    expect((await kube.node(node.name))?.uid).toBe(node.uid);
    await kube.deleteNode(node);
    expect(await kube.node(node.name)).toBeUndefined();
    await kube.deleteNode(node);
  }),
  behaves('pods on a node are listed with all that a drain decides by', async scene => {
    const { kube, node, namespace, addPod } = scene;
    await addPod({ name: 'web', labels: web, emptyDir: true, gracePeriod: 7 });
    await addPod({ name: 'bare', controller: null, ready: false });
    await addPod({ name: 'proxy', controller: 'DaemonSet' });
    await addPod({ name: 'static', controller: null, mirror: true });
    await addPod({ name: 'job', controller: 'Job', phase: 'Succeeded', ready: false });
    await addPod({ name: 'fresh', phase: 'Pending', ready: false });
    const pods = await kube.podsOn(node.name);
    const seen = pods.map(({ uid, ...rest }) => rest).sort((a, b) => a.name.localeCompare(b.name));
    const usual: Omit<PodView, 'uid'> = {
      namespace,
      name: '',
      phase: 'Running',
      ready: true,
      deleting: false,
      controller: 'ReplicaSet',
      mirror: false,
      emptyDir: false,
      labels: {},
      gracePeriod: 30,
    };
    expect(seen).toEqual([
      { ...usual, name: 'bare', controller: undefined, ready: false },
      { ...usual, name: 'fresh', phase: 'Pending', ready: false },
      { ...usual, name: 'job', controller: 'Job', phase: 'Succeeded', ready: false },
      { ...usual, name: 'proxy', controller: 'DaemonSet' },
      { ...usual, name: 'static', controller: undefined, mirror: true },
      { ...usual, name: 'web', labels: web, emptyDir: true, gracePeriod: 7 },
    ]);
    expect(new Set(pods.map(({ uid }) => uid)).size).toBe(6);
    expect(await kube.podsOn('nobody')).toEqual([]);
  }),
  behaves('an evicted pod ends within its grace period, and is gone then', async scene => {
    const { kube, node, addPod, ended } = scene;
    const pod = await addPod({ name: 'web', controller: null });
    expect(await kube.evict(pod)).toBe('evicted');
    expect(await kube.podsOn(node.name)).toMatchObject([{ ...pod, deleting: true, gracePeriod: 30 }]);
    expect(await kube.evict(pod)).toBe('evicted');
    await ended();
    expect(await kube.podsOn(node.name)).toEqual([]);
    expect(await kube.evict(pod)).toBe('gone');
  }),
  behaves('a pod of another UID is left alone', async ({ kube, node, addPod }) => {
    const pod = await addPod({ name: 'web' });
    expect(await kube.evict({ ...pod, uid: nobody })).toBe('gone');
    expect(await kube.podsOn(node.name)).toMatchObject([{ ...pod, deleting: false }]);
  }),
  behaves('a finished pod goes at once', async ({ kube, node, addPod }) => {
    const pod = await addPod({ name: 'job', controller: 'Job', phase: 'Succeeded', ready: false });
    expect(await kube.evict(pod)).toBe('evicted');
    expect(await kube.podsOn(node.name)).toEqual([]);
  }),
  behaves('a budget is read with its arithmetic', async ({ kube, namespace, addPod, addBudget, settled }) => {
    for (const name of ['a', 'b', 'c']) await addPod({ name, labels: web, ready: name !== 'c' });
    await addBudget({ name: 'least', selector: web, minAvailable: 2 });
    await addBudget({ name: 'most', selector: {}, maxUnavailable: '50%', letsUnreadyGo: true });
    await settled();
    const budgets = (await kube.disruptionBudgets()).filter(one => one.namespace === namespace);
    expect(budgets.map(({ selects, ...rest }) => rest)).toEqual([
      {
        ...{ namespace, name: 'least', rule: 'minAvailable 2', letsUnreadyGo: false },
        ...{ disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 3 },
      },
      {
        ...{ namespace, name: 'most', rule: 'maxUnavailable 50%', letsUnreadyGo: true },
        ...{ disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 3 },
      },
    ]);
    const selected = (labels: Readonly<Record<string, string>>) => budgets.map(({ selects }) => selects(labels));
    expect([selected(web), selected({ app: 'db' }), selected({})]).toEqual([
      [true, true],
      [false, true],
      [false, true],
    ]);
  }),
  behaves('a budget lets go as many as it can spare', async ({ kube, node, addPod, addBudget, settled }) => {
    const first = await addPod({ name: 'a', labels: web });
    const second = await addPod({ name: 'b', labels: web });
    await addBudget({ name: 'least', selector: web, minAvailable: 1 });
    await settled();
    expect(await kube.evict(first)).toBe('evicted');
    await settled();
    expect(await kube.evict(second)).toEqual({
      blocked: 'The disruption budget least needs 1 healthy pods and has 1 currently',
      retryAfter: undefined,
    });
    expect((await kube.podsOn(node.name)).find(({ name }) => name === 'b')?.deleting).toBe(false);
  }),
  behaves('a pod that never ran, or is ending, asks no budget', async ({ kube, addPod, addBudget, settled }) => {
    const fresh = await addPod({ name: 'fresh', labels: web, phase: 'Pending', ready: false });
    await addBudget({ name: 'least', selector: web, minAvailable: 1 });
    await settled();
    expect(await kube.evict(fresh)).toBe('evicted');
    expect(await kube.evict(fresh)).toMatch(/^(evicted|gone)$/);
  }),
  behaves('a pod that is not ready may go where the ready ones suffice', async scene => {
    const { kube, addPod, addBudget, settled } = scene;
    await addPod({ name: 'a', labels: web });
    const sick = await addPod({ name: 'b', labels: web, ready: false });
    await addBudget({ name: 'least', selector: web, minAvailable: 1 });
    await settled();
    expect(await kube.evict(sick)).toBe('evicted');
  }),
  behaves('where they do not suffice, the budget’s own policy decides', async scene => {
    const { kube, addPod, addBudget, settled } = scene;
    const kept = await addPod({ name: 'a', labels: { app: 'kept' }, ready: false });
    const let_ = await addPod({ name: 'b', labels: { app: 'let' }, ready: false });
    await addBudget({ name: 'kept', selector: { app: 'kept' }, minAvailable: 1 });
    await addBudget({ name: 'let', selector: { app: 'let' }, minAvailable: 1, letsUnreadyGo: true });
    await settled();
    expect(await kube.evict(kept)).toMatchObject({ blocked: expect.stringContaining('kept') });
    expect(await kube.evict(let_)).toBe('evicted');
  }),
  behaves('a pod that several budgets select is never evicted', async ({ kube, addPod, addBudget, settled }) => {
    const pod = await addPod({ name: 'a', labels: web });
    await addBudget({ name: 'one', selector: web, minAvailable: 0 });
    await addBudget({ name: 'two', selector: {}, minAvailable: 0 });
    await settled();
    expect(await kube.evict(pod)).toEqual({ refused: expect.stringContaining('more than one PodDisruptionBudget') });
  }),
  behaves('who may do all this lacks no right', async ({ kube }) => {
    expect(await kube.missingRights()).toEqual([]);
  }),
  behaves('the kubelet’s healthz comes through the proxy', async ({ kube, node }) => {
    expect(await kube.healthz(node.name)).toEqual({ kind: 'answer', text: 'ok' });
    expect(await refusal(kube.healthz('nobody'))).toEqual({ code: 'NotFound', status: 404 });
  }),
  behaves('a node is drained, but for what stays by design', async scene => {
    const { kube, clock, node, addPod, addBudget, settled } = scene;
    for (const name of ['a', 'b']) await addPod({ name, labels: web, gracePeriod: 1 });
    await addPod({ name: 'proxy', controller: 'DaemonSet' });
    await addPod({ name: 'static', controller: null, mirror: true });
    await addBudget({ name: 'least', selector: web, maxUnavailable: 2 });
    await settled();
    await kube.setUnschedulable(node, true);
    const options = { ...drainOptions, ignoreDaemonSets: true };
    const [outcome] = await Promise.all([drain(kube, clock, node, options, () => {}), scene.ended()]);
    expect(outcome).toEqual({ kind: 'done', evicted: 2 });
    expect((await kube.podsOn(node.name)).map(({ name }) => name).sort()).toEqual(['proxy', 'static']);
  }),
  behaves('a drain that a budget blocks ends with its arithmetic', async scene => {
    const { kube, clock, node, namespace, addPod, addBudget, settled } = scene;
    for (const name of ['web-0', 'web-1']) await addPod({ name, labels: web });
    await addBudget({ name: 'web', selector: web, minAvailable: 2 });
    await settled();
    await kube.setUnschedulable(node, true);
    const outcome = await drain(kube, clock, node, { ...drainOptions, timeout: 1 }, () => {});
    const why = `PDB ${namespace}/web (minAvailable 2) allows 0 disruptions: 2 healthy of 2 wanted, 2 expected`;
    expect(outcome).toEqual({
      kind: 'failed',
      reasons: [`${namespace}/web-0, ${namespace}/web-1 cannot be evicted: ${why}`],
    });
  }),
];

function behaves(name: string, run: (scene: KubeScene) => Promise<void>): Behaviour<KubeWorld> {
  return { name, run: async world => run(await world.scene()) };
}
