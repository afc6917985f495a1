import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../src/local/cloud/clock.ts';
import { faultCalls, parseFaultRule } from '../../src/local/cloud/fault-rules.ts';
import { createTokenBuckets, resourceRate } from '../../src/local/cloud/token-buckets.ts';
import { launchRequest, testCloud, testStart } from '../support/cloud.ts';
import { outcome, refusal } from './refusals.ts';

describe('request rates', () => {
  test.each([
    ['RunInstances', 5, 2],
    ['DescribeInstances', 100, 20],
    ['TerminateInstances', 100, 5],
    ['CreateTags', 100, 10],
    ['ModifyInstanceAttribute', 50, 5],
  ] as const)('%s: %i at once, then %i a second', async (name, atOnce, perSecond) => {
    const cloud = testCloud({ throttled: true, pace: { describeLag: 0 } });
    const { compute, clock } = cloud;
    const request = launchRequest(cloud);
    const { instanceId } = await compute.launch(request);
    await clock.advance(60_000);
    const calls = {
      RunInstances: () => compute.launch(request),
      DescribeInstances: () => compute.instance(instanceId),
      TerminateInstances: () => compute.terminate(instanceId),
      CreateTags: () => compute.tag([instanceId], { a: 'b' }),
      ModifyInstanceAttribute: () => compute.setTerminationProtection(instanceId, false),
    };
    const passed = async () => {
      let count = 0;
      for (let index = 0; index < 110; index++) if ((await outcome(calls[name]())) === 'ok') count++;
      return count;
    };
    expect(await passed()).toBe(atOnce);
    await clock.advance(1000);
    expect(await passed()).toBe(perSecond);
    expect(await refusal(calls[name]())).toMatchObject({ code: 'RequestLimitExceeded', status: 503 });
  });

  test('a try counts as a launch; other calls have buckets of their own', async () => {
    const cloud = testCloud({ throttled: true });
    const request = launchRequest(cloud);
    for (let index = 0; index < 5; index++) await cloud.compute.tryLaunch(request);
    expect(await outcome(cloud.compute.launch(request))).toBe('RequestLimitExceeded');
    expect(await outcome(cloud.compute.subnet(request.subnetId))).toBe('ok');
  });

  test('1,000 launches take as long as RunInstances allows: 497.5 s', async () => {
    const cloud = testCloud({ throttled: true });
    const { compute, clock, ec2 } = cloud;
    ec2.add({ subnets: [{ subnetId: 'subnet-11111111', vpcId: 'v', zone: 'us-east-1b', cidr: '10.1.0.0/16' }] });
    const launchOne = async (index: number) => {
      const privateIp = `10.1.${1 + (index >> 8)}.${index & 255}`;
      const request = launchRequest(cloud, {
        clientToken: `token-${index}`,
        subnetId: 'subnet-11111111',
        network: { kind: 'address', privateIp, securityGroups: [] },
      });
      await clock.sleep(Math.max(0, index - 4) * 500);
      await compute.launch(request);
    };
    await Promise.all(Array.from({ length: 1000 }, (_, index) => launchOne(index)));
    expect(clock.now() - testStart).toBe(497_500);
    expect(ec2.callCounts()).toEqual({ RunInstances: 1000 });
  });

  test('the second bucket, by instances: 1,000 at once, then 2 a second', () => {
    let now = 0;
    const buckets = createTokenBuckets(
      name => resourceRate(name) ?? { size: 0, perSecond: 0 },
      () => now,
    );
    expect(buckets.take('RunInstances', 999)).toBe(true);
    expect(buckets.take('RunInstances', 2)).toBe(false);
    expect(buckets.take('RunInstances')).toBe(true);
    now += 1500;
    expect([1, 2, 1, 1].map(count => buckets.take('RunInstances', count))).toEqual([true, true, false, false]);
    now += 3_600_000;
    expect(buckets.take('RunInstances', 1001)).toBe(false);
    expect(buckets.take('TerminateInstances', 1000)).toBe(true);
    expect(buckets.take('DescribeInstances')).toBe(false);
  });
});

describe('faults', () => {
  test('an error in place of the call', async () => {
    const cloud = testCloud({ faults: ['RunInstances@2=InternalError'] });
    const launch = (worker: string) => cloud.compute.launch(launchRequest(cloud, {}, worker));
    await launch('worker-0');
    expect(await refusal(launch('worker-1'))).toMatchObject({ code: 'InternalError', status: 500 });
    expect(cloud.ec2.audit().filter(({ kind }) => kind === 'instance')).toHaveLength(1);
    await launch('worker-1');
  });

  test('a lost answer: it was carried out, and the same token finds it', async () => {
    const cloud = testCloud({ faults: ['RunInstances@1=lost'] });
    const request = launchRequest(cloud);
    expect(await refusal(cloud.compute.launch(request))).toMatchObject({ code: 'NoResponse', status: undefined });
    const [holding] = cloud.ec2.audit();
    expect((await cloud.compute.launch(request)).instanceId).toBe(holding?.instanceId);
  });

  test('a lost request: it was not carried out', async () => {
    const cloud = testCloud({ faults: ['RunInstances@1=NoResponse'] });
    expect(await outcome(cloud.compute.launch(launchRequest(cloud)))).toBe('NoResponse');
    expect(cloud.ec2.audit()).toEqual([]);
  });

  test('a delay, on every call, S3’s too', async () => {
    const cloud = testCloud({ faults: ['DescribeSubnets=delay:10s', 'ListObjectsV2=delay:1m'] });
    await cloud.compute.subnet('subnet-0123456789abcdef0');
    await cloud.compute.subnet('subnet-0123456789abcdef0');
    await cloud.store().list('');
    expect(cloud.clock.now() - testStart).toBe(80_000);
  });

  test('a fault of the real thing spares the try, and the other way round', async () => {
    const cloud = testCloud({ faults: ['RunInstances:DryRun=UnauthorizedOperation'] });
    expect(await refusal(cloud.compute.tryLaunch(launchRequest(cloud)))).toMatchObject({
      code: 'UnauthorizedOperation',
      status: 403,
    });
    expect(await outcome(cloud.compute.launch(launchRequest(cloud)))).toBe('ok');
  });

  test.each([
    ['RunInstances@1=lost', { call: 'RunInstances', nth: 1, effect: { kind: 'lost' } }],
    ['PutObject=SlowDown', { call: 'PutObject', effect: { kind: 'error', code: 'SlowDown' } }],
    ['GetObject@12=delay:250ms', { call: 'GetObject', nth: 12, effect: { kind: 'delay', milliseconds: 250 } }],
    [
      'RunInstances=InvalidIPAddress.InUse',
      { call: 'RunInstances', effect: { kind: 'error', code: 'InvalidIPAddress.InUse' } },
    ],
  ])('%s', (text, rule) => {
    expect(parseFaultRule(text)).toEqual(rule);
  });

  test.each([
    ['RunInstance=lost', 'there is no call “RunInstance” in the embedded cloud', 'did you mean RunInstances?'],
    ['Fly=lost', 'there is no call “Fly” in the embedded cloud', 'among the calls are RunInstances'],
    ['RunInstances', '“RunInstances” is not a fault', 'CALL[@N]=CODE'],
    ['RunInstances@0=lost', '“RunInstances@0=lost” is not a fault', 'CALL[@N]=CODE'],
    ['RunInstances=', '“RunInstances=” is not a fault', 'CALL[@N]=CODE'],
    ['RunInstances=broken', '“broken” is not an effect', 'CALL[@N]=CODE'],
    ['RunInstances=delay:5', '“delay:5” is not an effect', 'CALL[@N]=CODE'],
  ])('%s is refused', (text, problem, hint) => {
    expect(parseFaultRule(text)).toEqual({ problem, hint: expect.stringContaining(hint) });
  });

  test('every call that is made can be hit', async () => {
    const cloud = testCloud({ pace: { describeLag: 0 } });
    const { compute, clock, ec2 } = cloud;
    const { instanceId } = await compute.launch(launchRequest(cloud));
    const store = cloud.store();
    await store.put({ key: 'a', bytes: new Uint8Array(1) });
    await Promise.all([store.get('a'), store.head('a'), store.list(''), store.posture()]);
    await store.remove(await store.versions(''));
    await Promise.all([compute.caller(), compute.tryLaunch(launchRequest(cloud, {}, 'worker-1'))]);
    await Promise.all([compute.instanceTypes([]), compute.consoleOutput(instanceId), compute.tag([instanceId], {})]);
    await Promise.all([compute.image(cluster(cloud)), compute.subnet('subnet-0123456789abcdef0')]);
    await Promise.all([compute.interfaces('x'), compute.reservations('x'), compute.cancelReservation('x')]);
    await Promise.all([
      compute.deleteInterface('x'),
      ec2.calls.describeVolumes(),
      ec2.calls.describeAttributes(instanceId),
    ]);
    await clock.advance(1);
    const made = Object.keys({ ...ec2.callCounts(), ...cloud.s3.callCounts() });
    expect(made.filter(call => !faultCalls.some(known => known === call))).toEqual([]);
    expect(made.length).toBeGreaterThan(25);
  });
});

const cluster = ({ cluster: { aws } }: ReturnType<typeof testCloud>) => aws.image.amd64 ?? '';

describe('the watch', () => {
  test('sees each call before and after; what it throws becomes the answer', async () => {
    const seen: string[] = [];
    const watch = {
      before(call: string) {
        seen.push(`before ${call}`);
        if (seen.length === 5) throw new Error('cut before');
      },
      after(call: string) {
        seen.push(`after ${call}`);
        if (seen.length === 4) throw new Error('cut after');
      },
    };
    const cloud = testCloud({ watch });
    const { compute } = cloud;
    await expect(compute.subnet('subnet-00000000')).rejects.toThrow('does not exist');
    await expect(compute.launch(launchRequest(cloud))).rejects.toThrow('cut after');
    await expect(compute.launch(launchRequest(cloud, {}, 'worker-1'))).rejects.toThrow('cut before');
    expect(seen).toEqual([
      'before DescribeSubnets',
      'after DescribeSubnets',
      'before RunInstances',
      'after RunInstances',
      'before RunInstances',
    ]);
    expect(cloud.ec2.audit().filter(({ kind }) => kind === 'instance')).toHaveLength(1);
  });
});

describe('the virtual clock', () => {
  test('sleepers wake in order, at their moments; hours pass at once', async () => {
    const clock = createVirtualClock(0);
    const woken: string[] = [];
    const nap = async (name: string, ...times: readonly number[]) => {
      for (const time of times) {
        await clock.sleep(time);
        woken.push(`${name} ${clock.now()}`);
      }
    };
    await Promise.all([nap('a', 3, 3), nap('b', 2, 2, 2), nap('c', 0), nap('d', 3_600_000), nap('e', 3)]);
    expect(woken).toEqual(['c 0', 'b 2', 'a 3', 'e 3', 'b 4', 'a 6', 'b 6', 'd 3600000']);
  });

  test('an aborted sleep rejects with the reason and lets no time pass', async () => {
    const clock = createVirtualClock(0);
    const stop = new AbortController();
    const sleeping = clock.sleep(1000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough');
    await clock.advance(5);
    expect(clock.now()).toBe(5);
  });

  test('time stands still during real work', async () => {
    const clock = createVirtualClock(0);
    const nap = clock.sleep(1000);
    await clock.during(new Promise(resolve => setTimeout(resolve, 20)));
    expect(clock.now()).toBe(0);
    await nap;
    expect(clock.now()).toBe(1000);
  });
});
