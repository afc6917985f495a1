import { describe, expect, test } from 'vitest';
import type { DisruptionBudgetView, PodView } from '../../src/ports/kube.ts';
import { drainPreview } from '../../src/rollout/drain-preview.ts';

const options = { timeout: 0, deleteEmptyDirData: false, ignoreDaemonSets: false, force: false };
const pod = (name: string, changes: Partial<PodView> = {}): PodView => ({
  ...{ namespace: 'default', name, uid: name, phase: 'Running', ready: true, deleting: false },
  ...{ controller: 'ReplicaSet', mirror: false, emptyDir: false, labels: { app: 'web' }, gracePeriod: 30 },
  ...changes,
});
const budget = (changes: Partial<DisruptionBudgetView> = {}): DisruptionBudgetView => ({
  ...{ namespace: 'default', name: 'web', rule: 'minAvailable 2', letsUnreadyGo: false },
  ...{ disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 },
  selects: ({ app }) => app === 'web',
  ...changes,
});
const words = 'PDB default/web (minAvailable 2) allows 0 disruptions: 2 healthy of 2 wanted, 2 expected';
const short = { currentHealthy: 1, disruptionsAllowed: 0 };

describe('drainPreview', () => {
  test('names what would be evicted, and leaves out what stays', () => {
    const pods = [pod('a'), pod('b', { mirror: true }), pod('c', { deleting: true }), pod('d', { phase: 'Failed' })];
    expect(drainPreview(pods, [], options)).toEqual({
      evicted: [
        { namespace: 'default', name: 'a' },
        { namespace: 'default', name: 'd' },
      ],
      blockers: [],
    });
  });

  test('names every option that is missing', () => {
    const pods = [pod('a', { controller: undefined, emptyDir: true }), pod('b', { controller: 'DaemonSet' })];
    const { evicted, blockers } = drainPreview(pods, [], options);
    expect(evicted).toEqual([]);
    expect(blockers.map(reason => /--\S+(?=:)/.exec(reason)?.[0])).toEqual([
      ...['--ignore-daemonsets', '--force', '--delete-emptydir-data'],
    ]);
  });

  test.each<[string, Partial<PodView>, Partial<DisruptionBudgetView>, boolean]>([
    ['a budget that allows none', {}, {}, true],
    ['a budget that allows one', {}, { disruptionsAllowed: 1 }, false],
    ['a budget of another namespace', {}, { namespace: 'other' }, false],
    ['a budget of other pods', { labels: { app: 'db' } }, {}, false],
    ['a finished pod', { phase: 'Succeeded', ready: false }, short, false],
    ['a pod that never ran', { phase: 'Pending', ready: false }, short, false],
    ['a pod that is not ready, where the others suffice', { ready: false }, {}, false],
    ['a pod that is not ready, where they do not', { ready: false }, short, true],
    [
      'a pod that is not ready, of a budget that lets it go',
      { ready: false },
      { ...short, letsUnreadyGo: true },
      false,
    ],
    ['a budget that no controller has seen yet', { ready: false }, { currentHealthy: 0, desiredHealthy: 0 }, true],
  ])('%s', (_, podChanges, budgetChanges, blocks) => {
    const { evicted, blockers } = drainPreview([pod('web-0', podChanges)], [budget(budgetChanges)], options);
    expect(evicted).toHaveLength(1);
    expect(blockers.length > 0).toBe(blocks);
  });

  test('tells the arithmetic once for all the pods that it holds', () => {
    const { blockers } = drainPreview([pod('web-0'), pod('web-1')], [budget()], options);
    expect(blockers).toEqual([`default/web-0, default/web-1 cannot be evicted: ${words}`]);
  });

  test('several budgets for one pod block it for good', () => {
    const two = [budget({ disruptionsAllowed: 1 }), budget({ name: 'all', disruptionsAllowed: 1 })];
    expect(drainPreview([pod('web-0')], two, options).blockers).toEqual([
      'default/web-0 has several PDBs (default/web, default/all), and the Eviction API takes a pod with one at most',
    ]);
  });
});
