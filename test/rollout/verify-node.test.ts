import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeView } from '../../src/ports/kube.ts';
import { type ExpectedNode, judgeNode, notReadyWords, readyTwice } from '../../src/rollout/verify-node.ts';

const ready = { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', since: 1 } as const;
const node: NodeView = {
  ...{ name: 'worker-0', uid: 'new', createdAt: 1, unschedulable: false, labels: {}, ready },
  ...{ providerId: 'aws:///us-east-1a/i-new', systemUuid: 'ec2d2f1a-0000-4000-8000-000000000001' },
  ...{ kubeletVersion: 'v1.36.1', internalIps: ['10.0.1.20'] },
};
const expected: ExpectedNode = {
  ...{ oldUid: 'old', providerId: 'aws:///us-east-1a/i-new', systemUuid: 'EC2D2F1A-0000-4000-8000-000000000001' },
  ...{ kubeletVersion: '1.36.1', privateIp: '10.0.1.20' },
};

describe('judgeNode', () => {
  test.each([
    ['as it should be', node, expected],
    ['a version with its “v”', node, { ...expected, kubeletVersion: 'v1.36.1' }],
    ['the first of its name', node, { ...expected, oldUid: null }],
    ['no systemUUID in the boot report', node, { ...expected, systemUuid: undefined }],
    ['several addresses', { ...node, internalIps: ['fd00::1', '10.0.1.20'] }, expected],
    [
      'cordoned and not Ready',
      { ...node, unschedulable: true, ready: { ...ready, status: 'False' as const } },
      expected,
    ],
  ] as const)('%s is ok', (_, view, wanted) => {
    expect(judgeNode(view, wanted)).toEqual({ kind: 'ok', reasons: [] });
  });

  test.each([
    ['absent', undefined, 'no Node of this name is registered'],
    ['stale', { ...node, uid: 'old' }, 'Node worker-0 is still the old one, UID old'],
    ['stale', { ...node, providerId: 'aws:///us-east-1a/i-old' }, 'Node worker-0 is that of i-old, not of i-new'],
    [
      'stale',
      { ...node, providerId: 'aws:///us-east-1b/i-new' },
      'Node worker-0 has the providerID aws:///us-east-1b/i-new, not aws:///us-east-1a/i-new',
    ],
    ['wrong', { ...node, providerId: undefined }, 'Node worker-0 has no providerID, not aws:///us-east-1a/i-new'],
    [
      'wrong',
      { ...node, systemUuid: 'EC2FFFFF-0000-4000-8000-000000000001' },
      'its systemUUID is EC2FFFFF-0000-4000-8000-000000000001, and EC2D2F1A-0000-4000-8000-000000000001 in the boot report',
    ],
    [
      'wrong',
      { ...node, systemUuid: undefined },
      'its systemUUID is missing, and EC2D2F1A-0000-4000-8000-000000000001 in the boot report',
    ],
    ['wrong', { ...node, kubeletVersion: 'v1.35.0' }, 'its kubelet is v1.35.0, not v1.36.1'],
    ['wrong', { ...node, internalIps: ['10.0.1.99'] }, 'its InternalIP is 10.0.1.99, not 10.0.1.20'],
    ['wrong', { ...node, internalIps: [] }, 'its InternalIP is missing, not 10.0.1.20'],
  ] as const)('%s: %j', (kind, view, reason) => {
    expect(judgeNode(view, expected)).toEqual({ kind, reasons: [reason] });
  });

  test('all that is wrong is told at once', () => {
    const view = { ...node, systemUuid: 'other', kubeletVersion: 'v1.35.0', internalIps: [] };
    expect(judgeNode(view, expected).reasons).toHaveLength(3);
  });

  test('nothing but the very Node passes', () => {
    const one = <T>(same: T, ...others: readonly T[]) => fc.constantFrom(same, ...others);
    fc.assert(
      fc.property(
        fc.record({
          uid: one('new', 'old'),
          providerId: one<string | undefined>(expected.providerId, 'aws:///us-east-1a/i-old', undefined),
          systemUuid: one<string | undefined>(expected.systemUuid, 'other', undefined),
          kubeletVersion: one('v1.36.1', 'v1.36.10', ''),
          internalIps: one<readonly string[]>(['10.0.1.20'], ['10.0.1.2'], []),
        }),
        changes => {
          const view = { ...node, ...changes };
          const same =
            view.uid === 'new' &&
            view.providerId === expected.providerId &&
            view.systemUuid === expected.systemUuid &&
            view.kubeletVersion === 'v1.36.1' &&
            view.internalIps[0] === expected.privateIp;
          const verdict = judgeNode(view, expected);
          expect(verdict.kind === 'ok').toBe(same);
          expect(verdict.reasons.length > 0).toBe(!same);
        },
      ),
    );
  });
});

describe('readyTwice', () => {
  const look = (status: 'True' | 'False' | 'Unknown', since: number, uid = 'new') => ({
    uid,
    ready: { ...ready, status, since },
  });
  test.each([
    [false, []],
    [false, [look('True', 1)]],
    [true, [look('True', 1), look('True', 1)]],
    [true, [look('False', 1), look('True', 2), look('True', 2)]],
    [false, [look('True', 1), look('True', 1), look('False', 2)]],
    [false, [look('True', 1), look('Unknown', 2), look('True', 3)]],
    // It was not Ready for a moment between the two.
    [false, [look('True', 1), look('True', 3)]],
    // Another Node of the name.
    [false, [look('True', 1, 'old'), look('True', 1)]],
  ])('%s: %j', (twice, history) => {
    expect(readyTwice(history)).toBe(twice);
  });
});

describe('notReadyWords', () => {
  test.each<readonly [NodeView['ready'], string | undefined]>([
    [ready, undefined],
    [
      {
        ...{ status: 'False', reason: 'KubeletNotReady', since: 1 },
        message:
          'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
      },
      'NetworkPluginNotReady: cni plugin not initialized',
    ],
    [
      {
        status: 'False',
        reason: 'KubeletNotReady',
        message: '[PLEG is not healthy: pleg was last seen active 4m ago]',
        since: 1,
      },
      'KubeletNotReady: [PLEG is not healthy: pleg was last seen active 4m ago]',
    ],
    [
      { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', since: 1 },
      'NodeStatusUnknown: Kubelet stopped posting node status',
    ],
    [{ status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: '', since: 1 }, 'NodeStatusNeverUpdated'],
  ])('%j', (condition, words) => {
    expect(notReadyWords({ ready: condition })).toBe(words);
  });
});
