import type { NodeView } from '../ports/kube.ts';
import { versionOf } from '../spec/resolve.ts';
import type { Boot } from './follow.ts';
import type { Operation } from './record.ts';
import { type Task, warn } from './task.ts';
import { judgeNode, notReadyWords, readyTwice } from './verify-node.ts';
import type { Seen } from './watch.ts';

/** What is known of the new node. `detail`: what was proven, or what is waited for. */
export type NodeProof = {
  readonly proven: boolean;
  readonly nodeUid: string | null;
  readonly detail: string;
  /** How far it came; undefined: the api-server was not asked. */
  readonly kind?: 'unasked' | 'absent' | 'stale' | 'wrong' | 'unhealthy' | 'not-ready';
};

/** Looks whether the Node is that of the new instance, whether its kubelet answers and, where asked for, whether it is Ready. */
export function createNodeProof(task: Task, operation: Operation): (seen: Seen, boot: Boot) => Promise<NodeProof> {
  const { kube, cluster } = task.world;
  const history: NodeView[] = [];
  let deniedSaid = false;

  const kubeletAnswers = async (): Promise<string | undefined> => {
    const answer = await kube?.healthz(task.name);
    if (answer?.kind === 'denied' && !deniedSaid) {
      deniedSaid = true;
      warn(task, 'nodes/proxy is not allowed, so the way from the api-server to the kubelet is not proven.');
    }
    return answer?.kind === 'answer' && answer.text !== 'ok' ? answer.text : undefined;
  };

  return async (seen, { latest }) => {
    if (!seen.nodes) {
      const problem = seen.nodesProblem?.message ?? 'there is no kubeconfig';
      return { proven: false, nodeUid: null, kind: 'unasked', detail: `the api-server does not answer: ${problem}` };
    }
    const node = seen.nodes.get(task.name);
    const verdict = judgeNode(node, {
      oldUid: operation.old?.nodeUid ?? null,
      providerId: providerIdOf(seen, operation),
      systemUuid: latest?.systemUuid,
      kubeletVersion: versionOf(cluster, 'kubelet') ?? '',
      privateIp: task.worker?.privateIp ?? '',
    });
    if (!node || verdict.kind !== 'ok') {
      const kind = verdict.kind === 'ok' ? 'absent' : verdict.kind;
      return { proven: false, nodeUid: null, kind, detail: verdict.reasons.join('; ') };
    }
    history.push(node);
    const unhealthy = await kubeletAnswers();
    const found = { proven: false, nodeUid: node.uid };
    if (unhealthy !== undefined)
      return { ...found, kind: 'unhealthy', detail: `the kubelet’s healthz says ${unhealthy}` };
    if (operation.wait !== 'ready') return { ...found, proven: true, detail: `Node ${node.uid}` };
    if (readyTwice(history)) return { ...found, proven: true, detail: `Node ${node.uid}, Ready` };
    return {
      ...found,
      kind: 'not-ready',
      detail: `not Ready: ${notReadyWords(node) ?? 'seen once, and to be seen again'}`,
    };
  };
}

/** As the cloud provider of AWS, and the boot program, write it. */
function providerIdOf({ instances }: Seen, { instanceId }: Operation): string {
  return `aws:///${instances.get(instanceId ?? '')?.zone ?? ''}/${instanceId}`;
}
