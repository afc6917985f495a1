import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusView } from '../../src/commands/status-view.ts';
import { CallError } from '../../src/diagnostics/call-error.ts';
import type { Lock } from '../../src/rollout/lock.ts';
import type { Observed } from '../../src/rollout/observe.ts';
import { type Status, statusOf } from '../../src/rollout/status.ts';
import {
  cluster,
  desired,
  fingerprint,
  generation,
  inDays,
  instance,
  node,
  now,
  observed,
  operation,
  record,
} from './plan-cases.ts';

const one = { ...cluster, workers: cluster.workers.slice(0, 1) };
const lock: Lock = {
  version: 1,
  id: 'abc',
  run: 'run-2',
  holder: 'ada@build-7',
  since: inDays(-0.1),
  command: 'apply',
};

function status(world: Observed, held?: Lock): Status {
  return statusOf({ cluster: one, desired: desired.slice(0, 1), observed: world, lock: held });
}

/** Severity and the text of each problem. */
const told = ({ problems }: Status) => problems.map(({ severity, worker, text }) => `${severity}: ${worker}: ${text}`);

const running = instance();
const current = record({ current: generation(running) });
const healthy = observed([running], [current], { nodes: [node('worker-0', running)] });

test('a healthy worker has nothing to be said of', () => {
  const seen = status(healthy);
  expect(told(seen)).toEqual([]);
  expect(seen.workers).toEqual([
    expect.objectContaining({
      worker: 'worker-0',
      instanceId: running.instanceId,
      state: 'running',
      fingerprint: 'current',
      notAfter: inDays(300),
    }),
  ]);
  expect(seen.workers[0]?.node?.isOurs).toBe(true);
});

type Case = readonly [title: string, world: Observed, expected: readonly RegExp[], held?: Lock];
const nodes = (change: Parameters<typeof node>[2]) => ({ nodes: [node('worker-0', running, change)] });
const notReady = { status: 'False', reason: 'KubeletNotReady', message: 'no network', since: now - 300_000 } as const;
const failure = { step: 'await-verified', code: 'BOOT_CLOCK', message: 'the clock is behind.' } as const;

const cases: readonly Case[] = [
  ['not there yet', observed([]), []],
  [
    'not Ready, and why',
    observed([running], [current], nodes({ ready: notReady })),
    [/not Ready for 5 m \(False\): KubeletNotReady: no network/],
  ],
  ['without a Node', observed([running], [current], { nodes: [] }), [/has no Node/]],
  [
    'the Node of an instance that is gone',
    observed([running], [current], nodes({ providerId: 'aws:///us-east-1a/i-old' })),
    [/another instance’s .*i-old/],
  ],
  ['cordoned', observed([running], [current], nodes({ unschedulable: true })), [/cordoned/]],
  [
    'another kubelet',
    observed([running], [current], nodes({ kubeletVersion: 'v1.35.0' })),
    [/kubelet is v1\.35\.0.*v1\.36\.1/],
  ],
  ['drifted', observed([instance({}, { 'firstboot:fingerprint': fingerprint('b') })]), [/^note: .*drifted/]],
  [
    'stopped',
    observed(
      [{ ...running, state: 'stopped', stateReason: { code: 'Client.User', message: 'User initiated' } }],
      [current],
    ),
    [/stopped \(User initiated\)/],
  ],
  ['an instance that is gone', observed([], [current]), [/^warning: .*is gone/]],
  [
    'an instance that is not shown yet',
    observed([], [record({ current: generation(running, { verifiedAt: inDays(-0.005) }) })]),
    [/^note: .*does not show i-\S+ yet/],
  ],
  ['terminated', observed([{ ...running, state: 'terminated' }], [current]), [/is terminated/]],
  [
    'a certificate that runs out',
    observed([running], [record({ current: generation(running, { notAfter: inDays(3.5) }) })]),
    [/expires on 2026-11-28, in 3 d/],
  ],
  [
    'a certificate that ran out',
    observed([running], [record({ current: generation(running, { notAfter: inDays(-3) }) })]),
    [/expired on 2026-11-22/],
  ],
  [
    'secrets that stay staged',
    observed([running], [current], { staged: new Map([['worker-0', 2]]) }),
    [/secrets of worker-0 are still staged \(2 versions\), and its instance runs/],
  ],
  [
    'secrets after --wait none',
    observed([running], [record({ current: generation(running, { verified: 'none', secretsDeleted: false }) })], {
      staged: new Map([['worker-0', 1]]),
    }),
    [/\(1 version\), and its launch was not waited for/],
  ],
  ['secrets ahead of a launch', observed([], [], { staged: new Map([['worker-0', 1]]) }), []],
  [
    'secrets ahead of a replacement',
    observed([instance({}, { 'firstboot:fingerprint': fingerprint('b') })], [], { staged: new Map([['worker-0', 1]]) }),
    [/drifted/],
  ],
  [
    'secrets while an operation goes on',
    observed([running], [record({ operation: operation() })], { staged: new Map([['worker-0', 1]]) }),
    [/^note: .*going on/],
    lock,
  ],
  [
    'secrets of a worker that is gone',
    observed([running], [current], { staged: new Map([['old', 1]]) }),
    [/secrets of old .*no such worker/],
  ],
  [
    'secrets of an instance that is gone',
    observed([running], [current], { staged: new Map([['i-0old', 1]]) }),
    [/secrets of i-0old .*instance is gone/],
  ],
  [
    'secrets of an instance that runs',
    observed([running], [current], { staged: new Map([[running.instanceId, 1]]) }),
    [/its instance runs/],
  ],
  [
    'an instance that the spec does not know',
    observed([running, instance({}, { 'firstboot:worker': 'old' })], [current]),
    [/old: the spec has no such worker, and i-\d+ runs/],
  ],
  [
    'an instance without a worker’s tag',
    observed([running, instance({}, { 'firstboot:worker': undefined })], [current]),
    [/no firstboot:worker/],
  ],
  [
    'an operation that goes on',
    observed([running], [record({ operation: operation() })], { nodes: [] }),
    [/^note: .*replace is going on, at drain \(begun 14 m ago, run run-2\)/],
    lock,
  ],
  [
    'an operation that was cut off',
    observed([running], [record({ operation: operation() })]),
    [/^warning: .*cut off at drain .*firstboot apply/],
  ],
  [
    'cut off, and another run holds the lock',
    observed([running], [record({ operation: operation() })]),
    [/^warning: .*cut off/],
    { ...lock, run: 'run-3' },
  ],
  [
    'an operation that failed',
    observed([], [record({ operation: operation({ kind: 'launch', failure }) })]),
    [/launch .*failed at await-verified: BOOT_CLOCK: the clock is behind\./],
  ],
  [
    'an api-server that does not answer',
    observed([running], [current], {
      nodesProblem: new CallError('Kubernetes', 'list nodes', 'NoResponse', '', undefined),
    }),
    [/api-server did not say .*NoResponse/],
  ],
];

for (const [title, world, expected, held] of cases)
  test(title, () => {
    const lines = told(status(world, held));
    expect(lines).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(lines[index]).toMatch(pattern);
    for (const line of lines) expect(line).not.toMatch(/^error/);
  });

test('two live instances of one worker are an error, and both are shown', () => {
  const seen = status(observed([running, instance()], [current]));
  expect(told(seen)[0]).toMatch(/^error: worker-0: 2 instances are alive: i-\d+, i-\d+/);
  expect(seen.workers).toHaveLength(2);
});

test('while a replacement goes on, the old instance beside the new one is none', () => {
  const going = record({ operation: operation({ old: { instanceId: running.instanceId, nodeUid: null } }) });
  expect(told(status(observed([running, instance()], [going]), lock)).some(line => line.startsWith('error'))).toBe(
    false,
  );
});

test('a worker that does not compile is shown, and its drift is not known', () => {
  const seen = statusOf({ cluster: one, desired: [], observed: healthy, lock: undefined });
  expect(seen.workers[0]?.fingerprint).toBe('unknown');
  expect(told(seen).join()).toContain('firstboot check');
});

describe('the view', () => {
  test('on a screen that is too small leaves out workers that are well, and says how many', () => {
    const instances = Array.from({ length: 30 }, (_, index) =>
      instance({ state: index === 29 ? 'stopped' : 'running' }, { 'firstboot:worker': `w${index}` }),
    );
    const all = instances.map((one, index) => record({ worker: `w${index}`, current: generation(one) }));
    const workers = all.flatMap((_, index) => one.workers.map(worker => ({ ...worker, name: `w${index}` })));
    const large = { ...one, workers };
    const seen = statusOf({ cluster: large, desired: [], observed: observed(instances, all), lock: undefined });
    const tall = statusView(seen, false, undefined, 200);
    expect(tall).toBe(statusView(seen, false));
    const lines = statusView(seen, false, undefined, 24).split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.join('\n')).toMatch(/^w29 .* stopped /m);
    expect(lines.join('\n')).toMatch(/^… and \d+ more \(/m);
    const tiny = statusView(seen, false, undefined, 8).split('\n');
    expect(tiny).toHaveLength(8);
    expect(tiny.at(-2)).toMatch(/^… and \d+ more lines/);
  });

  test('has at most 80 columns and no control characters, whatever names and messages are', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 100 });
    const name = fc.string({ unit: fc.constantFrom(...'abc012-'), minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
        text,
        text,
        fc.boolean(),
        (names, reason, message, asked) => {
          const instances = names.map(worker => instance({}, { 'firstboot:worker': worker }));
          const all = names.map((worker, index) =>
            record({ worker, current: generation(instances[index] ?? running) }),
          );
          const ready = { status: 'False', reason, message: `\u001b[31m${message}`, since: now } as const;
          const seen = status(
            observed(instances, all, {
              nodes: asked
                ? names.map((worker, index) => node(worker, instances[index] ?? running, { ready }))
                : undefined,
            }),
            lock,
          );
          const view = statusView(seen, asked);
          for (const line of view.split('\n')) {
            expect(line).not.toMatch(/[\p{Cc}]/u);
            // A word that is longer than the line stays whole: an address or a command must be copied.
            if (!/\S{70}/.test(line)) expect([...line].length).toBeLessThanOrEqual(80);
          }
          for (const { instanceId } of instances) expect(view).toContain(instanceId);
        },
      ),
      { numRuns: 100 },
    );
  });
});
