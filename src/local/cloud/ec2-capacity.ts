import type { ReservationView } from '../../ports/compute.ts';
import type { Fail } from './ec2-errors.ts';
import { isLiveAt } from './ec2-life.ts';
import { type Ec2State, type StoredInstance, type StoredReservation, tagsAt } from './ec2-state.ts';
import { typeFacts } from './ec2-types.ts';

/** EC2 API Reference, CapacityReservation, “state”. */
export function reservationState(one: StoredReservation, at: number): 'active' | 'cancelled' | 'expired' {
  if (one.cancelledAt !== null && at >= one.cancelledAt) return 'cancelled';
  return at >= one.ends ? 'expired' : 'active';
}

/** `used`: see usedReservations. */
export function viewReservation(one: StoredReservation, at: number, used: ReadonlySet<string>): ReservationView {
  return {
    reservationId: one.reservationId,
    instanceType: one.instanceType,
    zone: one.zone,
    state: reservationState(one, at),
    free: freeIn(one, at, used),
    tags: tagsAt(one.tags, at),
  };
}

/** IDs of the reservations in which an instance lives. */
export function usedReservations(state: Ec2State, at: number): ReadonlySet<string> {
  return new Set(live(state, at).flatMap(({ request }) => request.reservationId ?? []));
}

function freeIn(one: StoredReservation, at: number, used: ReadonlySet<string>): number {
  return reservationState(one, at) === 'active' && !used.has(one.reservationId) ? 1 : 0;
}

/** How many places of a type in a zone are taken: by instances and by reservations, used or not. */
export function placesTaken(state: Ec2State, instanceType: string, zone: string, at: number): number {
  const active = Object.values(state.reservations).filter(one => reservationState(one, at) === 'active');
  const reserved = active.filter(one => one.instanceType === instanceType && one.zone === zone);
  const ids = new Set(active.map(({ reservationId }) => reservationId));
  const others = live(state, at).filter(
    ({ request, zone: where }) =>
      request.instanceType === instanceType && where === zone && !ids.has(request.reservationId ?? ''),
  );
  return reserved.length + others.length;
}

/** Refuses when there is no room for one more, be it an instance or a reservation. */
export function checkCapacity(state: Ec2State, fail: Fail, instanceType: string, zone: string, now: number): void {
  const limit = state.capacity[`${instanceType} ${zone}`];
  if (limit !== undefined && placesTaken(state, instanceType, zone, now) >= limit)
    fail(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`,
    );
}

/** Refuses a launch that a reservation cannot take: EC2 API Reference, “Error codes”. */
export function checkReservation(
  state: Ec2State,
  fail: Fail,
  reservationId: string,
  instanceType: string,
  zone: string,
  now: number,
): void {
  const one =
    state.reservations[reservationId] ??
    fail('InvalidCapacityReservationId.NotFound', `The capacity reservation ID '${reservationId}' does not exist`);
  if (reservationState(one, now) !== 'active')
    fail('InvalidCapacityReservationState', `The capacity reservation '${reservationId}' is not in the active state.`);
  if (one.instanceType !== instanceType || one.zone !== zone)
    fail(
      'InvalidParameterValue',
      `The attributes of the capacity reservation '${reservationId}' (${one.instanceType}, ${one.zone}) do not match those of the instance (${instanceType}, ${zone}).`,
    );
  if (freeIn(one, now, usedReservations(state, now)) === 0)
    fail(
      'ReservationCapacityExceeded',
      `The requested reservation does not have sufficient compatible and available capacity for this request.`,
    );
}

/** Quotas of the account; a reservation that nothing lives in counts like an instance. */
export function checkQuota(state: Ec2State, fail: Fail, instanceType: string, spot: boolean, now: number): void {
  const { vcpus, instances, spotInstances } = state.quota;
  if (vcpus === null && instances === null && spotInstances === null) return;
  const running = live(state, now).filter(({ request }) => request.spot === spot);
  if (spot && spotInstances !== null && running.length >= spotInstances)
    fail('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded');
  if (spot) return;
  if (instances !== null && running.length >= instances)
    fail(
      'InstanceLimitExceeded',
      `You have requested more instances (${running.length + 1}) than your current instance limit of ${instances} allows for the specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
    );
  const used = usedReservations(state, now);
  const unused = Object.values(state.reservations).filter(one => freeIn(one, now, used) > 0);
  const types = [instanceType, ...running.map(({ request }) => request.instanceType)];
  const names = [...types, ...unused.map(one => one.instanceType)];
  if (vcpus !== null && names.reduce((sum, name) => sum + (typeFacts(name)?.vcpus ?? 0), 0) > vcpus)
    fail(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${vcpus} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
    );
}

function live(state: Ec2State, at: number): readonly StoredInstance[] {
  return Object.values(state.instances).filter(one => isLiveAt(one, at));
}
