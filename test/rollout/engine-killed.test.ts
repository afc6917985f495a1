import { describe, expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { readLock, removeLock } from '../../src/rollout/lock.ts';
import type { Asked } from '../../src/rollout/plan.ts';
import type { BootOptions } from '../support/booting.ts';
import { applied, fleet, outline, type TestRollout, testRollout } from '../support/rollout.ts';

/** Where a run is cut off: at its n-th call, before it is sent, or when it was carried out and nobody heard of it. */
type Cut = { readonly at: number; readonly when: 'before' | 'after' | 'lost' };

class Killed extends Error {}

/** Counts the calls of an operator and ends it at one of them: from then on nothing of it is heard. */
function createReaper() {
  let calls = 0;
  let names: string[] = [];
  let cut: Cut | undefined;
  let dead = false;
  const pass = (when: Cut['when'], name: string) => {
    if (when === 'before') {
      calls += 1;
      names.push(name);
    }
    if (dead) throw new Killed('dead');
    if (cut?.at === calls && cut.when === 'lost' && when === 'after') {
      cut = undefined;
      throw new CallError('EC2', name, 'NoResponse', 'the connection was closed', undefined);
    }
    if (cut?.at !== calls || cut.when !== when) return;
    dead = true;
    throw new Killed(`at call ${calls}, ${when}`);
  };
  return {
    watch: { before: (name: string) => pass('before', name), after: (name: string) => pass('after', name) },
    arm(next: Cut | undefined) {
      calls = 0;
      names = [];
      cut = next;
      dead = false;
    },
    names: () => names,
  };
}

/** Every call that changes something, before and after; of those that only ask, the first after such a one. */
function cutsOf(names: readonly string[]): readonly Cut[] {
  const isRead = (name = '') => /^(Describe|Get|List|Head|RunInstances:DryRun|get |list |create self)/.test(name);
  return names.flatMap((name, index): readonly Cut[] => {
    const at = index + 1;
    if (!isRead(name))
      return [
        { at, when: 'before' },
        { at, when: 'after' },
      ];
    return isRead(names[index - 1]) ? [] : [{ at, when: 'before' }];
  });
}

type Scenario = {
  readonly name: string;
  readonly cluster?: (spec: any) => void;
  readonly boot?: BootOptions;
  /** Brings the world to where the run that is cut off begins. */
  readonly before?: (rollout: TestRollout) => Promise<void>;
  readonly asked?: Asked;
  /** How every run ends that is not cut off. */
  readonly fails?: string;
  readonly interfaces?: number;
};

const launched = async (rollout: TestRollout) => {
  await applied(rollout);
  rollout.version = '2';
  await rollout.cloud.clock.advance(5000);
};
const scenarios: readonly Scenario[] = [
  { name: 'launch' },
  {
    name: 'launch of a worker that does not boot',
    boot: { how: () => ({ kind: 'fails', phase: 'units', code: 'BOOT_UNITS', cause: 'kubelet.service: exit 1' }) },
    fails: 'VERIFY_BOOT_FAILED',
  },
  { name: 'replace', before: launched },
  {
    name: 'replace whose drain is blocked',
    before: async rollout => {
      await launched(rollout);
      rollout.kube.addPod({ name: 'bare', node: 'worker-0', controller: undefined });
    },
    fails: 'DRAIN_FAILED',
  },
  {
    name: 'replace, instance-scoped with an interface that is kept',
    cluster: spec => {
      spec.aws.delivery = 'instance-scoped';
      spec.aws.eni = 'keep';
    },
    before: launched,
  },
  {
    name: 'destroy',
    cluster: spec => {
      spec.aws.eni = 'keep';
      spec.aws.terminationProtection = true;
    },
    before: launched,
    asked: { kind: 'retire', workers: new Set(['worker-0']) },
    interfaces: 0,
  },
];

async function start({ cluster, boot = {}, before }: Scenario) {
  const reaper = createReaper();
  const rollout = testRollout({ cluster: fleet(1, cluster), watch: reaper.watch, boot });
  rollout.kube.faults.before = reaper.watch.before;
  rollout.kube.faults.after = reaper.watch.after;
  await before?.(rollout);
  return { reaper, rollout };
}

/** What a run leaves, however often it was cut off before. */
async function stateOf(rollout: TestRollout) {
  const { cloud, kube, cluster } = rollout;
  await cloud.clock.advance(120_000);
  const record = await rollout.record('worker-0');
  const live = (await cloud.compute.instances(cluster.name)).filter(({ state }) => state !== 'terminated');
  return {
    violations: cloud.violations(),
    staged: await rollout.staged(),
    lock: (await cloud.store().get('state/from-scratch/lock.json')) !== undefined,
    failure: record?.operation?.failure?.code ?? null,
    open: record?.operation !== null && !record?.operation?.failure,
    fingerprint: record?.current?.fingerprint ?? null,
    owned: live.map(({ instanceId }) => instanceId === record?.current?.instanceId),
    reservations: (await cloud.compute.reservations(cluster.name)).filter(({ state }) => state === 'active').length,
    interfaces: (await cloud.compute.interfaces(cluster.name)).length,
    nodes: (await kube.nodes()).map(({ name, unschedulable }) => [name, unschedulable]),
  };
}

describe.each(scenarios)('$name, killed between any two calls', scenario => {
  test('a rerun comes to the same end, and leaves nothing', { timeout: 60_000 }, async () => {
    const whole = await start(scenario);
    whole.reaper.arm(undefined);
    await whole.rollout.apply({}, scenario.asked);
    const cuts = cutsOf(whole.reaper.names());
    const wanted = await stateOf(whole.rollout);
    const nothing = { violations: [], staged: 0, lock: false, open: false, reservations: 0 };
    const { fails = null, interfaces = wanted.interfaces } = scenario;
    expect(wanted).toMatchObject({ ...nothing, failure: fails, interfaces });
    expect(wanted.owned.every(owned => owned)).toBe(true);
    expect(wanted.nodes.every(([, unschedulable]) => !unschedulable)).toBe(true);
    const differing: unknown[] = [];
    let killed = 0;
    for (const cut of cuts) {
      const { reaper, rollout } = await start(scenario);
      reaper.arm(cut);
      await rollout.apply({}, scenario.asked).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        killed += 1;
      });
      reaper.arm(undefined);
      const events = await rollout.apply({}, scenario.asked);
      const failures = events.flatMap(event => (event.kind === 'failed' ? [event.code] : []));
      const state = await stateOf(rollout);
      const asWanted = failures.every(code => code === scenario.fails);
      if (!asWanted || JSON.stringify(state) !== JSON.stringify(wanted)) differing.push({ cut, failures, state });
    }
    expect(differing).toEqual([]);
    expect(killed).toBe(cuts.length);
  });

  test('a lost answer to any call changes nothing', { timeout: 60_000 }, async () => {
    const whole = await start(scenario);
    whole.reaper.arm(undefined);
    await whole.rollout.apply({}, scenario.asked);
    const wanted = await stateOf(whole.rollout);
    const differing: unknown[] = [];
    for (const { at } of cutsOf(whole.reaper.names()).filter(({ when }) => when === 'after')) {
      const { reaper, rollout } = await start(scenario);
      reaper.arm({ at, when: 'lost' });
      const events = await rollout.apply({}, scenario.asked);
      const failures = events.flatMap(event => (event.kind === 'failed' ? [event.code] : []));
      const state = await stateOf(rollout);
      const asWanted = failures.every(code => code === scenario.fails);
      if (!asWanted || JSON.stringify(state) !== JSON.stringify(wanted)) differing.push({ at, failures, state });
    }
    expect(differing).toEqual([]);
  });
});

test('another run goes on with what a killed one left, once its lock is removed', async () => {
  const scenario: Scenario = { name: 'replace', before: launched };
  const { reaper, rollout } = await start(scenario);
  reaper.arm(undefined);
  rollout.cloud.ec2.onTerminated(() => reaper.arm({ at: 1, when: 'before' }));
  await expect(rollout.apply()).rejects.toBeInstanceOf(Killed);
  reaper.arm(undefined);
  const held = await rollout.apply({ run: 'run-2' }).catch((error: unknown) => error);
  expect(held).toMatchObject({ code: 'LOCK_HELD' });
  const place = { store: rollout.cloud.store(), cluster: rollout.cluster };
  expect(await removeLock(place, (await readLock(place))?.id ?? '')).toBe(true);
  expect(outline(await rollout.apply({ run: 'run-2' }))).toContain('worker-0 replaced');
  expect((await rollout.record('worker-0'))?.current).toMatchObject({ generation: 2, run: 'run-1' });
  expect(rollout.cloud.violations()).toEqual([]);
});
