import { expect, test } from 'vitest';
import type { ReservationRequest } from '../../src/ports/compute.ts';
import { launchRequest, type TestCloud, testCloud, testPace, testStart } from '../support/cloud.ts';
import { outcome, refusal } from './refusals.ts';

function reservation(change: Partial<ReservationRequest> = {}): ReservationRequest {
  return {
    clientToken: 'place-of-worker-0',
    instanceType: 't3.medium',
    zone: 'us-east-1a',
    ends: testStart + 3_600_000,
    tags: { 'firstboot:cluster': 'from-scratch' },
    ...change,
  };
}

const of = (cloud: TestCloud, worker: string, reservationId: string | null) =>
  launchRequest(cloud, { reservationId }, worker);

test('no capacity is said by type and zone with 500, and comes back with what is terminated', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, clock, ec2 } = cloud;
  ec2.setCapacity('t3.medium', 'us-east-1a', 1);
  const { instanceId } = await compute.launch(launchRequest(cloud));
  expect(await refusal(compute.launch(launchRequest(cloud, {}, 'worker-1')))).toMatchObject({
    code: 'InsufficientInstanceCapacity',
    status: 500,
    message: expect.stringMatching(/sufficient t3.medium capacity .*\(us-east-1a\)/),
  });
  await compute.terminate(instanceId);
  await clock.advance(testPace.shuttingDownFor);
  expect(await outcome(compute.launch(launchRequest(cloud, {}, 'worker-1')))).toBe('ok');
  expect(await outcome(compute.reserveCapacity(reservation()))).toBe('InsufficientInstanceCapacity');
  ec2.setCapacity('t3.medium', 'us-east-1a', 'any');
  expect(await outcome(compute.reserveCapacity(reservation()))).toBe('ok');
});

test('a reservation keeps a place for the one launch that names it', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, ec2 } = cloud;
  ec2.setCapacity('t3.medium', 'us-east-1a', 1);
  const { reservationId, free, state } = await compute.reserveCapacity(reservation());
  expect({ free, state }).toEqual({ free: 1, state: 'active' });
  expect(await outcome(compute.launch(of(cloud, 'worker-1', null)))).toBe('InsufficientInstanceCapacity');
  expect(await outcome(compute.launch(of(cloud, 'worker-0', reservationId)))).toBe('ok');
  expect((await compute.reservations('from-scratch'))[0]?.free).toBe(0);
  expect(await outcome(compute.launch(of(cloud, 'worker-1', reservationId)))).toBe('ReservationCapacityExceeded');
  await compute.cancelReservation(reservationId);
  await compute.cancelReservation(reservationId);
  await compute.cancelReservation('cr-00000000000000000');
  expect((await compute.reservations('from-scratch'))[0]).toMatchObject({ state: 'cancelled', free: 0 });
  // Its instance goes on, and keeps its place.
  expect(await outcome(compute.launch(of(cloud, 'worker-1', null)))).toBe('InsufficientInstanceCapacity');
});

test('a reservation cancelled unused gives its place back', async () => {
  const cloud = testCloud();
  const { compute, ec2 } = cloud;
  ec2.setCapacity('t3.medium', 'us-east-1a', 1);
  const { reservationId } = await compute.reserveCapacity(reservation());
  await compute.cancelReservation(reservationId);
  expect(await outcome(compute.launch(of(cloud, 'worker-0', reservationId)))).toBe('InvalidCapacityReservationState');
  expect(await outcome(compute.launch(of(cloud, 'worker-0', null)))).toBe('ok');
});

test('it expires by itself; its type and zone must be the instance’s', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, clock } = cloud;
  const { reservationId } = await compute.reserveCapacity(reservation({ instanceType: 't3.large' }));
  expect(await outcome(compute.launch(of(cloud, 'worker-0', reservationId)))).toBe('InvalidParameterValue');
  expect(await outcome(compute.launch(of(cloud, 'worker-0', 'cr-00000000')))).toBe(
    'InvalidCapacityReservationId.NotFound',
  );
  await clock.advance(3_600_000);
  expect((await compute.reservations('from-scratch'))[0]).toMatchObject({ state: 'expired', free: 0 });
});

test('its token: the same again, another request refused', async () => {
  const { compute } = testCloud();
  const { reservationId } = await compute.reserveCapacity(reservation());
  expect((await compute.reserveCapacity(reservation())).reservationId).toBe(reservationId);
  expect(await outcome(compute.reserveCapacity(reservation({ instanceType: 't3.large' })))).toBe(
    'IdempotentParameterMismatch',
  );
});

test.each([
  [{ instanceType: 't3' }, 'InvalidParameterValue'],
  [{ zone: 'us-east-1z' }, 'InvalidParameterValue'],
  [{ ends: testStart }, 'InvalidParameterValue'],
  [{ tags: { 'aws:x': '' } }, 'InvalidParameterValue'],
])('a reservation with %o: %s', async (change, code) => {
  expect(await outcome(testCloud().compute.reserveCapacity(reservation(change)))).toBe(code);
});

test('a new reservation is listed a little late, and usable at once', async () => {
  const cloud = testCloud();
  const { reservationId } = await cloud.compute.reserveCapacity(reservation());
  expect(await cloud.compute.reservations('from-scratch')).toEqual([]);
  expect(await outcome(cloud.compute.launch(of(cloud, 'worker-0', reservationId)))).toBe('ok');
  await cloud.clock.advance(testPace.describeLag);
  expect(await cloud.compute.reservations('from-scratch')).toHaveLength(1);
});

test('quotas: vCPUs (reservations count), instances, spot instances', async () => {
  const cloud = testCloud();
  const { compute, ec2 } = cloud;
  ec2.setQuota({ vcpus: 4 });
  const { reservationId } = await compute.reserveCapacity(reservation());
  await compute.launch(of(cloud, 'worker-0', reservationId));
  expect(await outcome(compute.launch(launchRequest(cloud, { instanceType: 't3.xlarge' }, 'worker-1')))).toBe(
    'VcpuLimitExceeded',
  );
  const second = reservation({ clientToken: 'second', instanceType: 't3.xlarge' });
  expect(await outcome(compute.reserveCapacity(second))).toBe('VcpuLimitExceeded');
  ec2.setQuota({ vcpus: null, instances: 1 });
  expect(await outcome(compute.launch(launchRequest(cloud, {}, 'worker-1')))).toBe('InstanceLimitExceeded');
  ec2.setQuota({ spotInstances: 0 });
  expect(await outcome(compute.launch(launchRequest(cloud, { spot: true }, 'worker-1')))).toBe(
    'MaxSpotInstanceCountExceeded',
  );
  ec2.setQuota({ spotInstances: 1 });
  expect(await outcome(compute.launch(launchRequest(cloud, { spot: true }, 'worker-1')))).toBe('ok');
});
