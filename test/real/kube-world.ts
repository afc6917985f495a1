import { CoreV1Api, type KubeConfig, PolicyV1Api, type V1PodStatus } from '@kubernetes/client-node';
import { createKube } from '../../src/adapters/kube/kube.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { NodeName, PodName } from '../../src/ports/kube.ts';
import { type ContractPod, type KubeScene, type KubeWorld, registered } from '../contract/kube.ts';
import { budgetView, type NewBudget } from '../support/kube-budgets.ts';

/** The contract's world on a real api-server, for an operator; what controllers and kubelets would do, `admin` does. */
export function realWorld(admin: KubeConfig, operator: KubeConfig): KubeWorld {
  const core = admin.makeApiClient(CoreV1Api);
  const policy = admin.makeApiClient(PolicyV1Api);
  // Two objects a page, so that every list of three has several.
  const kube = createKube(operator, { pageSize: 2 });
  let scenes = 0;
  const scene = async (): Promise<KubeScene> => {
    const namespace = `scene-${++scenes}`;
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
    const node = await register(core, `node-${scenes}`);
    const budgets: NewBudget[] = [];
    return {
      ...{ kube, clock: systemClock, node, namespace },
      addPod: pod => addPod(core, namespace, node.name, pod),
      addBudget: async budget => {
        budgets.push(budget);
        await policy.createNamespacedPodDisruptionBudget({ namespace, body: budgetOf(budget) });
      },
      settled: async () => {
        const pods = await kube.podsOn(node.name);
        for (const budget of budgets) await writeStatus(policy, namespace, budget, pods);
      },
      ended: () => endPods(core, namespace),
    };
  };
  return { scene };
}

/** A Node as its kubelet leaves it. The name must be new. */
export async function register(core: CoreV1Api, name: string): Promise<NodeName> {
  const instanceId = `i-${name.replace(/\D/g, '').padStart(17, '0')}`;
  const spec = { providerID: `aws:///${registered.zone}/${instanceId}` };
  const node = await core.createNode({ body: { metadata: { name }, spec } });
  const now = new Date().toISOString();
  const status = {
    addresses: [{ type: 'InternalIP', address: registered.ip }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      ...{ systemUUID: registered.uuid, kubeletVersion: registered.version, machineID: '', bootID: '' },
      ...{ architecture: 'amd64', operatingSystem: 'linux', kernelVersion: '', osImage: '', kubeProxyVersion: '' },
      containerRuntimeVersion: 'containerd://2.3.1',
    },
    conditions: [
      {
        ...{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
        ...{ lastHeartbeatTime: now, lastTransitionTime: now },
      },
    ],
  };
  await core.patchNodeStatus({ name, body: [{ op: 'add', path: '/status', value: status }] });
  return { name, uid: node.metadata?.uid ?? '' };
}

async function addPod(core: CoreV1Api, namespace: string, nodeName: string, pod: ContractPod): Promise<PodName> {
  const { name, phase = 'Running', ready = true, controller = 'ReplicaSet', labels = {}, gracePeriod = 30 } = pod;
  const owner = { apiVersion: 'apps/v1', kind: controller ?? '', name: 'owner', uid: 'owner', controller: true };
  const made = await core.createNamespacedPod({
    namespace,
    body: {
      metadata: {
        ...{ name, labels },
        ...(controller === null ? {} : { ownerReferences: [owner] }),
        ...(pod.mirror ? { annotations: { 'kubernetes.io/config.mirror': 'x' } } : {}),
      },
      spec: {
        ...{ nodeName, terminationGracePeriodSeconds: gracePeriod, automountServiceAccountToken: false },
        containers: [{ name: 'main', image: 'none' }],
        volumes: pod.emptyDir ? [{ name: 'data', emptyDir: {} }] : [],
      },
    },
  });
  const status: V1PodStatus = { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  await core.patchNamespacedPodStatus({ namespace, name, body: [{ op: 'add', path: '/status', value: status }] });
  return { namespace, name, uid: made.metadata?.uid ?? '' };
}

function budgetOf(budget: NewBudget) {
  const rule =
    'minAvailable' in budget ? { minAvailable: budget.minAvailable } : { maxUnavailable: budget.maxUnavailable };
  const policy = budget.letsUnreadyGo ? { unhealthyPodEvictionPolicy: 'AlwaysAllow' } : {};
  return {
    metadata: { name: budget.name },
    spec: { ...rule, ...policy, selector: { matchLabels: { ...budget.selector } } },
  };
}

async function writeStatus(
  policy: PolicyV1Api,
  namespace: string,
  budget: NewBudget,
  pods: Parameters<typeof budgetView>[1],
): Promise<void> {
  const view = budgetView({ ...budget, namespace }, pods);
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = view;
  const allowed = disruptionsAllowed > 0;
  const condition = {
    ...{ type: 'DisruptionAllowed', status: allowed ? 'True' : 'False', message: '' },
    ...{ reason: allowed ? 'SufficientPods' : 'InsufficientPods', lastTransitionTime: new Date().toISOString() },
  };
  const counts = { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods };
  const status = { ...counts, observedGeneration: 1, conditions: [condition] };
  const body = [{ op: 'add', path: '/status', value: status }];
  await policy.patchNamespacedPodDisruptionBudgetStatus({ namespace, name: budget.name, body });
}

/** As a kubelet does in the end with every pod that was told to; waits, for a while, until there is one. */
async function endPods(core: CoreV1Api, namespace: string): Promise<void> {
  for (let attempt = 0, ended = 0; attempt < 40; attempt++) {
    const { items } = await core.listNamespacedPod({ namespace });
    const told = items.filter(({ metadata }) => metadata?.deletionTimestamp !== undefined);
    for (const { metadata } of told)
      await core.deleteNamespacedPod({ namespace, name: metadata?.name ?? '', body: { gracePeriodSeconds: 0 } });
    if (told.length === 0 && ended > 0) return;
    ended += told.length;
    await systemClock.sleep(250);
  }
}
