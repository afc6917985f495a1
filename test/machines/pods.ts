import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../real/cluster.ts';
import { labImages } from './images.ts';
import type { Vpc } from './vpc.ts';
import { until } from './wait.ts';

type Pod = {
  readonly name: string;
  readonly node: string;
  readonly script: string;
  /** Folders of the node, by their path in the pod. */
  readonly mounts?: Readonly<Record<string, { readonly path: string; readonly readOnly: boolean }>>;
  /** Namespaces of the node that it runs in: with its network a pod needs no CNI. */
  readonly shares?: { readonly hostNetwork?: true; readonly hostPID?: true };
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs a script in a pod bound to a node, to its end; returns its log (as `kubectl logs` gives it) and its address. */
export async function runPod(vpc: Vpc, pod: Pod): Promise<{ readonly log: string; readonly ip: string }> {
  const file = join(newFolder('pod'), 'pod.json');
  writeFileSync(file, JSON.stringify(manifestOf(pod)));
  vpc.kubectl('create', '-f', file);
  const read = () => JSON.parse(vpc.kubectl('get', 'pod', pod.name, '-o', 'json'));
  try {
    const status = await until(`pod ${pod.name}`, 120, () => {
      const found = read().status;
      return (found.phase === 'Succeeded' || found.phase === 'Failed') && found;
    });
    const log = vpc.kubectl('logs', pod.name);
    if (status.phase !== 'Succeeded') throw new Error(`pod ${pod.name} failed: ${log}`);
    return { log, ip: status.podIP };
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${JSON.stringify(read().status, null, 1)}`, { cause: error });
  }
}

function manifestOf({ name, node, script, mounts = {}, shares = {}, env = {} }: Pod) {
  const entries = Object.entries(mounts).map(([mountPath, mount], index) => ({
    mountPath,
    name: `v${index}`,
    ...mount,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      ...shares,
      containers: [
        {
          name: 'script',
          image: labImages.busybox,
          imagePullPolicy: 'Never',
          command: ['/bin/sh', '-c', script],
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          volumeMounts: entries.map(({ mountPath, name: volume, readOnly }) => ({ mountPath, name: volume, readOnly })),
        },
      ],
      volumes: entries.map(({ name: volume, path }) => ({
        name: volume,
        hostPath: { path, type: 'DirectoryOrCreate' },
      })),
    },
  };
}

/** No controller manager runs here, which makes the account that every pod of a namespace has. */
export function makeServiceAccount(vpc: Vpc): void {
  vpc.kubectl('create', 'serviceaccount', 'default');
}

const podNetwork = {
  cniVersion: '1.0.0',
  name: 'lab',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.200.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
};

/** Puts a CNI configuration in, as network plugins do: a pod on the node's network writes it through a hostPath. */
export async function configureNetwork(vpc: Vpc, node: string): Promise<void> {
  const script = 'echo "$NETWORK" >/cni/.10-lab && mv /cni/.10-lab /cni/10-lab.conflist';
  const mounts = { '/cni': { path: '/etc/cni/net.d', readOnly: false } };
  const env = { NETWORK: JSON.stringify(podNetwork) };
  await runPod(vpc, { name: `network-${node}`, node, script, mounts, shares: { hostNetwork: true }, env });
}
