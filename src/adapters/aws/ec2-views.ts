import type * as EC2 from '@aws-sdk/client-ec2';
import type {
  ImageView,
  InstanceTypeView,
  InstanceView,
  InterfaceView,
  ReservationView,
  SubnetView,
  Tags,
} from '../../ports/compute.ts';

export function instanceView(instance: EC2.Instance): InstanceView {
  const { StateReason: reason } = instance;
  return {
    instanceId: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'pending',
    stateReason: reason?.Code ? { code: reason.Code, message: reason.Message ?? '' } : undefined,
    launchTime: instance.LaunchTime?.getTime() ?? 0,
    imageId: instance.ImageId ?? '',
    instanceType: instance.InstanceType ?? '',
    arch: archOf(instance.Architecture),
    subnetId: instance.SubnetId,
    zone: instance.Placement?.AvailabilityZone ?? '',
    privateIp: instance.PrivateIpAddress,
    interfaceIds: (instance.NetworkInterfaces ?? []).flatMap(({ NetworkInterfaceId: id }) => id ?? []),
    clientToken: instance.ClientToken || undefined,
    spot: instance.InstanceLifecycle === 'spot',
    tags: tagsOf(instance.Tags),
  };
}

function archOf(architecture: string | undefined): 'amd64' | 'arm64' {
  return architecture?.startsWith('arm64') ? 'arm64' : 'amd64';
}

function tagsOf(tags: readonly EC2.Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

export function imageView(image: EC2.Image): ImageView {
  const device = image.RootDeviceName ?? '';
  const root = (image.BlockDeviceMappings ?? []).find(({ DeviceName }) => DeviceName === device);
  return {
    imageId: image.ImageId ?? '',
    arch: archOf(image.Architecture),
    rootDevice: device,
    rootSize: root?.Ebs?.VolumeSize ?? 0,
    name: image.Name ?? '',
    platform: image.PlatformDetails,
  };
}

export function subnetView(subnet: EC2.Subnet): SubnetView {
  return {
    subnetId: subnet.SubnetId ?? '',
    vpcId: subnet.VpcId ?? '',
    zone: subnet.AvailabilityZone ?? '',
    cidr: subnet.CidrBlock ?? '',
    freeAddresses: subnet.AvailableIpAddressCount ?? 0,
  };
}

/** A few types still list i386 beside x86_64. */
export function instanceTypeView(type: EC2.InstanceTypeInfo): InstanceTypeView {
  const archs = (type.ProcessorInfo?.SupportedArchitectures ?? []).flatMap(architecture => {
    if (architecture === 'x86_64') return ['amd64' as const];
    return architecture === 'arm64' ? ['arm64' as const] : [];
  });
  return { name: type.InstanceType ?? '', archs };
}

/** `associated` belongs to other kinds of interfaces than ours: it counts as in use. */
export function interfaceView(one: EC2.NetworkInterface): InterfaceView {
  const status = one.Status ?? 'pending';
  return {
    interfaceId: one.NetworkInterfaceId ?? '',
    subnetId: one.SubnetId ?? '',
    privateIp: one.PrivateIpAddress ?? '',
    status: status === 'associated' ? 'in-use' : status,
    instanceId: one.Attachment?.InstanceId,
    securityGroups: (one.Groups ?? []).flatMap(({ GroupId: id }) => id ?? []),
    description: one.Description ?? '',
    tags: tagsOf(one.TagSet),
  };
}

export function reservationView(one: EC2.CapacityReservation): ReservationView {
  return {
    reservationId: one.CapacityReservationId ?? '',
    instanceType: one.InstanceType ?? '',
    zone: one.AvailabilityZone ?? '',
    state: one.State ?? '',
    free: one.AvailableInstanceCount ?? 0,
    tags: tagsOf(one.Tags),
  };
}
