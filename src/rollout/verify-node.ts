import type { NodeView } from '../ports/kube.ts';

/** What the Node of a new instance must say of itself. */
export type ExpectedNode = {
  /** UID of the Node that was there before; null: none was. */
  readonly oldUid: string | null;
  /** `aws:///<zone>/<instance id>`. */
  readonly providerId: string;
  /** As the boot report gave it; undefined: none was read. */
  readonly systemUuid: string | undefined;
  /** With or without the “v”. */
  readonly kubeletVersion: string;
  readonly privateIp: string;
};

/**
 * `absent`: no Node of the name. `stale`: the one that was there before, or of another instance. `wrong`: registered in place of
 * it, but not as it should. Reasons are clauses without capital and full stop, each with the two values that disagree.
 */
export type NodeVerdict = { readonly kind: 'absent' | 'stale' | 'wrong' | 'ok'; readonly reasons: readonly string[] };

export function judgeNode(node: NodeView | undefined, expected: ExpectedNode): NodeVerdict {
  if (node === undefined) return { kind: 'absent', reasons: ['no Node of this name is registered'] };
  if (node.uid === expected.oldUid)
    return { kind: 'stale', reasons: [`Node ${node.name} is still the old one, UID ${node.uid}`] };
  const other = providerMismatch(node, expected);
  if (other !== undefined) return { kind: node.providerId === undefined ? 'wrong' : 'stale', reasons: [other] };
  const reasons = [uuidMismatch(node, expected), versionMismatch(node, expected), addressMismatch(node, expected)];
  const wrong = reasons.filter(reason => reason !== undefined);
  return wrong.length > 0 ? { kind: 'wrong', reasons: wrong } : { kind: 'ok', reasons: [] };
}

function providerMismatch({ name, providerId }: NodeView, expected: ExpectedNode): string | undefined {
  if (providerId === expected.providerId) return undefined;
  if (providerId === undefined) return `Node ${name} has no providerID, not ${expected.providerId}`;
  const [other, own] = [instanceOf(providerId), instanceOf(expected.providerId)];
  return other === own
    ? `Node ${name} has the providerID ${providerId}, not ${expected.providerId}`
    : `Node ${name} is that of ${other}, not of ${own}`;
}

/** Kubelets read it from the firmware, in the case that it has there. */
function uuidMismatch({ systemUuid }: NodeView, expected: ExpectedNode): string | undefined {
  if (expected.systemUuid === undefined || systemUuid?.toLowerCase() === expected.systemUuid.toLowerCase())
    return undefined;
  return `its systemUUID is ${systemUuid ?? 'missing'}, and ${expected.systemUuid} in the boot report`;
}

function versionMismatch({ kubeletVersion }: NodeView, expected: ExpectedNode): string | undefined {
  const wanted = `v${expected.kubeletVersion.replace(/^v/, '')}`;
  return kubeletVersion === wanted ? undefined : `its kubelet is ${kubeletVersion}, not ${wanted}`;
}

function addressMismatch({ internalIps }: NodeView, { privateIp }: ExpectedNode): string | undefined {
  if (internalIps.includes(privateIp)) return undefined;
  return `its InternalIP is ${internalIps.join(', ') || 'missing'}, not ${privateIp}`;
}

const instanceOf = (providerId: string): string => providerId.slice(providerId.lastIndexOf('/') + 1);

/**
 * Ready twice in a row, so that a flapping Node does not count: the last two looks found the same Node Ready, and it was Ready all
 * the time between them. `history`: oldest first.
 */
export function readyTwice(history: readonly Pick<NodeView, 'uid' | 'ready'>[]): boolean {
  const [before, last] = history.slice(-2);
  if (before === undefined || last === undefined || before.uid !== last.uid) return false;
  return before.ready.status === 'True' && last.ready.status === 'True' && before.ready.since === last.ready.since;
}

/** Why a Node is not Ready, as its kubelet or the node controller says it: “NetworkPluginNotReady: cni plugin not initialized”. */
export function notReadyWords({ ready }: Pick<NodeView, 'ready'>): string | undefined {
  if (ready.status === 'True') return undefined;
  // The kubelet’s own words are long: the reason and message of the innermost cause say it.
  const inner = /\breason:(\S+) message:(.*)$/.exec(ready.message);
  const message = (inner?.[2] ?? ready.message).replace(/^Network plugin returns error: /, '').replace(/\.?\s*$/, '');
  const reason = inner?.[1] ?? ready.reason;
  return message === '' ? reason : `${reason}: ${message}`;
}
