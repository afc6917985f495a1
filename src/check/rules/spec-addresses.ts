import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { type Cidr, contains, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { Cluster, Worker } from '../../spec/resolve.ts';
import type { ClusterRule } from '../context.ts';

/** Each worker has an address of its own that EC2 gives and that nothing else has. */
export const specAddresses: ClusterRule = ({ cluster }) => {
  const judge = createJudge(cluster);
  const first = new Map<string, Worker>();
  return cluster.workers.flatMap(worker => {
    const { privateIp: address } = worker;
    const other = first.get(address);
    if (!other) first.set(address, worker);
    const origin = originOf(cluster, worker);
    return [
      ...(other
        ? [
            finding('SPEC_PRIVATE_IP_TAKEN', origin, { worker: worker.name, other: other.name, address }, [
              { message: 'first given here', origin: originOf(cluster, other) },
            ]),
          ]
        : judge(worker, origin)),
    ];
  });
};

function originOf(cluster: Cluster, worker: Worker): Origin {
  return { file: cluster.file, path: ['workers', worker.name, 'privateIp'] };
}

/** Ranges are parsed once for all workers. One finding an address: what no machine can have comes before what this subnet cannot give. */
function createJudge(cluster: Cluster): (worker: Worker, origin: Origin) => readonly Finding[] {
  const range = cluster.aws.subnetCidr ?? '';
  const subnet = parseCidr(range);
  const services = parseCidr(cluster.serviceCidr);
  const server = parseIpv4(new URL(cluster.server).hostname);
  // Where the two ranges overlap, that is the mistake, not each of the workers.
  const apart = !services || !subnet || services.last < subnet.first || subnet.last < services.first;
  return (worker, origin) => {
    const address = parseIpv4(worker.privateIp);
    if (address === undefined) return [];
    const args = { worker: worker.name, address: worker.privateIp };
    const reason = address === server ? 'the api-server has it' : reasonAgainst(address);
    if (reason) return [finding('SPEC_PRIVATE_IP_UNUSABLE', origin, { ...args, reason })];
    if (apart && services && contains(services, address)) {
      const inServices = `it lies in the range of services, ${cluster.serviceCidr}`;
      return [finding('SPEC_PRIVATE_IP_UNUSABLE', origin, { ...args, reason: inServices })];
    }
    // aws.subnetCidr says nothing of a worker that has a subnet of its own.
    if (!subnet || worker.launch.subnet !== (cluster.aws.subnet ?? null)) return [];
    if (!contains(subnet, address)) return [finding('SPEC_PRIVATE_IP_OUTSIDE_SUBNET', origin, { ...args, range })];
    if (isReserved(subnet, address)) return [finding('SPEC_PRIVATE_IP_RESERVED', origin, { ...args, range })];
    return [];
  };
}

/** docs.aws.amazon.com, "Subnet CIDR blocks": the first four addresses and the last. */
function isReserved(subnet: Cidr, address: number): boolean {
  return address < subnet.first + 4 || address === subnet.last;
}

const special: readonly (readonly [Cidr | undefined, string])[] = [
  [parseCidr('0.0.0.0/8'), 'addresses that begin with 0 mean “this network”'],
  [parseCidr('127.0.0.0/8'), 'that is the machine itself (loopback)'],
  [parseCidr('169.254.0.0/16'), 'that is link-local, where the instance metadata is'],
  [parseCidr('224.0.0.0/4'), 'that is multicast'],
  [parseCidr('240.0.0.0/4'), 'addresses from 240 on are reserved'],
];

function reasonAgainst(address: number): string | undefined {
  return special.find(([range]) => range && contains(range, address))?.[1];
}
