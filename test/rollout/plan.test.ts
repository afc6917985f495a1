import { describe, expect, test } from 'vitest';
import type { Observed } from '../../src/rollout/observe.ts';
import { type Action, type DesiredWorker, type Plan, planOf } from '../../src/rollout/plan.ts';
import {
  cluster,
  desired,
  fingerprint,
  generation,
  inDays,
  instance,
  launch,
  now,
  observed,
  operation,
  record,
} from './plan-cases.ts';

const only = (name: string) => desired.filter(({ worker }) => worker.name === name);
const [worker0] = only('worker-0') as [DesiredWorker];

function planned(world: Observed, wanted: readonly DesiredWorker[] = [worker0]): Plan {
  return planOf(cluster, wanted, world, now);
}

/** `kind: reason kinds`, of one worker. */
function told(plan: Plan, worker = 'worker-0'): string {
  const action = plan.actions.find(one => one.worker === worker);
  return action ? `${action.kind}: ${action.reasons.map(({ kind }) => kind).join(' ')}`.trim() : 'nothing';
}

type Case = readonly [title: string, expected: string, world: () => Observed, wanted?: readonly DesiredWorker[]];

const running = instance();
const drifted = instance({}, { 'firstboot:fingerprint': fingerprint('b') });
const type = launch.instanceTypes[0] ?? '';

const cases: readonly Case[] = [
  ['nothing there', 'launch: absent', () => observed([])],
  ['as desired', 'keep:', () => observed([running], [record({ current: generation(running) })])],
  ['as desired, pending', 'keep:', () => observed([{ ...running, state: 'pending' }])],
  ['as desired, without a record', 'keep:', () => observed([running])],
  ['another fingerprint', 'replace: fingerprint', () => observed([drifted])],
  [
    'no fingerprint tag',
    'replace: fingerprint',
    () => observed([instance({}, { 'firstboot:fingerprint': undefined })]),
  ],
  [
    'another image reference',
    'replace: image',
    () => observed([drifted], [record({ current: generation(drifted, { launch: { ...launch, image: 'ami-0old' } }) })]),
  ],
  [
    'another image reference and another volume',
    'replace: image launch',
    () =>
      observed(
        [drifted],
        [
          record({
            current: generation(drifted, {
              launch: { ...launch, image: 'ami-0old', volume: { size: 8, kmsKey: null } },
            }),
          }),
        ],
      ),
  ],
  [
    'a type that is not in the list any more',
    'replace: instance-type',
    () => {
      const small = { ...drifted, instanceType: 't2.nano' };
      return observed(
        [small],
        [record({ current: generation(small, { launch: { ...launch, instanceTypes: ['t2.nano'] } }) })],
      );
    },
  ],
  [
    'another list of types, the instance’s own still in it',
    'replace: launch',
    () =>
      observed(
        [drifted],
        [record({ current: generation(drifted, { launch: { ...launch, instanceTypes: ['t2.nano', type] } }) })],
      ),
  ],
  [
    'a type changed by hand',
    'replace: instance-type',
    () => observed([{ ...running, instanceType: 't2.nano' }], [record({ current: generation(running) })]),
  ],
  [
    'the order of tags alone',
    'replace: fingerprint',
    () => {
      const [before, after] = [
        { a: '1', b: '2' },
        { b: '2', a: '1' },
      ];
      expect(after).toEqual(before);
      return observed([drifted], [record({ current: generation(drifted, { launch: { ...launch, tags: before } }) })]);
    },
    [{ ...worker0, worker: { ...worker0.worker, launch: { ...launch, tags: { b: '2', a: '1' } } } }],
  ],
  [
    'a certificate under 30 days, a newer one in the folder',
    'replace: fingerprint certificate',
    () => observed([drifted], [record({ current: generation(drifted, { notAfter: inDays(29.5) }) })]),
  ],
  [
    'a certificate of 30 days',
    'keep:',
    () => observed([running], [record({ current: generation(running, { notAfter: inDays(30.5) }) })]),
  ],
  [
    'an expired certificate, none newer in the folder',
    'keep:',
    () => observed([running], [record({ current: generation(running, { notAfter: inDays(-1) }) })]),
    [{ ...worker0, notAfter: inDays(-1) }],
  ],
  [
    'terminated by somebody',
    'launch: ended',
    () => observed([{ ...running, state: 'terminated' }], [record({ current: generation(running) })]),
  ],
  [
    'shutting down',
    'launch: ended',
    () => observed([{ ...running, state: 'shutting-down' }], [record({ current: generation(running) })]),
  ],
  ['gone since long', 'launch: ended', () => observed([], [record({ current: generation(running) })])],
  [
    'launched seven minutes ago, and not shown yet',
    'keep:',
    () => observed([], [record({ current: generation(running, { verifiedAt: inDays(-0.005) }) })]),
  ],
  [
    'launched fourteen minutes ago, and not shown',
    'launch: ended',
    () => observed([], [record({ current: generation(running, { verifiedAt: inDays(-0.01) }) })]),
  ],
  [
    'launched just now, and terminated',
    'launch: ended',
    () =>
      observed(
        [{ ...running, state: 'terminated' }],
        [record({ current: generation(running, { verifiedAt: inDays(0) }) })],
      ),
  ],
  [
    'proven, cut off before it was closed, and the spec changed since',
    'replace: interrupted fingerprint',
    () =>
      observed(
        [running],
        [
          record({
            operation: operation({
              ...{ kind: 'launch', step: 'delete-secrets', fingerprint: fingerprint('b') },
              instanceId: running.instanceId,
            }),
          }),
        ],
      ),
  ],
  ['terminated, never recorded', 'launch: absent', () => observed([{ ...running, state: 'terminated' }])],
  [
    'stopped by somebody',
    'replace: ended',
    () => observed([{ ...running, state: 'stopped' }], [record({ current: generation(running) })]),
  ],
  ['stopping', 'replace: ended', () => observed([{ ...running, state: 'stopping' }])],
  [
    'a replacement that was cut off',
    'replace: interrupted',
    () => observed([running], [record({ operation: operation() })]),
  ],
  [
    'a launch that was cut off',
    'launch: interrupted',
    () => observed([running], [record({ operation: operation({ kind: 'launch', step: 'await-verified' }) })]),
  ],
  [
    'a launch that failed',
    'launch: failed',
    () =>
      observed(
        [],
        [
          record({
            operation: operation({
              kind: 'launch',
              failure: { step: 'await-verified', code: 'BOOT_CLOCK', message: '…' },
            }),
          }),
        ],
      ),
  ],
  [
    'cut off, and the spec changed since',
    'replace: interrupted fingerprint',
    () => observed([running], [record({ operation: operation({ fingerprint: fingerprint('b') }) })]),
  ],
  [
    'a replacement whose old instance is still shown beside the new one',
    'replace: interrupted',
    () => {
      const fresh = instance();
      return observed(
        [running, fresh],
        [
          record({
            operation: operation({
              old: { instanceId: running.instanceId, nodeUid: null },
              instanceId: fresh.instanceId,
            }),
          }),
        ],
      );
    },
  ],
  ['not in the spec', 'retire: not-in-spec', () => observed([running]), []],
  ['not in the spec, and ended', 'nothing', () => observed([{ ...running, state: 'terminated' }]), []],
  [
    'not in the spec, ended, recorded',
    'retire: not-in-spec',
    () => observed([], [record({ current: generation(running) })]),
    [],
  ],
  ['not in the spec, retired', 'nothing', () => observed([], [record()]), []],
  [
    'not in the spec, its retirement cut off',
    'retire: not-in-spec interrupted',
    () => observed([running], [record({ operation: operation({ kind: 'retire' }) })]),
    [],
  ],
];

for (const [title, expected, world, wanted] of cases)
  test(`${title} -> ${expected}`, () => {
    expect(told(planned(world(), wanted))).toBe(expected);
  });

/** Each thing that can be another, with each other one: all are told, and nothing else. */
describe('what differs is told together', () => {
  const differences = {
    image: { image: 'ami-0old' },
    subnet: { subnet: 'subnet-0old' },
    profile: { instanceProfile: 'old' },
    tags: { tags: { team: 'old' } },
  } as const;
  const names = Object.keys(differences) as (keyof typeof differences)[];
  const subsets = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((__, index) => bits & (1 << index)),
  );
  test.each(subsets.map(subset => [subset] as const))('%j', subset => {
    const before = Object.assign({}, launch, ...subset.map(name => differences[name]));
    const plan = planned(observed([drifted], [record({ current: generation(drifted, { launch: before }) })]));
    const others = subset.filter(name => name !== 'image');
    const expected = [...(subset.includes('image') ? ['image'] : []), ...(others.length > 0 ? ['launch'] : [])];
    expect(told(plan)).toBe(`replace: ${expected.length > 0 ? expected.join(' ') : 'fingerprint'}`);
    const text = plan.actions[0]?.reasons.map(reason => reason.text).join('; ') ?? '';
    expect(text.includes('subnet')).toBe(subset.includes('subnet'));
    expect(text.includes('instance profile')).toBe(subset.includes('profile'));
    expect(text.includes('tags')).toBe(subset.includes('tags'));
  });
});

test('a certificate that runs out and cannot be renewed from the folder is a warning that says what to do', () => {
  const world = observed([running], [record({ current: generation(running, { notAfter: inDays(12.5) }) })]);
  const { warnings } = planned(world, [{ ...worker0, notAfter: inDays(12.5) }]);
  expect(warnings).toEqual([
    'worker-0: its certificate expires in 12 days (2026-12-07). Issue a new one first: firstboot pki issue --force --worker worker-0',
  ]);
});

test('two live instances of one worker are an error that names both', () => {
  const second = instance();
  expect(() => planned(observed([running, second]))).toThrow(
    expect.objectContaining({
      code: 'PLAN_TWO_INSTANCES',
      message: expect.stringMatching(new RegExp(`worker-0 has 2 live .*${running.instanceId}.*${second.instanceId}`)),
    }),
  );
  expect(() => planned(observed([running, second]), [])).toThrow(/2 live/);
  expect(told(planned(observed([running, { ...second, state: 'terminated' }])))).toBe('keep:');
});

test('an instance without a worker’s tag is left alone, with a warning', () => {
  const nameless = instance({}, { 'firstboot:worker': undefined });
  const plan = planned(observed([running, nameless]));
  expect(plan.actions).toHaveLength(1);
  expect(plan.warnings.join()).toContain(nameless.instanceId);
});

describe('addresses', () => {
  const at = (worker: string, privateIp: string) =>
    instance({ privateIp }, { 'firstboot:worker': worker, 'firstboot:fingerprint': fingerprint('old') });
  const order = (actions: readonly Action[]) => actions.map(({ worker }) => worker);

  test('whoever has the address goes first', () => {
    // worker-0 has worker-2's address, worker-1 that of worker-0, worker-2 is absent.
    const world = observed([at('worker-0', '10.0.1.22'), at('worker-1', '10.0.1.20')]);
    const { actions } = planned(world, desired);
    expect(order(actions)).toEqual(['worker-1', 'worker-0', 'worker-2']);
    expect(actions.map(({ after }) => after)).toEqual([[], ['worker-1'], ['worker-0']]);
  });

  test('a retired worker goes before the one that takes its address', () => {
    const world = observed([at('gone', '10.0.1.20')]);
    expect(order(planned(world, desired).actions)).toEqual(['gone', 'worker-0', 'worker-1', 'worker-2']);
  });

  test('a ring is refused, and the whole ring named', () => {
    const world = observed([at('worker-0', '10.0.1.21'), at('worker-1', '10.0.1.22'), at('worker-2', '10.0.1.20')]);
    expect(() => planned(world, desired)).toThrow(
      expect.objectContaining({
        code: 'PLAN_ADDRESS_RING',
        message: expect.stringMatching(/^worker-0 wants .*worker-2 wants .*worker-1 wants /),
      }),
    );
  });

  test('the same address in another subnet is another address', () => {
    const elsewhere = { ...at('worker-1', '10.0.1.20'), subnetId: 'subnet-other' };
    expect(planned(observed([elsewhere]), desired).actions.every(({ after }) => after.length === 0)).toBe(true);
  });
});

describe('workers that are asked for', () => {
  const world = observed([running], [record({ current: generation(running) })]);
  const asked = (kind: 'replace' | 'retire', ...names: string[]) =>
    planOf(cluster, desired, world, now, { asked: { kind, workers: new Set(names) } });

  test('are replaced though nothing drifted, and no other is touched', () => {
    expect(asked('replace', 'worker-0').actions.map(({ worker, kind }) => [worker, kind])).toEqual([
      ['worker-0', 'replace'],
    ]);
  });

  test('are launched when they are absent', () => {
    expect(told(asked('replace', 'worker-1'), 'worker-1')).toBe('launch: absent asked');
  });

  test('are retired, and what is not there is not', () => {
    const { actions } = asked('retire', 'worker-0', 'worker-1');
    expect(actions.map(({ worker, kind }) => [worker, kind])).toEqual([
      ['worker-0', 'retire'],
      ['worker-1', 'keep'],
    ]);
  });
});

describe('the basis', () => {
  const world = observed([running], [record({ current: generation(running) })]);
  const { basis } = planned(world, desired);
  const image = { imageId: 'ami-1', arch: 'amd64', rootDevice: '/dev/sda1', rootSize: 8, name: 'one' } as const;
  const images = (imageId: string) => ({ images: new Map([[launch.image ?? '', { ...image, imageId }]]) });

  test.each([
    ['time passes', () => planOf(cluster, desired, { ...world, at: now + 60_000 }, now + 60_000)],
    ['secrets are staged', () => planned({ ...world, staged: new Map([['worker-0', 1]]) }, desired)],
    [
      'an old instance is shown no more',
      () => planned({ ...world, instances: [running, { ...instance(), state: 'terminated' as const }] }, desired),
    ],
    [
      'pending becomes running',
      () => planned({ ...world, instances: [{ ...running, state: 'pending' as const }] }, desired),
    ],
    [
      'EC2 does not show yet what was launched just now',
      () => {
        const current = { ...generation(running), verifiedAt: new Date(now).toISOString() };
        return planned(observed([], [record({ current })]), desired);
      },
    ],
    [
      'instances come in another order',
      () => planned({ ...world, instances: [...world.instances].reverse() }, desired),
    ],
  ])('stays when %s', (_, plan) => {
    expect(plan().basis).toBe(basis);
  });

  test.each([
    [
      'a fingerprint',
      () =>
        planned(
          world,
          desired.map((one, n) => (n === 2 ? { ...one, fingerprint: fingerprint('c') } : one)),
        ),
    ],
    [
      'an instance',
      () =>
        planned(
          observed(
            [running, instance({}, { 'firstboot:worker': 'worker-1' })],
            [record({ current: generation(running) })],
          ),
          desired,
        ),
    ],
    ['an instance that ended', () => planned(observed([], [record({ current: generation(running) })]), desired)],
    [
      'a record',
      () => planned(observed([running], [record({ generation: 2, current: generation(running) })]), desired),
    ],
    [
      'an operation that begins',
      () => planned(observed([running], [record({ current: generation(running), operation: operation() })]), desired),
    ],
    ['the image of a launch', () => planned({ ...world, ...images('ami-2') }, desired)],
    ['a worker that goes', () => planned(world, desired.slice(0, 2))],
    [
      'a certificate that comes under 30 days',
      () =>
        planOf(
          cluster,
          desired.map(one => ({ ...one, notAfter: inDays(400) })),
          world,
          now + 280 * 86_400_000,
        ),
    ],
  ])('moves with %s', (_, plan) => {
    expect(plan().basis).not.toBe(basis);
  });

  test('does not move with an image that nobody would be launched from', () => {
    const kept = (imageId: string) => planned({ ...world, ...images(imageId) }, [worker0]).basis;
    expect(kept('ami-2')).toBe(kept('ami-1'));
  });
});

test('of a roll of very many workers the first hundred are compared, and the others say so', () => {
  const details = {
    previous: new Map(),
    notCompared: new Set(['worker-0']),
    describe: () => undefined,
    pods: undefined,
    budgets: [],
    podsProblem: undefined,
    occupants: new Map(),
  };
  const world = observed([drifted], [record({ current: generation(drifted) })]);
  const [action] = planOf(cluster, [worker0], world, now, { details }).actions;
  expect(action?.reasons[0]?.text).toBe('its fingerprint changed (one of too many to compare)');
  expect(planOf(cluster, [worker0], world, now, { details }).basis).toBe(planned(world).basis);
});
