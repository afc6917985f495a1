import type { Compute, ReservationView } from '../../ports/compute.ts';
import { checkCapacity, checkQuota, reservationState, usedReservations, viewReservation } from './ec2-capacity.ts';
import { digestOf, type Moment } from './ec2-launch.ts';
import { newId, type StoredReservation } from './ec2-state.ts';
import { checkTags } from './ec2-tags.ts';
import { typeFacts } from './ec2-types.ts';
import { ask, type Ec2World, isOfCluster } from './ec2-world.ts';

/** Reservations as Describe shows them: those that ended too. */
export function seenReservations({ state }: Ec2World, { seen }: Moment): readonly ReservationView[] {
  const used = usedReservations(state, seen);
  return Object.values(state.reservations)
    .filter(one => one.createdAt <= seen)
    .map(one => viewReservation(one, seen, used));
}

/** The calls that have to do with On-Demand Capacity Reservations: Amazon EC2 User Guide, of that name. */
export function reservationCalls(
  world: Ec2World,
): Pick<Compute, 'reserveCapacity' | 'reservations' | 'cancelReservation'> {
  const { state } = world;
  return {
    reserveCapacity: request =>
      ask(world, 'CreateCapacityReservation', (fail, { now }) => {
        const { clientToken, instanceType, zone, ends, tags } = request;
        const token = `reservation ${clientToken}`;
        const used = state.tokens[token];
        if (used && used.request !== digestOf(request))
          fail(
            'IdempotentParameterMismatch',
            'The request uses the same client token as a previous, but non-identical request.',
          );
        if (used)
          return viewReservation(state.reservations[used.id] as StoredReservation, now, usedReservations(state, now));
        checkTags(fail, tags);
        if (!typeFacts(instanceType))
          fail('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`);
        if (!Object.values(state.subnets).some(subnet => subnet.zone === zone))
          fail('InvalidParameterValue', `Invalid availability zone: [${zone}]`);
        if (ends <= now) fail('InvalidParameterValue', 'The end date must be in the future.');
        checkQuota(state, fail, instanceType, false, now);
        checkCapacity(state, fail, instanceType, zone, now);
        const reservationId = newId(state, 'cr', now);
        const history = [{ at: now, tags }];
        const made = { reservationId, instanceType, zone, createdAt: now, ends, cancelledAt: null, tags: history };
        state.reservations[reservationId] = made;
        state.tokens[token] = { request: digestOf(request), id: reservationId };
        return viewReservation(made, now, new Set());
      }),

    reservations: cluster =>
      ask(world, 'DescribeCapacityReservations', (_fail, moment) =>
        seenReservations(world, moment).filter(isOfCluster(cluster)),
      ),

    cancelReservation: reservationId =>
      ask(world, 'CancelCapacityReservation', (_fail, { now }) => {
        const one = state.reservations[reservationId];
        if (one && reservationState(one, now) === 'active') one.cancelledAt = now;
      }),
  };
}
