import { setTimeout as pass } from 'node:timers/promises';
import { CoreV1Api, type V1Node } from '@kubernetes/client-node';
import type { KubeLab } from '../real/kube-lab.ts';
import type { Joining } from '../support/kube-cluster.ts';

/** What kubelets do on a real api-server, and what the tests set up and look at there. */
export type Nodes = {
  /** A Node of this name is registered, or the one that is there is brought up to date, as a kubelet does. Gives its UID. */
  readonly register: (node: Joining) => Promise<string>;
  /** A pod of a ReplicaSet on the node, which is gone as soon as it is evicted. */
  readonly addPod: (node: string) => Promise<void>;
  readonly look: () => Promise<readonly SeenNode[]>;
  /** Removes the Nodes and the pods. */
  readonly clear: () => Promise<void>;
};

export type SeenNode = Joining & { readonly uid: string; readonly unschedulable: boolean };

/** Of these workers alone: others share the api-server. */
export async function openNodes(lab: KubeLab, workers: readonly string[]): Promise<Nodes> {
  const core = lab.as('admin').makeApiClient(CoreV1Api);
  const namespace = `kill-${workers[0]}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
  const of = (node: V1Node) => workers.includes(node.metadata?.name ?? '');
  const nodes = async () => (await core.listNode()).items.filter(of);
  const pods = async () => (await core.listNamespacedPod({ namespace })).items;
  return {
    register: node => register(core, node),
    addPod: async node => {
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'owner', controller: true };
      await core.createNamespacedPod({
        namespace,
        body: {
          metadata: { name: `web-${node}`, ownerReferences: [owner] },
          spec: {
            ...{ nodeName: node, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
            containers: [{ name: 'main', image: 'none' }],
          },
        },
      });
    },
    look: async () => (await nodes()).map(seenOf),
    clear: async () => {
      for (const { metadata } of await pods())
        await absent(
          core.deleteNamespacedPod({ namespace, name: metadata?.name ?? '', body: { gracePeriodSeconds: 0 } }),
        );
      for (const { metadata } of await nodes()) await absent(core.deleteNode({ name: metadata?.name ?? '' }));
    },
  };
}

function seenOf({ metadata, spec, status }: V1Node): SeenNode {
  const [zone = '', instanceId = ''] = (spec?.providerID ?? '').split('/').slice(-2);
  return {
    ...{ name: metadata?.name ?? '', uid: metadata?.uid ?? '', unschedulable: spec?.unschedulable === true },
    ...{ zone, instanceId, ip: status?.addresses?.[0]?.address ?? '', uuid: status?.nodeInfo?.systemUUID ?? '' },
    version: (status?.nodeInfo?.kubeletVersion ?? '').replace('v', ''),
  };
}

async function register(core: CoreV1Api, { name, zone, instanceId, ip, uuid, version }: Joining): Promise<string> {
  const spec = { providerID: `aws:///${zone}/${instanceId}` };
  const made = await unlessThere(core.createNode({ body: { metadata: { name }, spec } }));
  const node = made ?? (await core.readNode({ name }));
  const now = new Date().toISOString();
  const status = {
    addresses: [{ type: 'InternalIP', address: ip }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      ...{ systemUUID: uuid, kubeletVersion: `v${version}`, machineID: '', bootID: '', architecture: 'amd64' },
      ...{ operatingSystem: 'linux', kernelVersion: '', osImage: '', kubeProxyVersion: '' },
      containerRuntimeVersion: 'containerd://2.3.1',
    },
    conditions: [
      {
        ...{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' },
        ...{ lastHeartbeatTime: now, lastTransitionTime: now },
      },
    ],
  };
  await core.patchNodeStatus({ name, body: [{ op: 'add', path: '/status', value: status }] });
  return node.metadata?.uid ?? '';
}

async function unlessThere<R>(call: Promise<R>): Promise<R | undefined> {
  return unless(409, call);
}

async function absent(call: Promise<unknown>): Promise<void> {
  await unless(404, call);
}

async function unless<R>(code: number, call: Promise<R>): Promise<R | undefined> {
  try {
    return await call;
  } catch (error) {
    if ((error as { code?: unknown }).code !== code) throw error;
    return undefined;
  }
}

/** The authorizer of an api-server hears of a new role a moment later. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return;
    await pass(50);
  }
  throw new Error('it did not come about');
}
