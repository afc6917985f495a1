import type { InstanceState, InstanceView, InterfaceView, ReservationView, Tags } from '../../ports/compute.ts';
import type { LaunchedAs, VolumeView } from '../cloud/cloud.ts';
import type { Xml } from './ec2-xml.ts';

/** What views of a region have in common. */
export type Owner = { readonly accountId: string; readonly region: string; readonly now: () => number };

/** Codes: Amazon EC2 API Reference, “InstanceState”. */
const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function stateXml(name: InstanceState): Xml {
  return { code: stateCodes[name], name };
}

/** An element of instancesSet; `launched`: what the view does not tell. */
export function instanceXml(view: InstanceView, launched: LaunchedAs | undefined, owner: Owner): Xml {
  const { request, volumeId = '', securityGroups = [] } = launched ?? {};
  const gone = view.state === 'terminated';
  return {
    instanceId: view.instanceId,
    imageId: view.imageId,
    instanceState: stateXml(view.state),
    privateDnsName: view.privateIp === undefined ? '' : privateName(view.privateIp, owner.region),
    dnsName: '',
    reason: view.stateReason?.message ?? '',
    amiLaunchIndex: 0,
    productCodes: [],
    instanceType: view.instanceType,
    launchTime: time(view.launchTime),
    placement: { availabilityZone: view.zone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId: view.subnetId,
    privateIpAddress: view.privateIp,
    sourceDestCheck: gone ? undefined : true,
    groupSet: gone ? [] : groups(securityGroups),
    stateReason: view.stateReason,
    architecture: view.arch === 'amd64' ? 'x86_64' : 'arm64',
    rootDeviceType: 'ebs',
    rootDeviceName: request?.root.device,
    blockDeviceMapping:
      gone || !request
        ? []
        : [
            {
              deviceName: request.root.device,
              ebs: { volumeId, status: 'attached', attachTime: time(view.launchTime), deleteOnTermination: true },
            },
          ],
    virtualizationType: 'hvm',
    clientToken: view.clientToken,
    tagSet: tagSet(view.tags),
    hypervisor: 'xen',
    instanceLifecycle: view.spot ? 'spot' : undefined,
    networkInterfaceSet: gone ? [] : view.interfaceIds.map(id => attachedXml(id, view, securityGroups, owner)),
    iamInstanceProfile: request && {
      arn: `arn:aws:iam::${owner.accountId}:instance-profile/${request.instanceProfile}`,
    },
    ebsOptimized: false,
    enaSupport: true,
    metadataOptions: {
      state: 'applied',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
      httpEndpoint: 'enabled',
      httpProtocolIpv6: 'disabled',
      instanceMetadataTags: 'disabled',
    },
    capacityReservationId: request?.reservationId ?? undefined,
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
  };
}

function attachedXml(id: string, view: InstanceView, securityGroups: readonly string[], owner: Owner): Xml {
  return {
    networkInterfaceId: id,
    subnetId: view.subnetId,
    ownerId: owner.accountId,
    status: 'in-use',
    privateIpAddress: view.privateIp,
    sourceDestCheck: true,
    groupSet: groups(securityGroups),
    attachment: { deviceIndex: 0, status: 'attached', networkCardIndex: 0 },
    privateIpAddressesSet: [{ privateIpAddress: view.privateIp, primary: true }],
    interfaceType: 'interface',
  };
}

/** Each instance is a reservation of its own, as each was launched alone. */
export function reservationXml(instance: Xml, instanceId: string, owner: Owner): Readonly<Record<string, Xml>> {
  return {
    reservationId: instanceId.replace(/^i-/, 'r-'),
    ownerId: owner.accountId,
    groupSet: [],
    instancesSet: [instance],
  };
}

export function interfaceXml(view: InterfaceView, owner: Owner): Xml {
  return {
    networkInterfaceId: view.interfaceId,
    subnetId: view.subnetId,
    description: view.description,
    ownerId: owner.accountId,
    requesterManaged: false,
    status: view.status,
    privateIpAddress: view.privateIp,
    privateDnsName: privateName(view.privateIp, owner.region),
    sourceDestCheck: true,
    groupSet: groups(view.securityGroups),
    attachment:
      view.instanceId === undefined
        ? undefined
        : {
            attachmentId: view.interfaceId.replace(/^eni-/, 'eni-attach-'),
            instanceId: view.instanceId,
            instanceOwnerId: owner.accountId,
            deviceIndex: 0,
            status: view.status === 'in-use' ? 'attached' : view.status,
          },
    tagSet: tagSet(view.tags),
    privateIpAddressesSet: [{ privateIpAddress: view.privateIp, primary: true }],
    interfaceType: 'interface',
  };
}

export function capacityXml(view: ReservationView, owner: Owner): Xml {
  return {
    capacityReservationId: view.reservationId,
    ownerId: owner.accountId,
    capacityReservationArn: `arn:aws:ec2:${owner.region}:${owner.accountId}:capacity-reservation/${view.reservationId}`,
    instanceType: view.instanceType,
    instancePlatform: 'Linux/UNIX',
    availabilityZone: view.zone,
    tenancy: 'default',
    totalInstanceCount: 1,
    availableInstanceCount: view.free,
    state: view.state,
    endDateType: 'limited',
    instanceMatchCriteria: 'targeted',
    tagSet: tagSet(view.tags),
  };
}

export function volumeXml(view: VolumeView): Xml {
  return {
    volumeId: view.volumeId,
    size: view.size,
    availabilityZone: view.zone,
    status: view.instanceId === undefined ? 'available' : 'in-use',
    attachmentSet:
      view.instanceId === undefined
        ? []
        : [{ volumeId: view.volumeId, instanceId: view.instanceId, status: 'attached', deleteOnTermination: true }],
    tagSet: tagSet(view.tags),
    volumeType: 'gp3',
    encrypted: true,
    kmsKeyId: view.kmsKey ?? undefined,
  };
}

export function tagSet(tags: Tags): Xml {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function groups(ids: readonly string[]): Xml {
  return ids.map(groupId => ({ groupId, groupName: groupId }));
}

/** ISO 8601 with milliseconds, as EC2 gives times. */
export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** IP-based names: Amazon EC2 User Guide, “EC2 instance hostnames and domains”. */
function privateName(privateIp: string, region: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${privateIp.replaceAll('.', '-')}.${domain}`;
}
