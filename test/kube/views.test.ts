import { describe, expect, test } from 'vitest';
import { budgetView, nodeView, podView, selectorOf } from '../../src/adapters/kube/views.ts';

describe('a selector of policy/v1', () => {
  const labels = { app: 'web', tier: 'a' };
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  test.each([
    ['none takes no pod', undefined, false],
    ['an empty one takes every pod', {}, true],
    ['a label', { matchLabels: { app: 'web' } }, true],
    ['another value', { matchLabels: { app: 'db' } }, false],
    ['all labels are needed', { matchLabels: { app: 'web', tier: 'b' } }, false],
    ['In', expression('app', 'In', 'db', 'web'), true],
    ['not In', expression('app', 'In', 'db'), false],
    ['In, without the label', expression('none', 'In', 'db'), false],
    ['NotIn', expression('app', 'NotIn', 'db'), true],
    ['NotIn, with the value', expression('app', 'NotIn', 'web'), false],
    ['NotIn, without the label', expression('none', 'NotIn', 'web'), true],
    ['Exists', expression('app', 'Exists'), true],
    ['Exists, without', expression('toString', 'Exists'), false],
    ['DoesNotExist', expression('none', 'DoesNotExist'), true],
    ['DoesNotExist, with', expression('app', 'DoesNotExist'), false],
    ['both kinds', { matchLabels: { app: 'web' }, ...expression('tier', 'In', 'b') }, false],
  ])('%s', (_, selector, takes) => {
    expect(selectorOf(selector)(labels)).toBe(takes);
  });
});

test('what an api-server leaves out has a sensible meaning', () => {
  expect(nodeView({ metadata: { name: 'worker-0', uid: 'u', creationTimestamp: new Date(7) } })).toEqual({
    ...{ name: 'worker-0', uid: 'u', createdAt: 7, unschedulable: false, providerId: undefined, systemUuid: undefined },
    ...{ kubeletVersion: '', internalIps: [], labels: {} },
    ready: { status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: '', since: 7 },
  });
  expect(podView({ metadata: { name: 'web', namespace: 'default', uid: 'u' } })).toEqual({
    ...{ name: 'web', namespace: 'default', uid: 'u', phase: 'Unknown', ready: false, deleting: false },
    ...{ controller: undefined, mirror: false, emptyDir: false, labels: {}, gracePeriod: 30 },
  });
  expect(budgetView({ metadata: { name: 'web', namespace: 'default' } })).toMatchObject({
    ...{ rule: 'maxUnavailable unset', disruptionsAllowed: 0, letsUnreadyGo: false },
  });
});

test('a pod that is ending has the grace period that it was given', () => {
  const metadata = { deletionTimestamp: new Date(7), deletionGracePeriodSeconds: 5 };
  expect(podView({ metadata, spec: { terminationGracePeriodSeconds: 60, containers: [] } })).toMatchObject({
    ...{ deleting: true, gracePeriod: 5 },
  });
});
