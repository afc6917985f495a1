import { isIPv4 } from 'node:net';
import { type Cidr, contains, formatIpv4, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { Cluster, Worker } from '../../spec/resolve.ts';
import { invariant } from '../../tree/invariant.ts';

/** Where the instance metadata service is. The object server stands beside it. */
export const metadataAddress = '169.254.169.254';
export const objectsPort = 8000;

/** A subnet as its workers see it. */
export type Subnet = {
  readonly cidr: Cidr;
  readonly gateway: string;
  readonly workers: readonly Pick<Worker, 'name' | 'privateIp'>[];
};

/** The api-server as the spec names it. */
export type ApiServer = { readonly host: string; readonly port: number };

/** The spec's subnet, or the /24 around the address where there is none. */
export function subnetsOf(cluster: Cluster, workers: readonly Worker[]): readonly Subnet[] {
  const grouped = new Map<string, Worker[]>();
  for (const worker of workers) {
    const name = cluster.aws.subnetCidr ?? worker.privateIp.replace(/\d+$/, '0/24');
    grouped.set(name, [...(grouped.get(name) ?? []), worker]);
  }
  return [...grouped].map(([name, members]) => {
    const cidr = parseCidr(name);
    invariant(cidr, 'the subnet was validated by the schema');
    return { cidr, gateway: gatewayOf(cidr, members), workers: members };
  });
}

/** A VPC's router has the first address; only a spec that gives it to a worker gets another one here. */
function gatewayOf({ first, last }: Cidr, workers: readonly Worker[]): string {
  const taken = workers.map(worker => worker.privateIp);
  const free = [first + 1, first + 2, first + 3, last - 1].map(formatIpv4).find(address => !taken.includes(address));
  return free ?? formatIpv4(first + 1);
}

export function apiServerOf(server: string): ApiServer {
  const { hostname, port } = new URL(server);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
}

export function isInside({ cidr }: Subnet, address: string): boolean {
  return isIPv4(address) && contains(cidr, parseIpv4(address) ?? -1);
}
