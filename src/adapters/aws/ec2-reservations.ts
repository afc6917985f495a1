import type { CreateCapacityReservationCommandInput, EC2Client } from '@aws-sdk/client-ec2';
import { CallError } from '../../diagnostics/call-error.ts';
import type { Compute } from '../../ports/compute.ts';
import { absentAs, called } from './call-errors.ts';
import { tagSpecification } from './ec2-launch.ts';
import { all, clusterTag } from './ec2-pages.ts';
import { reservationView } from './ec2-views.ts';
import {
  CancelCapacityReservationCommand,
  CreateCapacityReservationCommand,
  DescribeCapacityReservationsCommand,
} from './sdk.ts';

/** Targeted: only the launch that names the reservation uses it. */
export function ec2Reservations(
  ec2: EC2Client,
): Pick<Compute, 'reserveCapacity' | 'reservations' | 'cancelReservation'> {
  return {
    reserveCapacity: async request => {
      const { CapacityReservation: made } = await called('EC2', 'CreateCapacityReservation', () =>
        ec2.send(
          new CreateCapacityReservationCommand({
            ClientToken: request.clientToken,
            InstanceType: request.instanceType as CreateCapacityReservationCommandInput['InstanceType'],
            InstancePlatform: (request.platform ??
              'Linux/UNIX') as CreateCapacityReservationCommandInput['InstancePlatform'],
            AvailabilityZone: request.zone,
            InstanceCount: 1,
            InstanceMatchCriteria: 'targeted',
            EndDateType: 'limited',
            EndDate: new Date(request.ends),
            TagSpecifications: [tagSpecification('capacity-reservation', request.tags)],
          }),
        ),
      );
      if (!made) {
        const message = 'the answer names no reservation';
        throw new CallError('EC2', 'CreateCapacityReservation', 'NoResponse', message, undefined);
      }
      return reservationView(made);
    },
    // EC2 has no filter by tag for these.
    reservations: async cluster => {
      const found = await all(async NextToken => {
        const page = await called('EC2', 'DescribeCapacityReservations', () =>
          ec2.send(new DescribeCapacityReservationsCommand({ MaxResults: 1000, NextToken })),
        );
        return [page.CapacityReservations, page.NextToken];
      });
      return found.map(reservationView).filter(({ tags }) => tags[clusterTag] === cluster);
    },
    cancelReservation: async CapacityReservationId => {
      await absentAs(['InvalidCapacityReservationId.NotFound', 'InvalidCapacityReservationState'], () =>
        called('EC2', 'CancelCapacityReservation', () =>
          ec2.send(new CancelCapacityReservationCommand({ CapacityReservationId })),
        ),
      );
    },
  };
}
