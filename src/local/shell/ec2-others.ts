import type { InterfaceView, ReservationView } from '../../ports/compute.ts';
import type { CloudCompute, VolumeView } from '../cloud/cloud.ts';
import { type Filterable, filtered, page } from './ec2-filters.ts';
import type { Action, Answer } from './ec2-instances.ts';
import { tagsOf } from './ec2-launch.ts';
import { type Params, refuse } from './ec2-params.ts';
import { capacityXml, interfaceXml, type Owner, volumeXml } from './ec2-views.ts';

export const otherActions: Readonly<Record<string, Action>> = {
  DescribeImages: describeImages,
  DescribeSubnets: describeSubnets,
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  CreateNetworkInterface: createNetworkInterface,
  ModifyNetworkInterfaceAttribute: modifyNetworkInterface,
  DeleteNetworkInterface: deleteNetworkInterface,
  CreateCapacityReservation: createCapacityReservation,
  DescribeCapacityReservations: describeCapacityReservations,
  CancelCapacityReservation: cancelCapacityReservation,
  CreateTags: createTags,
  DescribeVolumes: describeVolumes,
};

/** The one that is asked for: the embedded cloud lists neither images nor subnets. */
function theOne(params: Params, name: string): string {
  const [id, second] = params.list(name);
  params.finish();
  if (id === undefined || second !== undefined)
    throw refuse(params.action, 'Unsupported', `The embedded cloud wants one ${name} at a call`);
  return id;
}

async function describeImages(params: Params, { compute }: CloudCompute, owner: Owner): Promise<Answer> {
  const image = await compute.image(theOne(params, 'ImageId'));
  const root = { volumeSize: image.rootSize, volumeType: 'gp3', encrypted: false, deleteOnTermination: true };
  return {
    imagesSet: [
      {
        imageId: image.imageId,
        imageState: 'available',
        imageOwnerId: owner.accountId,
        isPublic: true,
        architecture: image.arch === 'amd64' ? 'x86_64' : 'arm64',
        imageType: 'machine',
        name: image.name,
        rootDeviceType: 'ebs',
        rootDeviceName: image.rootDevice,
        blockDeviceMapping: [{ deviceName: image.rootDevice, ebs: root }],
        virtualizationType: 'hvm',
        hypervisor: 'xen',
        enaSupport: true,
        platformDetails: image.platform,
      },
    ],
  };
}

async function describeSubnets(params: Params, { compute }: CloudCompute, owner: Owner): Promise<Answer> {
  const subnet = await compute.subnet(theOne(params, 'SubnetId'));
  return {
    subnetSet: [
      {
        subnetId: subnet.subnetId,
        state: 'available',
        ownerId: owner.accountId,
        vpcId: subnet.vpcId,
        cidrBlock: subnet.cidr,
        availableIpAddressCount: subnet.freeAddresses,
        availabilityZone: subnet.zone,
        defaultForAz: false,
        mapPublicIpOnLaunch: false,
        tagSet: [],
      },
    ],
  };
}

async function describeInstanceTypes(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const names = params.list('InstanceType');
  page(params, []);
  params.finish();
  if (names.length === 0)
    throw refuse(params.action, 'Unsupported', 'The embedded cloud wants the names of instance types');
  const types = await compute.instanceTypes(names);
  return {
    instanceTypeSet: types.map(({ name, archs }) => ({
      instanceType: name,
      currentGeneration: true,
      hypervisor: 'nitro',
      processorInfo: { supportedArchitectures: archs.map(arch => (arch === 'amd64' ? 'x86_64' : 'arm64')) },
    })),
  };
}

const filterableInterface: Filterable<InterfaceView> = {
  tags: ({ tags }) => tags,
  of: {
    'network-interface-id': one => [one.interfaceId],
    'subnet-id': one => [one.subnetId],
    'private-ip-address': one => [one.privateIp],
    'addresses.private-ip-address': one => [one.privateIp],
    'attachment.instance-id': one => [one.instanceId],
    status: one => [one.status],
    description: one => [one.description],
  },
};

async function describeNetworkInterfaces(params: Params, { calls }: CloudCompute, owner: Owner): Promise<Answer> {
  const ids = params.list('NetworkInterfaceId');
  filtered(params, [], filterableInterface);
  page(params, []);
  params.finish();
  const all = await calls.describeInterfaces();
  const absent = ids.find(id => !all.some(({ interfaceId }) => interfaceId === id));
  if (absent !== undefined) {
    const message = `The networkInterface ID '${absent}' does not exist`;
    throw refuse(params.action, 'InvalidNetworkInterfaceID.NotFound', message);
  }
  const wanted = ids.length === 0 ? all : all.filter(({ interfaceId }) => ids.includes(interfaceId));
  const { shown, nextToken } = page(params, filtered(params, wanted, filterableInterface));
  return { networkInterfaceSet: shown.map(view => interfaceXml(view, owner)), nextToken };
}

async function createNetworkInterface(params: Params, { compute }: CloudCompute, owner: Owner): Promise<Answer> {
  const [tagged] = params.members('TagSpecification');
  tagged?.text('ResourceType');
  const clientToken = params.required('ClientToken');
  const request = {
    clientToken,
    subnetId: params.required('SubnetId'),
    privateIp: params.required('PrivateIpAddress'),
    securityGroups: params.list('SecurityGroupId'),
    description: params.text('Description') ?? '',
    tags: tagged ? tagsOf(tagged) : {},
  };
  params.finish();
  const view = await compute.createInterface(request);
  return { networkInterface: interfaceXml(view, owner), clientToken };
}

/** Of the attributes, the security groups alone. */
async function modifyNetworkInterface(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const id = params.required('NetworkInterfaceId');
  const groups = params.list('SecurityGroupId');
  params.finish();
  if (groups.length === 0) throw refuse(params.action, 'InvalidParameterCombination', 'No attributes specified.');
  await compute.setInterfaceGroups(id, groups);
  return { return: true };
}

async function deleteNetworkInterface(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const id = params.required('NetworkInterfaceId');
  params.finish();
  await compute.deleteInterface(id);
  return { return: true };
}

async function createCapacityReservation(params: Params, { compute }: CloudCompute, owner: Owner): Promise<Answer> {
  const [tagged] = params.members('TagSpecifications');
  tagged?.text('ResourceType');
  const wanted = {
    InstancePlatform: 'Linux/UNIX',
    InstanceCount: '1',
    EndDateType: 'limited',
    InstanceMatchCriteria: 'targeted',
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (params.text(name) !== value)
      throw refuse(params.action, 'Unsupported', `The embedded cloud reserves only with ${name}=${value}`);
  }
  const request = {
    clientToken: params.required('ClientToken'),
    instanceType: params.required('InstanceType'),
    zone: params.required('AvailabilityZone'),
    ends: Date.parse(params.required('EndDate')),
    tags: tagged ? tagsOf(tagged) : {},
  };
  params.finish();
  return { capacityReservation: capacityXml(await compute.reserveCapacity(request), owner) };
}

/** EC2 has no filter by tag for these. */
const filterableReservation: Filterable<ReservationView> = {
  tags: undefined,
  of: {
    'instance-type': one => [one.instanceType],
    'availability-zone': one => [one.zone],
    state: one => [one.state],
  },
};

async function describeCapacityReservations(params: Params, { calls }: CloudCompute, owner: Owner): Promise<Answer> {
  const ids = params.list('CapacityReservationId');
  filtered(params, [], filterableReservation);
  page(params, [], 1);
  params.finish();
  const all = await calls.describeReservations();
  const wanted = ids.length === 0 ? all : all.filter(({ reservationId }) => ids.includes(reservationId));
  const { shown, nextToken } = page(params, filtered(params, wanted, filterableReservation), 1);
  return { capacityReservationSet: shown.map(view => capacityXml(view, owner)), nextToken };
}

async function cancelCapacityReservation(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const id = params.required('CapacityReservationId');
  params.finish();
  await compute.cancelReservation(id);
  return { return: true };
}

async function createTags(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const ids = params.list('ResourceId');
  const tags = tagsOf(params);
  params.finish();
  await compute.tag(ids, tags);
  return { return: true };
}

const filterableVolume: Filterable<VolumeView> = {
  tags: ({ tags }) => tags,
  of: {
    'volume-id': one => [one.volumeId],
    'attachment.instance-id': one => [one.instanceId],
    size: one => [String(one.size)],
  },
};

async function describeVolumes(params: Params, { calls }: CloudCompute): Promise<Answer> {
  const ids = params.list('VolumeId');
  filtered(params, [], filterableVolume);
  page(params, []);
  params.finish();
  const all = await calls.describeVolumes();
  const wanted = ids.length === 0 ? all : all.filter(({ volumeId }) => ids.includes(volumeId));
  const { shown, nextToken } = page(params, filtered(params, wanted, filterableVolume));
  return { volumeSet: shown.map(volumeXml), nextToken };
}
