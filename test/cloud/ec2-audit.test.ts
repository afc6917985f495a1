import { expect, test } from 'vitest';
import { type Holding, violations } from '../../src/local/cloud/ec2-audit.ts';
import { launchRequest, testCloud } from '../support/cloud.ts';

function holding(change: Partial<Holding>): Holding {
  const base = { kind: 'instance', id: 'i-1', instanceId: 'i-1', cluster: 'c', worker: 'w', from: 0, until: null };
  return { ...base, ...change } as Holding;
}

test.each<[string, readonly Partial<Holding>[], number]>([
  ['two live instances of a worker', [{ until: 10 }, { id: 'i-2', from: 9 }], 1],
  ['one after the other', [{ until: 10 }, { id: 'i-2', from: 10 }], 0],
  ['a long one around two short ones', [{ until: 10 }, { id: 'i-2', from: 1, until: 2 }, { id: 'i-3', from: 3 }], 2],
  ['workers of two clusters', [{}, { id: 'i-2', cluster: 'd' }], 0],
  ['two workers', [{}, { id: 'i-2', worker: 'v' }], 0],
  ['instances of nobody', [{ worker: null }, { id: 'i-2', worker: null }], 0],
  [
    'an address held twice',
    [
      { kind: 'address', id: 'subnet-1 10.0.1.20' },
      { kind: 'address', id: 'subnet-1 10.0.1.20', worker: 'v', from: 5 },
    ],
    1,
  ],
  [
    'an interface held twice',
    [
      { kind: 'interface', id: 'eni-1', until: 6 },
      { kind: 'interface', id: 'eni-1', from: 5, worker: 'v' },
    ],
    1,
  ],
])('%s', (_what, holdings, count) => {
  expect(violations(holdings.map(holding))).toHaveLength(count);
});

test('two live instances of one worker are told of, by name', async () => {
  const cloud = testCloud();
  await cloud.compute.launch(launchRequest(cloud));
  const second = { ...launchRequest(cloud, {}, 'worker-1'), tags: launchRequest(cloud).tags };
  await cloud.compute.launch(second);
  expect(cloud.violations()).toEqual([
    expect.stringMatching(/^worker from-scratch\/worker-0: i-\w+ from \d+, while i-\w+ had it/),
  ]);
});

test('what was held, and until when', async () => {
  const cloud = testCloud();
  const { clock, compute, ec2 } = cloud;
  const from = clock.now();
  const { instanceId, interfaceIds } = await compute.launch(launchRequest(cloud));
  await clock.advance(10_000);
  await compute.terminate(instanceId);
  await clock.advance(10_000_000);
  const whose = { instanceId, cluster: 'from-scratch', worker: 'worker-0', from };
  expect(ec2.audit()).toEqual([
    { kind: 'instance', id: instanceId, ...whose, until: from + 40_000 },
    { kind: 'interface', id: interfaceIds[0], ...whose, until: from + 42_000 },
    { kind: 'address', id: 'subnet-0123456789abcdef0 10.0.1.20', ...whose, until: from + 42_000 },
  ]);
});
