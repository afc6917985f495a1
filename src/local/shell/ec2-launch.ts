import { randomUUID } from 'node:crypto';
import type { LaunchRequest, Tags } from '../../ports/compute.ts';
import { type Params, refuse } from './ec2-params.ts';

/**
 * RunInstances as a launch of one instance. What the embedded cloud does not do is refused, not ignored: an instance whose
 * metadata needs no token, a key pair, several instances, tags that differ between instance and volume.
 */
export function readLaunch(params: Params, subnetOf: (interfaceId: string) => string | undefined): LaunchRequest {
  onlyOne(params);
  guardedMetadata(params);
  const network = readNetwork(params, subnetOf);
  const tags = readTags(params, network.port.kind === 'address');
  const market = params.inside('InstanceMarketOptions');
  return {
    clientToken: params.text('ClientToken') ?? randomUUID(),
    imageId: params.required('ImageId'),
    instanceType: params.required('InstanceType'),
    subnetId: network.subnetId,
    network: network.port,
    instanceProfile: readProfile(params.inside('IamInstanceProfile')),
    userData: readUserData(params),
    root: readRoot(params),
    spot: readMarket(market),
    terminationProtection: params.flag('DisableApiTermination') ?? false,
    reservationId: readReservation(params),
    tags,
  };
}

function unsupported({ action }: Params, message: string): Error {
  return refuse(action, 'Unsupported', `The embedded cloud does not support ${message}`);
}

/** Refuses a value other than those that are understood; an absent one may be refused, too. */
function expectValue(params: Params, name: string, wanted: readonly (string | undefined)[]): void {
  const value = params.text(name);
  if (!wanted.includes(value))
    throw unsupported(params, `${name}=${value ?? 'its default'}; only ${wanted.filter(Boolean).join(' or ')}`);
}

function onlyOne(params: Params): void {
  params.required('MinCount');
  params.required('MaxCount');
  expectValue(params, 'MinCount', ['1']);
  expectValue(params, 'MaxCount', ['1']);
  expectValue(params, 'InstanceInitiatedShutdownBehavior', ['terminate']);
}

/** What firstboot asks for at each launch: session tokens, one hop, no tags in the metadata. */
function guardedMetadata(params: Params): void {
  const metadata = params.inside('MetadataOptions');
  expectValue(metadata, 'HttpTokens', ['required']);
  expectValue(metadata, 'HttpPutResponseHopLimit', ['1']);
  expectValue(metadata, 'HttpEndpoint', [undefined, 'enabled']);
  expectValue(metadata, 'HttpProtocolIpv6', [undefined, 'disabled']);
  expectValue(metadata, 'InstanceMetadataTags', [undefined, 'disabled']);
}

type Network = { readonly subnetId: string; readonly port: LaunchRequest['network'] };

/** Of the instance itself, or of its one network interface; not of both. */
function readNetwork(params: Params, subnetOf: (interfaceId: string) => string | undefined): Network {
  const [first, second] = params.members('NetworkInterface');
  if (second) throw unsupported(params, 'several network interfaces');
  if (!first) return readAddress(params, params.list('SecurityGroupId'));
  if (params.has('SubnetId') || params.has('SecurityGroupId') || params.has('PrivateIpAddress'))
    throw refuse(
      params.action,
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID, security groups or private address may not be specified on the same request',
    );
  expectValue(first, 'DeviceIndex', ['0']);
  expectValue(first, 'AssociatePublicIpAddress', [undefined, 'false']);
  const interfaceId = first.text('NetworkInterfaceId');
  expectValue(first, 'DeleteOnTermination', [undefined, interfaceId === undefined ? 'true' : 'false']);
  if (interfaceId !== undefined) {
    const subnetId = subnetOf(interfaceId);
    if (subnetId !== undefined) return { subnetId, port: { kind: 'interface', interfaceId } };
    const message = `The networkInterface ID '${interfaceId}' does not exist`;
    throw refuse(params.action, 'InvalidNetworkInterfaceID.NotFound', message);
  }
  first.text('Description');
  return readAddress(first, first.list('SecurityGroupId'));
}

function readAddress(params: Params, securityGroups: readonly string[]): Network {
  const subnetId = params.required('SubnetId');
  const privateIp = params.required('PrivateIpAddress');
  return { subnetId, port: { kind: 'address', privateIp, securityGroups } };
}

function readTags(params: Params, withInterface: boolean): Tags {
  const wanted = ['instance', 'volume', ...(withInterface ? ['network-interface'] : [])];
  const given = new Map(
    params.members('TagSpecification').map(one => [one.required('ResourceType'), tagsOf(one)] as const),
  );
  const [first = {}] = given.values();
  const complete = given.size === wanted.length && wanted.every(one => given.has(one));
  const same = [...given.values()].every(one => sameTags(one, first));
  if (given.size > 0 && !(complete && same))
    throw unsupported(params, `tags that are not the same on ${wanted.join(', ')}`);
  return first;
}

/** The tags `Tag.N.Key` and `Tag.N.Value`. */
export function tagsOf(params: Params): Tags {
  return Object.fromEntries(params.members('Tag').map(tag => [tag.required('Key'), tag.text('Value') ?? '']));
}

function sameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}

/** By name or by ARN. */
function readProfile(profile: Params): string {
  const arn = profile.text('Arn');
  return arn === undefined ? profile.required('Name') : (arn.split('/').at(-1) ?? arn);
}

function readUserData(params: Params): Uint8Array {
  const text = params.text('UserData') ?? '';
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw refuse(params.action, 'InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function readRoot(params: Params): LaunchRequest['root'] {
  const [first, second] = params.members('BlockDeviceMapping');
  if (!first || second) throw unsupported(params, 'other than one block device mapping, the root device’s');
  const ebs = first.inside('Ebs');
  expectValue(ebs, 'Encrypted', ['true']);
  expectValue(ebs, 'VolumeType', ['gp3']);
  expectValue(ebs, 'DeleteOnTermination', [undefined, 'true']);
  return {
    device: first.required('DeviceName'),
    size: ebs.integer('VolumeSize') ?? 8,
    kmsKey: ebs.text('KmsKeyId') ?? null,
  };
}

function readMarket(market: Params): boolean {
  const type = market.text('MarketType');
  if (type === undefined) return false;
  if (type !== 'spot') throw unsupported(market, `the market type ${type}`);
  const spot = market.inside('SpotOptions');
  expectValue(spot, 'SpotInstanceType', [undefined, 'one-time']);
  expectValue(spot, 'InstanceInterruptionBehavior', [undefined, 'terminate']);
  return true;
}

/** Without a target an instance may use open reservations, of which there are none here. */
function readReservation(params: Params): string | null {
  const specification = params.inside('CapacityReservationSpecification');
  const target = specification.inside('CapacityReservationTarget').text('CapacityReservationId');
  expectValue(specification, 'CapacityReservationPreference', [
    undefined,
    'none',
    'open',
    'capacity-reservations-only',
  ]);
  return target ?? null;
}
