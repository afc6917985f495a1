import type { Machines } from './machine.ts';
import type { Vpc } from './vpc.ts';
import { until } from './wait.ts';

type Condition = { readonly type: string; readonly status: string; readonly reason: string; readonly message: string };

/** What the api-server has of a Node, as far as the tests ask. */
export type Node = {
  readonly spec: { readonly providerID?: string };
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly conditions: readonly Condition[];
    readonly nodeInfo: { readonly kubeletVersion: string; readonly containerRuntimeVersion: string };
  };
};

export function readNode(vpc: Vpc, worker: string): Node {
  return JSON.parse(vpc.kubectl('get', 'node', worker, '-o', 'json')) as Node;
}

/** What a worker must be registered as. */
export function describeNode({ spec, status }: Node) {
  const address = (type: string) => status.addresses.filter(one => one.type === type).map(one => one.address);
  return {
    kubelet: status.nodeInfo.kubeletVersion,
    runtime: status.nodeInfo.containerRuntimeVersion,
    internalIp: address('InternalIP'),
    hostname: address('Hostname'),
    providerId: spec.providerID,
  };
}

export function expectedNode(worker: string, ip: string, instanceId: string): ReturnType<typeof describeNode> {
  return {
    kubelet: 'v1.36.1',
    runtime: 'containerd://2.3.1',
    internalIp: [ip],
    hostname: [worker],
    providerId: `aws:///us-east-1a/${instanceId}`,
  };
}

/** Waits for a Node to be Ready, or not to be, and tells what the kubelet says of it. */
export async function readiness(vpc: Vpc, worker: string, status: 'True' | 'False', seconds = 60): Promise<string> {
  return until(`${worker}: Ready=${status}`, seconds, () => {
    const ready = readNode(vpc, worker).status.conditions.find(({ type }) => type === 'Ready');
    return ready?.status === status && ready.message;
  });
}

/** The instance that the boot program says it ran on. */
export function instanceIdOf(machines: Machines, worker: string): string {
  const done = machines.events(worker).find(({ phase, status }) => phase === 'done' && status === 'ok');
  return String((done as { readonly instanceId?: string } | undefined)?.instanceId);
}

/** The status code of the kubelet's answer to someone without a certificate. */
export function askAnonymously(vpc: Vpc, ip: string, path: string): string {
  const curl = ['curl', '-sk', '-o', '/dev/null', '-m', '10', '-w', '%{http_code}'];
  return vpc.inside([...curl, `https://${ip}:10250${path}`]).stdout;
}

/** For the reader of the log alone: how long it took is not asserted. */
export function printTimes(machines: Machines, worker: string, what: string): void {
  const times = machines.events(worker).filter(({ status }) => status === 'ok');
  console.log(
    `${what}: ${worker}: ${times.map(({ phase, t }) => `${phase} ${Math.round(t)}`).join(', ')} s since kernel start`,
  );
}
