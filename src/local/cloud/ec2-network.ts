import { contains, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { Fail } from './ec2-errors.ts';
import { existsAt, holderAt } from './ec2-life.ts';
import type { Ec2State, StoredInterface, StoredSubnet } from './ec2-state.ts';

/** The first four addresses and the last: Amazon VPC User Guide, “Subnet CIDR blocks”. */
const reservedAddresses = 5;

export function findSubnet(state: Ec2State, fail: Fail, subnetId: string): StoredSubnet {
  return state.subnets[subnetId] ?? fail('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
}

export function freeAddresses(state: Ec2State, subnet: StoredSubnet, now: number): number {
  const range = parseCidr(subnet.cidr);
  const size = range ? range.last - range.first + 1 : 0;
  const held = Object.values(state.interfaces).filter(
    one => one.subnetId === subnet.subnetId && existsAt(one, now),
  ).length;
  return Math.max(0, size - reservedAddresses - subnet.taken - held);
}

/** Whatever interface has an address at this moment, seen or not. */
export function interfaceWith(
  state: Ec2State,
  subnetId: string,
  privateIp: string,
  at: number,
): StoredInterface | undefined {
  return Object.values(state.interfaces).find(
    one => one.privateIp === privateIp && one.subnetId === subnetId && existsAt(one, at),
  );
}

/** Refuses an address that a new interface in the subnet cannot have. */
export function checkAddress(state: Ec2State, fail: Fail, subnet: StoredSubnet, privateIp: string, now: number): void {
  const range = parseCidr(subnet.cidr);
  const address = parseIpv4(privateIp);
  if (address === undefined) fail('InvalidParameterValue', `invalid value for parameter address: ${privateIp}`);
  else if (!range || !contains(range, address))
    fail('InvalidParameterValue', `Address ${privateIp} does not fall within the subnet's address range`);
  else if (address < range.first + 4 || address === range.last)
    fail('InvalidParameterValue', `Address ${privateIp} is in subnet's reserved address range`);
  if (interfaceWith(state, subnet.subnetId, privateIp, now))
    fail('InvalidIPAddress.InUse', `Address ${privateIp} is in use.`);
  if (freeAddresses(state, subnet, now) === 0)
    fail(
      'InsufficientFreeAddressesInSubnet',
      `There are not enough free addresses in subnet '${subnet.subnetId}' to satisfy the requested number of instances.`,
    );
}

export function checkGroups(state: Ec2State, fail: Fail, groups: readonly string[]): void {
  const unknown = groups.find(group => !state.securityGroups.includes(group));
  if (unknown !== undefined) fail('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
}

/** An interface that can be attached: there (and known everywhere: `seen`, a moment before now) and free. */
export function findFreeInterface(
  state: Ec2State,
  fail: Fail,
  interfaceId: string,
  now: number,
  seen: number,
): StoredInterface {
  const found = state.interfaces[interfaceId];
  if (!found || !existsAt(found, now) || found.createdAt > seen)
    return fail('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${interfaceId}' does not exist`);
  if (holderAt(found, now) !== undefined) fail('InvalidNetworkInterface.InUse', `Interface: [${interfaceId}] in use.`);
  return found;
}
