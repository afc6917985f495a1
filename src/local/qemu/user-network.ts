import { isIPv4 } from 'node:net';
import { formatIpv4 } from '../../spec/address.ts';
import { metadataListens } from './bridge.ts';
import { type ApiServer, isInside, metadataAddress, type Subnet } from './network.ts';
import type { RoomSetup } from './room-messages.ts';

/**
 * The network of a room whose machine has QEMU's user networking: what the machine dials, QEMU dials from the room; the
 * gateway it takes for loopback (libslirp, sotranslate_out).
 */
export function userSetup(ip: string, subnet: Subnet, server: ApiServer | undefined): RoomSetup {
  const isGateway = server?.host === subnet.gateway;
  const addresses = [metadataAddress, ...(server && !isGateway ? [server.host] : [])];
  return {
    steps: [
      { argv: [ip, 'link', 'set', 'lo', 'up'] },
      ...addresses.map(address => ({ argv: [ip, 'address', 'add', `${address}/32`, 'dev', 'lo'] as const })),
    ],
    listens: [
      ...metadataListens,
      ...(server ? [{ name: 'api-server', address: isGateway ? '127.0.0.1' : server.host, port: server.port }] : []),
    ],
  };
}

/** The value of -netdev. */
export function userNetdev(subnet: Subnet, privateIp: string, server: ApiServer | undefined): string {
  const { cidr, gateway } = subnet;
  const taken = [gateway, privateIp, server?.host];
  const dns = [cidr.first + 2, cidr.first + 3, cidr.first + 4, cidr.first + 5]
    .map(formatIpv4)
    .find(one => !taken.includes(one));
  const network = `user,id=n0,net=${formatIpv4(cidr.first)}/${cidr.prefix},host=${gateway},dhcpstart=${privateIp},dns=${dns},ipv6=off`;
  // ARP is answered for an address that something is forwarded from; port 9 is the discard service, which nobody dials.
  const neighbour = server && isIPv4(server.host) && server.host !== gateway && isInside(subnet, server.host);
  return neighbour ? `${network},guestfwd=tcp:${server.host}:9-cmd:false` : network;
}
