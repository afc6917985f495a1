import { CallError } from '../diagnostics/call-error.ts';

/** EC2 has no instance of this type to give here and now; another type may be had. No instance was made. */
const elsewhere = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientCapacity',
  'InsufficientHostCapacity',
  'InsufficientReservedInstanceCapacity',
  'ReservationCapacityExceeded',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
  'Unsupported',
  'InstanceLimitExceeded',
  'InstanceTypeLimitExceeded',
  'ReservedInstancesLimitExceeded',
  'VcpuLimitExceeded',
  'MaxSpotInstanceCountExceeded',
  'InvalidInstanceType',
]);

export function isCapacityError(error: unknown): error is CallError {
  return error instanceof CallError && elsewhere.has(error.code);
}
