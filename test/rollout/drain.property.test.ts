import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../src/local/cloud/clock.ts';
import type { PodView } from '../../src/ports/kube.ts';
import { type DrainOptions, drain } from '../../src/rollout/drain.ts';
import { drainPreview } from '../../src/rollout/drain-preview.ts';
import { isFinished, sortPods } from '../../src/rollout/drain-sort.ts';
import type { TwinBudget } from '../support/kube-budgets.ts';
import { createKubeTwin } from '../support/kube-twin.ts';

type Drawn = Omit<PodView, 'namespace' | 'name' | 'uid'> & { readonly stuck: boolean; readonly here: boolean };

const labels = fc.record({ app: fc.constantFrom('web', 'db'), tier: fc.constantFrom('a', 'b') });
const pod = fc.record({
  phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Succeeded', 'Failed'),
  ready: fc.boolean(),
  deleting: fc.boolean(),
  controller: fc.constantFrom('ReplicaSet', 'StatefulSet', 'Job', 'DaemonSet', undefined),
  mirror: fc.boolean(),
  emptyDir: fc.boolean(),
  labels,
  gracePeriod: fc.integer({ min: 0, max: 90 }),
  stuck: fc.boolean(),
  here: fc.boolean(),
});
const pods = fc.array(pod, { maxLength: 12 });
const options = fc.record({
  timeout: fc.integer({ min: 0, max: 900_000 }),
  deleteEmptyDirData: fc.boolean(),
  ignoreDaemonSets: fc.boolean(),
  force: fc.boolean(),
});
const amount = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map(share => `${share}%` as const),
);
const selector = fc.constantFrom({}, { app: 'web' }, { app: 'db' }, { tier: 'a' });
const budget = fc.record({ selector, amount, least: fc.boolean(), letsUnreadyGo: fc.boolean() });
const budgets = fc.array(budget, { maxLength: 2 }).map(drawn =>
  drawn.map(
    ({ amount: value, least, ...rest }, index): TwinBudget => ({
      ...{ name: `pdb-${index}`, ...rest },
      ...(least ? { minAvailable: value } : { maxUnavailable: value }),
    }),
  ),
);

const view = (drawn: Drawn, index: number): PodView => {
  const { stuck, here, ...fields } = drawn;
  return { ...fields, namespace: 'default', name: `pod-${index}`, uid: `uid-${index}` };
};

test('a pod has one fate, and none that its options do not allow', () => {
  fc.assert(
    fc.property(pods, options, (drawn, chosen) => {
      const all = drawn.map(view);
      const { evict, ending, left, refused } = sortPods(all, chosen);
      const refusedPods = [...new Set(refused.map(one => one.pod))];
      expect([...evict, ...ending, ...left, ...refusedPods].map(({ uid }) => uid).toSorted()).toEqual(
        all.map(({ uid }) => uid).toSorted(),
      );
      for (const one of evict) {
        expect(one.mirror || one.deleting).toBe(false);
        if (isFinished(one)) continue;
        expect(one.controller).not.toBe('DaemonSet');
        expect(one.controller !== undefined || chosen.force).toBe(true);
        expect(!one.emptyDir || chosen.deleteEmptyDirData).toBe(true);
      }
      for (const one of left)
        expect(one.mirror || (one.controller === 'DaemonSet' && chosen.ignoreDaemonSets)).toBe(true);
    }),
  );
});

test('every option asks for more, never for less; with all of them nothing is refused', () => {
  fc.assert(
    fc.property(
      pods,
      options,
      fc.constantFrom('deleteEmptyDirData', 'ignoreDaemonSets', 'force'),
      (drawn, chosen, one) => {
        const all = drawn.map(view);
        const less = sortPods(all, { ...chosen, [one]: false });
        const more = sortPods(all, { ...chosen, [one]: true });
        for (const { uid } of less.evict) expect(more.evict.map(other => other.uid)).toContain(uid);
        expect(more.refused.length).toBeLessThanOrEqual(less.refused.length);
        const every = { ...chosen, deleteEmptyDirData: true, ignoreDaemonSets: true, force: true };
        expect(sortPods(all, every).refused).toEqual([]);
      },
    ),
  );
});

/** A cordoned node with the pods that are `here`, the others on a second one that takes what is evicted. */
async function scene(drawn: readonly Drawn[], rules: readonly TwinBudget[]) {
  const clock = createVirtualClock(0);
  const twin = createKubeTwin(clock);
  const kubelet = { zone: 'us-east-1a', version: '1.36.1', uuid: 'ec2', ready: true };
  const node = twin.join({ ...kubelet, name: 'worker-0', instanceId: 'i-0', ip: '10.0.1.20' });
  twin.join({ ...kubelet, name: 'worker-1', instanceId: 'i-1', ip: '10.0.1.21' });
  for (const [index, { here, deleting, ...fields }] of drawn.entries()) {
    const ready = fields.ready && fields.phase === 'Running';
    twin.addPod({ ...fields, ready, name: `pod-${index}`, node: here ? 'worker-0' : 'worker-1' });
  }
  for (const rule of rules) twin.addBudget(rule);
  await twin.setUnschedulable(node, true);
  const run = (chosen: DrainOptions) => drain(twin, clock, node, chosen, () => {});
  const on = () => twin.pods().filter(one => one.node === 'worker-0');
  return { clock, twin, run, on };
}

test('a drain ends in time, and is done only when nothing that should go is left', async () => {
  await fc.assert(
    fc.asyncProperty(pods, budgets, options, async (drawn, rules, chosen) => {
      const { clock, twin, run, on } = await scene(drawn, rules);
      const before = on();
      const outcome = await run(chosen);
      expect(clock.now()).toBeLessThanOrEqual(chosen.timeout + 1_000);
      const evicted = twin.changes().filter(change => change.startsWith('evict'));
      if (outcome.kind === 'done')
        for (const one of on()) expect(one.mirror || one.controller === 'DaemonSet').toBe(true);
      else {
        expect(outcome.reasons.length).toBeGreaterThan(0);
        for (const reason of outcome.reasons) expect(reason).not.toMatch(/undefined|NaN|;|\.$|^[A-Z]/);
      }
      // Refused at the first look: nothing was disturbed.
      if (sortPods(before, chosen).refused.length > 0) expect(evicted).toEqual([]);
      // Whatever was evicted was here, and not twice.
      expect(new Set(evicted).size).toBe(evicted.length);
      expect(twin.changes().filter(change => /delete|uncordon/.test(change))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('where a preview names nothing that forbids it, a drain of replaceable pods succeeds', async () => {
  const replaceable = pods.map(drawn =>
    drawn.map(one => ({
      ...one,
      stuck: false,
      controller: one.controller ?? 'ReplicaSet',
      phase: 'Running',
      mirror: false,
    })),
  );
  await fc.assert(
    fc.asyncProperty(replaceable, budgets, options, async (drawn, rules, chosen) => {
      const { twin, run, on } = await scene(drawn, rules);
      const patient = { ...chosen, timeout: 7_200_000 };
      const { evicted, blockers } = drainPreview(on(), await twin.disruptionBudgets(), patient);
      const outcome = await run(patient);
      if (blockers.length === 0) expect(outcome).toEqual({ kind: 'done', evicted: evicted.length });
      if (blockers.some(reason => reason.includes('--'))) expect(outcome.kind).toBe('failed');
    }),
    { numRuns: 200 },
  );
});
