import type { ImageView } from '../../ports/compute.ts';
import { contains, formatIpv4, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { sha256 } from '../../tree/digest.ts';
import type { Ec2State, StoredSubnet } from './ec2-state.ts';

/** What an account has before anything is launched in it. */
export type Catalogue = {
  readonly subnets: readonly Omit<StoredSubnet, 'taken'>[];
  readonly images: readonly ImageView[];
  /** SSM parameters: name -> image ID. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
  readonly instanceProfiles: readonly string[];
};

/** Everything that a spec names, as if it had been made for it: subnets, images, security groups, the instance profile. */
export function catalogueFor(cluster: Cluster): Catalogue {
  const { aws, workers } = cluster;
  const references = Object.entries(aws.image).filter(entry => entry[1] !== undefined) as ['amd64' | 'arm64', string][];
  return {
    subnets: subnetsOf(cluster),
    images: references.map(([arch, reference]) => imageOf(reference, arch)),
    parameters: Object.fromEntries(
      references
        .filter(([, reference]) => reference.startsWith('ssm:'))
        .map(([arch, reference]) => [reference.slice('ssm:'.length), imageOf(reference, arch).imageId]),
    ),
    securityGroups: [...new Set(workers.flatMap(({ launch }) => launch.securityGroups))],
    instanceProfiles: [...new Set(workers.map(({ launch }) => launch.instanceProfile))],
  };
}

/** The image behind a reference: what an SSM parameter of this name holds never changes here. */
export function imageOf(reference: string, arch: 'amd64' | 'arm64'): ImageView {
  const imageId = reference.startsWith('ami-') ? reference : `ami-${sha256(reference).slice(0, 17)}`;
  const name = reference.replace(/^ssm:\//, '');
  return { imageId, arch, rootDevice: '/dev/sda1', rootSize: 8, name, platform: 'Linux/UNIX' };
}

/** In zone a, b or c by the last digit of the ID, so that a subnet stays where it is whatever comes beside it. */
function subnetsOf({ aws, workers }: Cluster): Catalogue['subnets'] {
  const ids = [...new Set(workers.flatMap(({ launch }) => launch.subnet ?? []))];
  return ids.map(subnetId => ({
    subnetId,
    vpcId: 'vpc-0123456789abcdef0',
    zone: `${aws.region}${'abc'[Number.parseInt(subnetId.slice(-1), 16) % 3]}`,
    cidr:
      subnetId === aws.subnet && aws.subnetCidr !== null
        ? aws.subnetCidr
        : rangeOf(workers.filter(({ launch }) => launch.subnet === subnetId).map(({ privateIp }) => privateIp)),
  }));
}

/** The smallest range, a /24 at least, that holds all these addresses. */
function rangeOf(addresses: readonly string[]): string {
  const numbers = addresses.map(address => parseIpv4(address) ?? 0);
  const first = numbers[0] ?? 0;
  for (let prefix = 24; prefix > 0; prefix--) {
    const size = 2 ** (32 - prefix);
    const cidr = `${formatIpv4(first - (first % size))}/${prefix}`;
    const range = parseCidr(cidr);
    if (range && numbers.every(number => contains(range, number))) return cidr;
  }
  return '0.0.0.0/0';
}

/** Adds to what is there; what has the same name is replaced, but addresses taken in a subnet stay so. */
export function addToCatalogue(state: Ec2State, added: Partial<Catalogue>): void {
  for (const subnet of added.subnets ?? [])
    state.subnets[subnet.subnetId] = { ...subnet, taken: state.subnets[subnet.subnetId]?.taken ?? 0 };
  for (const image of added.images ?? []) state.images[image.imageId] = image;
  Object.assign(state.parameters, added.parameters);
  addNew(state.securityGroups, added.securityGroups ?? []);
  addNew(state.instanceProfiles, added.instanceProfiles ?? []);
}

/** Takes a subnet, image, parameter, security group or instance profile away. */
export function removeFromCatalogue(state: Ec2State, name: string): void {
  for (const things of [state.subnets, state.images, state.parameters]) delete things[name];
  for (const names of [state.securityGroups, state.instanceProfiles])
    if (names.includes(name)) names.splice(names.indexOf(name), 1);
}

function addNew(names: string[], added: readonly string[]): void {
  names.push(...added.filter(name => !names.includes(name)));
}
