import { partitionOf } from '../spec/bucket-url.ts';
import type { Instance } from './instance.ts';

/** A leaf is text or bytes; a folder lists its names. */
export type MetadataTree = { readonly [name: string]: string | Uint8Array | MetadataTree };

const credentialsLifetime = 6 * 3600 * 1000;

/**
 * What is below `/latest/`: Amazon EC2 User Guide, “Instance metadata categories” and “Instance identity documents”. No
 * `tags`, which an instance shows only on demand, and no `public-keys`: nobody logs in.
 */
export function metadataOf(instance: Instance): MetadataTree {
  return {
    dynamic: { 'instance-identity': { document: identityDocument(instance) } },
    'meta-data': metadata(instance),
    'user-data': instance.userData,
  };
}

const someImage = 'ami-0123456789abcdef0';

function metadata(instance: Instance): MetadataTree {
  const { accountId, instanceId, region, availabilityZone, mac, privateIp, role } = instance;
  const hostname = hostnameOf(instance);
  const isChina = region.startsWith('cn-');
  return {
    'ami-id': instance.imageId ?? someImage,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: '/dev/xvda', root: '/dev/xvda' },
    events: { maintenance: { history: '[]', scheduled: '[]' } },
    hostname,
    iam: {
      info: json({
        Code: 'Success',
        LastUpdated: time(role.expires - credentialsLifetime),
        InstanceProfileArn: `arn:${partitionOf(region)}:iam::${accountId}:instance-profile/${role.name}`,
        InstanceProfileId: 'AIPAIOSFODNN7EXAMPLE',
      }),
      'security-credentials': { [role.name]: credentials(instance) },
    },
    'instance-action': 'none',
    'instance-id': instanceId,
    'instance-life-cycle': instance.spot === true ? 'spot' : 'on-demand',
    'instance-type': instance.instanceType,
    'local-hostname': hostname,
    'local-ipv4': privateIp,
    mac,
    metrics: { vhostmd: '<?xml version="1.0" encoding="UTF-8"?>' },
    network: { interfaces: { macs: { [mac]: networkInterface(instance) } } },
    placement: { 'availability-zone': availabilityZone, region },
    profile: 'default-hvm',
    'reservation-id': 'r-0123456789abcdef0',
    'security-groups': 'kubernetes',
    services: { domain: isChina ? 'amazonaws.com.cn' : 'amazonaws.com', partition: partitionOf(region) },
    system: 'nitro',
  };
}

function networkInterface(instance: Instance): MetadataTree {
  const { accountId, instanceId, mac, privateIp, subnet } = instance;
  return {
    'device-number': '0',
    'interface-id': instance.interfaceId ?? instanceId.replace(/^i-/, 'eni-'),
    'local-hostname': hostnameOf(instance),
    'local-ipv4s': privateIp,
    mac,
    'owner-id': accountId,
    'security-group-ids': 'sg-0123456789abcdef0',
    'security-groups': 'kubernetes',
    'subnet-id': subnet.id,
    'subnet-ipv4-cidr-block': subnet.cidr,
    'vpc-id': 'vpc-0123456789abcdef0',
    'vpc-ipv4-cidr-block': subnet.cidr,
    'vpc-ipv4-cidr-blocks': subnet.cidr,
  };
}

/** Amazon EC2 User Guide, “Retrieve security credentials from instance metadata”. */
function credentials({ role }: Instance): string {
  return json({
    Code: 'Success',
    LastUpdated: time(role.expires - credentialsLifetime),
    Type: 'AWS-HMAC',
    AccessKeyId: role.accessKeyId,
    SecretAccessKey: role.secretAccessKey,
    Token: role.token,
    Expiration: time(role.expires),
  });
}

function identityDocument(instance: Instance): string {
  return json({
    accountId: instance.accountId,
    architecture: instance.arch === 'arm64' ? 'arm64' : 'x86_64',
    availabilityZone: instance.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: instance.imageId ?? someImage,
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    kernelId: null,
    pendingTime: time(instance.role.expires - credentialsLifetime),
    privateIp: instance.privateIp,
    ramdiskId: null,
    region: instance.region,
    version: '2017-09-30',
  });
}

/** IP-based names: Amazon EC2 User Guide, “EC2 instance hostnames and domains”. */
function hostnameOf({ privateIp, region }: Instance): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${privateIp.replaceAll('.', '-')}.${domain}`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, '');
}

function json(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value, null, 2);
}
