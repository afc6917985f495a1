import { describe, expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { createVirtualClock } from '../../src/local/cloud/clock.ts';
import { type DrainOptions, drain } from '../../src/rollout/drain.ts';
import type { NewPod } from '../support/kube-cluster.ts';
import { createKubeTwin } from '../support/kube-twin.ts';

const options: DrainOptions = { timeout: 600_000, deleteEmptyDirData: false, ignoreDaemonSets: false, force: false };
const web = { app: 'web' };

/** A cordoned node with these pods, and another that takes what is evicted. */
async function cluster(pods: readonly NewPod[], { spare = true } = {}) {
  const clock = createVirtualClock(Date.parse('2026-11-25T09:00:00Z'));
  const twin = createKubeTwin(clock);
  const kubelet = { zone: 'us-east-1a', version: '1.36.1', uuid: 'ec2', ready: true };
  const node = twin.join({ ...kubelet, name: 'worker-0', instanceId: 'i-0', ip: '10.0.1.20' });
  if (spare) twin.join({ ...kubelet, name: 'worker-1', instanceId: 'i-1', ip: '10.0.1.21' });
  for (const pod of pods) twin.addPod({ node: 'worker-0', ...pod });
  await twin.setUnschedulable(node, true);
  const told: string[] = [];
  const start = clock.now();
  const run = (changes: Partial<DrainOptions> = {}, signal?: AbortSignal) =>
    drain(twin, clock, node, { ...options, ...changes }, detail => told.push(detail), signal);
  const on = (name: string) => twin.pods().filter(pod => pod.node === name);
  return { clock, twin, node, told, run, on, seconds: () => (clock.now() - start) / 1000 };
}

describe('what goes', () => {
  test('an empty node is drained at once', async () => {
    const { run, told, seconds } = await cluster([]);
    expect([await run(), told, seconds()]).toEqual([{ kind: 'done', evicted: 0 }, [], 0]);
  });

  test('pods go by the Eviction API alone, and are waited for until they are gone', async () => {
    const { run, on, twin, seconds } = await cluster([
      { name: 'web-a', gracePeriod: 5 },
      { name: 'db-0', controller: 'StatefulSet', gracePeriod: 60 },
    ]);
    expect(await run()).toEqual({ kind: 'done', evicted: 2 });
    expect(on('worker-0')).toEqual([]);
    expect(on('worker-1').map(({ name }) => name)).toContain('db-0');
    expect(twin.changes().slice(2)).toEqual(['cordon worker-0', 'evict default/web-a', 'evict default/db-0']);
    expect(seconds()).toBeGreaterThanOrEqual(60);
    expect(seconds()).toBeLessThan(63);
  });

  test('what is finished goes without an option, whatever it is', async () => {
    const { run, on } = await cluster([
      { name: 'job', controller: 'Job', phase: 'Succeeded', ready: false, emptyDir: true },
      { name: 'bare', controller: undefined, phase: 'Failed', ready: false },
    ]);
    expect(await run()).toEqual({ kind: 'done', evicted: 2 });
    expect(on('worker-0')).toEqual([]);
  });

  test('mirror pods stay, since nothing can evict them', async () => {
    const { run, on } = await cluster([{ name: 'static-worker-0', controller: 'Node', mirror: true, emptyDir: true }]);
    expect(await run()).toEqual({ kind: 'done', evicted: 0 });
    expect(on('worker-0').length).toBe(1);
  });

  test('a pod that is ending already is only waited for', async () => {
    const { run, twin, on } = await cluster([{ name: 'bare', controller: undefined, gracePeriod: 20 }]);
    const pod = on('worker-0')[0];
    if (pod !== undefined) await twin.evict(pod);
    expect(await run()).toEqual({ kind: 'done', evicted: 1 });
    expect(twin.changes().filter(change => change.startsWith('evict'))).toHaveLength(1);
  });
});

describe('what needs an option of its own', () => {
  const cases: readonly (readonly [keyof DrainOptions, NewPod, string])[] = [
    [
      'ignoreDaemonSets',
      { name: 'proxy-x7k2p', namespace: 'kube-system', controller: 'DaemonSet' },
      'a pod of a DaemonSet stays only with --ignore-daemonsets: kube-system/proxy-x7k2p',
    ],
    [
      'force',
      { name: 'debug', controller: undefined },
      'a bare pod, which nothing starts again, goes only with --force: default/debug',
    ],
    [
      'deleteEmptyDirData',
      { name: 'cache-a', emptyDir: true },
      'a pod whose emptyDir would be lost goes only with --delete-emptydir-data: default/cache-a',
    ],
  ];

  test.each(cases)('%s', async (option, pod, reason) => {
    const { run, twin } = await cluster([{ name: 'web-a' }, pod]);
    expect(await run()).toEqual({ kind: 'failed', reasons: [reason] });
    expect(twin.changes().filter(change => change.startsWith('evict'))).toEqual([]);
    const others = cases.map(([one]) => one).filter(one => one !== option);
    expect(await run(Object.fromEntries(others.map(one => [one, true])))).toMatchObject({ kind: 'failed' });
    expect(await run({ [option]: true })).toMatchObject({ kind: 'done' });
  });

  test('all of them are told at once, and the many are counted', async () => {
    const bare = ['a', 'b', 'c', 'd', 'e'].map(name => ({ name, controller: undefined, emptyDir: name === 'a' }));
    const { run } = await cluster(bare);
    expect(await run()).toEqual({
      kind: 'failed',
      reasons: [
        'bare pods, which nothing starts again, go only with --force: default/a, default/b, default/c and 2 more',
        'a pod whose emptyDir would be lost goes only with --delete-emptydir-data: default/a',
      ],
    });
  });

  test('one that comes while the node is drained stops it too', async () => {
    const { run, twin, clock } = await cluster([{ name: 'web-a', gracePeriod: 20 }]);
    const late = clock
      .sleep(10_000)
      .then(() => twin.addPod({ name: 'debug', node: 'worker-0', controller: undefined, tolerates: true }));
    const [outcome] = await Promise.all([run(), late]);
    expect(outcome).toMatchObject({ kind: 'failed', reasons: [expect.stringContaining('--force: default/debug')] });
  });
});

describe('budgets', () => {
  const pair: readonly NewPod[] = ['web-0', 'web-1'].map(name => ({ name, labels: web, gracePeriod: 1 }));

  test('a drain waits while a budget blocks it, and goes on when it allows', async () => {
    const { run, twin, told, seconds, on } = await cluster(pair);
    twin.addBudget({ name: 'web', selector: web, minAvailable: 1 });
    expect(await run()).toEqual({ kind: 'done', evicted: 2 });
    expect(on('worker-0')).toEqual([]);
    expect(told).toContain('evicted 1 of 2 pods, a PDB holds default/web-1');
    expect(seconds()).toBeLessThan(15);
  });

  test('when time is up, pod, budget and arithmetic are named', async () => {
    const { run, twin, seconds } = await cluster(pair, { spare: false });
    twin.addBudget({ name: 'web', selector: web, minAvailable: 2 });
    const why = 'PDB default/web (minAvailable 2) allows 0 disruptions: 2 healthy of 2 wanted, 2 expected';
    expect(await run({ timeout: 60_000 })).toEqual({
      kind: 'failed',
      reasons: [`default/web-0, default/web-1 cannot be evicted: ${why}`],
    });
    expect(seconds()).toBe(60);
    expect(twin.callCounts()['create pods/eviction']).toBe(2 * 12);
  });

  test('however short the time, each pod is tried once', async () => {
    const free = await cluster([{ name: 'web-a', gracePeriod: 0 }]);
    expect(await free.run({ timeout: 0 })).toEqual({ kind: 'done', evicted: 1 });
    const held = await cluster(pair);
    held.twin.addBudget({ name: 'web', selector: web, maxUnavailable: 0 });
    expect(await held.run({ timeout: 0 })).toMatchObject({ reasons: [expect.stringContaining('PDB default/web')] });
  });

  test('a longer wait that the api-server names is kept to', async () => {
    const { clock, twin, node, seconds } = await cluster([{ name: 'web-a', gracePeriod: 0 }]);
    const times: number[] = [];
    const evict: typeof twin.evict = async name => {
      times.push(seconds());
      return times.length === 1 ? { blocked: 'not reckoned yet', retryAfter: 20 } : twin.evict(name);
    };
    await drain({ ...twin, evict }, clock, node, options, () => {});
    expect(times).toEqual([0, 20]);
  });

  test('without the right to read budgets the api-server’s words are told', async () => {
    const { run, twin } = await cluster(pair.slice(0, 1));
    twin.addBudget({ name: 'web', selector: web, minAvailable: 1 });
    twin.faults.forbidden = ['list poddisruptionbudgets'];
    expect(await run({ timeout: 10_000 })).toEqual({
      kind: 'failed',
      reasons: ['default/web-0 cannot be evicted: The disruption budget web needs 1 healthy pods and has 1 currently'],
    });
  });

  test('several for one pod are never waited for', async () => {
    const { run, twin, seconds } = await cluster(pair);
    twin.addBudget({ name: 'a', selector: web, minAvailable: 0 });
    twin.addBudget({ name: 'b', selector: {}, minAvailable: 0 });
    expect(await run()).toEqual({
      kind: 'failed',
      reasons: [
        'default/web-0 has several PDBs (default/a, default/b), and the Eviction API takes a pod with one at most',
      ],
    });
    expect(seconds()).toBe(0);
  });

  test('the many are counted', async () => {
    const many = Array.from({ length: 14 }, (_, index) => ({ name: `web-${index}`, labels: web }));
    const { run, twin } = await cluster(many, { spare: false });
    twin.addBudget({ name: 'web', selector: web, maxUnavailable: 0 });
    expect(await run({ timeout: 10_000 })).toEqual({
      kind: 'failed',
      reasons: [
        expect.stringMatching(/^default\/web-0, default\/web-1, default\/web-2 and 11 more cannot be evicted: PDB /),
      ],
    });
    const stuck = await cluster(many.map(pod => ({ ...pod, stuck: true })));
    const outcome = await stuck.run({ timeout: 10_000 });
    expect(outcome.kind === 'failed' && outcome.reasons.slice(9)).toEqual([
      expect.stringContaining('default/web-9 '),
      'and 4 more pods',
    ]);
  });
});

describe('what does not end', () => {
  test('a kubelet that is silent is told as soon as it is known', async () => {
    const { run, twin, seconds } = await cluster([{ name: 'web-a' }, { name: 'web-b' }]);
    twin.silence('worker-0');
    expect(await run()).toEqual({
      kind: 'failed',
      reasons: [
        'the kubelet of worker-0 is not heard of (Ready is Unknown for 13s: NodeStatusUnknown), so its pods cannot end: default/web-a, default/web-b (--ignore-drain-failure goes on without)',
      ],
    });
    expect(seconds()).toBeLessThan(70);
  });

  test('a pod that a finalizer holds is named when time is up', async () => {
    const { run, twin } = await cluster([{ name: 'web-a', stuck: true, gracePeriod: 5 }, { name: 'web-b' }]);
    expect(await run({ timeout: 300_000 })).toEqual({
      kind: 'failed',
      reasons: [
        'default/web-a still runs, told to end 4m 58s ago with 5 s of grace (its kubelet or a finalizer holds it)',
      ],
    });
    expect(twin.changes().filter(change => change === 'evict default/web-a')).toHaveLength(1);
  });

  test('pods that come back though the node is cordoned', async () => {
    const { run, twin } = await cluster(
      [{ name: 'db-0', controller: 'StatefulSet', tolerates: true, gracePeriod: 1 }],
      {
        spare: false,
      },
    );
    const outcome = await run({ timeout: 30_000 });
    expect(outcome).toMatchObject({
      kind: 'failed',
      reasons: [
        expect.stringContaining('default/db-0'),
        expect.stringMatching(/^\d+ pods came to worker-0 though it is cordoned, so they tolerate that: default\/db-0/),
      ],
    });
    expect(twin.changes().filter(change => change === 'evict default/db-0').length).toBeGreaterThan(2);
  });
});

describe('the api-server', () => {
  test('may be away for a while', async () => {
    const { run, twin, clock, told } = await cluster([{ name: 'web-a', gracePeriod: 20 }]);
    const away = clock.sleep(3_000).then(async () => {
      twin.faults.unreachable = true;
      await clock.sleep(30_000);
      twin.faults.unreachable = false;
    });
    const [outcome] = await Promise.all([run(), away]);
    expect(outcome).toEqual({ kind: 'done', evicted: 1 });
    expect(told).toContain('the api-server did not answer “list pods” (NoResponse), trying again');
  });

  test('may lose an answer: the pod is not evicted twice', async () => {
    const { run, twin } = await cluster([{ name: 'web-a' }]);
    let lost = 0;
    twin.faults.after = call => {
      if (call === 'create pods/eviction' && lost++ === 0)
        throw new CallError('Kubernetes', call, 'NoResponse', 'socket hang up', undefined);
    };
    expect(await run()).toEqual({ kind: 'done', evicted: 1 });
    expect([lost, twin.changes().filter(change => change.startsWith('evict'))]).toEqual([1, ['evict default/web-a']]);
  });

  test('that stays away, or refuses, ends the drain with its error', async () => {
    const away = await cluster([{ name: 'web-a' }]);
    away.twin.faults.unreachable = true;
    await expect(away.run({ timeout: 20_000 })).rejects.toMatchObject({ code: 'NoResponse' });
    expect(away.seconds()).toBeLessThan(23);
    const refused = await cluster([{ name: 'web-a' }]);
    refused.twin.faults.forbidden = ['create pods/eviction'];
    await expect(refused.run()).rejects.toMatchObject({ code: 'Forbidden', call: 'create pods/eviction' });
    expect(refused.seconds()).toBe(0);
  });
});

test('a drain that is called off stops with the reason', async () => {
  const { run, clock } = await cluster([{ name: 'web-a', gracePeriod: 300 }]);
  const controller = new AbortController();
  const stop = clock.sleep(20_000).then(() => controller.abort(new Error('interrupted')));
  await expect(Promise.all([run({}, controller.signal), stop])).rejects.toThrow('interrupted');
});

test('nothing more is evicted once it is called off', async () => {
  const { run, twin } = await cluster([{ name: 'web-a' }, { name: 'web-b' }]);
  const controller = new AbortController();
  twin.faults.after = call => {
    if (call === 'create pods/eviction') controller.abort(new Error('interrupted'));
  };
  await expect(run({}, controller.signal)).rejects.toThrow('interrupted');
  expect(twin.changes().filter(change => change.startsWith('evict'))).toEqual(['evict default/web-a']);
});

test('what is waited for is told once for each change', async () => {
  const { run, told } = await cluster([
    { name: 'web-a', gracePeriod: 5 },
    { name: 'web-b', gracePeriod: 40 },
  ]);
  await run();
  expect(told).toEqual([
    'evicted 2 of 2 pods, waiting for default/web-a to end',
    'evicted 2 of 2 pods, waiting for default/web-b to end',
  ]);
});
