import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import type { Interruption } from '../../src/local/cloud/ec2-end.ts';
import type { LaunchRequest } from '../../src/ports/compute.ts';
import { exampleCluster, launchRequest, type TestCloud, testCloud } from '../support/cloud.ts';

const subnetId = 'subnet-0123456789abcdef0';
const cluster = exampleCluster();

type Step =
  | {
      readonly kind: 'launch';
      readonly token: number;
      readonly ip: number;
      readonly kept: boolean;
      readonly type: number;
    }
  | { readonly kind: 'terminate' | 'protect' | 'interrupt'; readonly which: number; readonly how: number }
  | { readonly kind: 'make' | 'unmake'; readonly ip: number }
  | { readonly kind: 'reserve' | 'cancel'; readonly which: number }
  | { readonly kind: 'capacity'; readonly more: number }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'restart' };

const few = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('launch' as const),
      token: fc.integer({ min: 0, max: 11 }),
      ip: few,
      kept: fc.boolean(),
      type: fc.integer({ min: 0, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('terminate', 'protect', 'interrupt'),
      which: few,
      how: fc.integer({ min: 0, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('make', 'unmake'), ip: few }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('reserve', 'cancel'), which: few }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('capacity' as const), more: fc.integer({ min: 0, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.constantFrom(0, 500, 2000, 31_000, 4_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

/** What was answered, to be compared with what is true. */
type Answers = {
  readonly byToken: Map<string, Set<string>>;
  readonly interfaces: string[];
  readonly reservations: string[];
  readonly instances: string[];
};

async function take(cloud: TestCloud, one: Step, answers: Answers): Promise<TestCloud> {
  const { compute, ec2, clock } = cloud;
  const instanceId = 'which' in one ? (answers.instances.at(-1 - one.which) ?? 'i-00000000') : '';
  const address = 'ip' in one ? `10.0.1.${20 + one.ip}` : '';
  switch (one.kind) {
    case 'launch': {
      const request = randomLaunch(cloud, one, answers);
      const view = await compute.launch(request);
      const ids = answers.byToken.get(request.clientToken) ?? new Set();
      answers.byToken.set(request.clientToken, ids.add(view.instanceId));
      if (!answers.instances.includes(view.instanceId)) answers.instances.push(view.instanceId);
      break;
    }
    case 'terminate':
      await compute.terminate(instanceId);
      break;
    case 'protect':
      await compute.setTerminationProtection(instanceId, one.how === 0);
      break;
    case 'interrupt':
      if (answers.instances.includes(instanceId))
        ec2.interrupt(instanceId, (['spot', 'host', 'launch', 'key', 'shutdown'] as const)[one.how] as Interruption);
      break;
    case 'make': {
      const request = {
        clientToken: address,
        subnetId,
        privateIp: address,
        securityGroups: [],
        description: '',
        tags: {},
      };
      answers.interfaces[one.ip] = (await compute.createInterface(request)).interfaceId;
      break;
    }
    case 'unmake':
      await compute.deleteInterface(answers.interfaces[one.ip] ?? '');
      break;
    case 'reserve': {
      const request = { instanceType: 't3.medium', zone: 'us-east-1a', ends: clock.now() + 600_000, tags: {} };
      const made = await compute.reserveCapacity({ ...request, clientToken: `place-${answers.reservations.length}` });
      answers.reservations.push(made.reservationId);
      break;
    }
    case 'cancel':
      await compute.cancelReservation(answers.reservations[one.which] ?? '');
      break;
    case 'capacity':
      ec2.setCapacity('t3.medium', 'us-east-1a', one.more);
      break;
    case 'wait':
      await clock.advance(one.milliseconds);
      break;
    case 'restart':
      return testCloud({ cluster, clock, saved: JSON.parse(JSON.stringify(ec2.snapshot())) });
  }
  return cloud;
}

function randomLaunch(
  cloud: TestCloud,
  one: Extract<Step, { kind: 'launch' }>,
  { interfaces, reservations }: Answers,
): LaunchRequest {
  const worker = `worker-${one.ip}`;
  const privateIp = `10.0.1.${20 + one.ip}`;
  return {
    ...launchRequest(cloud),
    clientToken: `token-${one.token}`,
    instanceType: one.type === 8 ? 't4g.medium' : one.type < 4 ? 't3.medium' : 't3.large',
    network: one.kept
      ? { kind: 'interface', interfaceId: interfaces[one.ip] ?? 'eni-00000000' }
      : { kind: 'address', privateIp, securityGroups: [] },
    reservationId: (one.type === 0 && reservations.at(-1)) || null,
    // An address belongs to one worker, as in a spec: so two live instances of a worker would share it.
    tags: { 'firstboot:cluster': 'from-scratch', 'firstboot:worker': worker },
  };
}

test('whatever is done in whatever order, nothing is held twice and a token stands for one instance', async () => {
  let launches = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), async steps => {
      let cloud = testCloud({ cluster });
      const answers: Answers = { byToken: new Map(), interfaces: [], reservations: [], instances: [] };
      for (const one of steps) {
        try {
          cloud = await take(cloud, one, answers);
        } catch (error) {
          if (!(error instanceof CallError)) throw error;
          refused++;
        }
      }
      expect(cloud.violations()).toEqual([]);
      for (const ids of answers.byToken.values()) expect(ids.size).toBe(1);
      const live = cloud.ec2.audit().filter(({ kind }) => kind === 'instance');
      expect(live.map(({ id }) => id).toSorted()).toEqual(answers.instances.toSorted());
      launches += live.length;
      return true;
    }),
    { numRuns: 150 },
  );
  // The sequences get somewhere: instances come about, and are refused.
  expect(launches).toBeGreaterThan(200);
  expect(refused).toBeGreaterThan(1500);
});
