import type { Cluster, Worker } from '../spec/resolve.ts';
import { sha256 } from '../tree/digest.ts';

/** Credentials of an instance's role; random, and good for nothing but the server beside them. */
export type Role = {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** The instance whose they are: EC2 names the role's session by it, and `${ec2:SourceInstanceARN}` has it. */
  readonly instanceId?: string | undefined;
};

/** An EC2 instance as its metadata service shows it. */
export type Instance = {
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly arch: Worker['arch'];
  readonly instanceType: string;
  readonly privateIp: string;
  /** As the tap or the user network of a local machine has it. */
  readonly mac: string;
  readonly subnet: { readonly id: string; readonly cidr: string };
  readonly role: Role;
  readonly userData: Uint8Array;
  /** As the embedded EC2 has them; a rehearsal or a machine of its own has none. */
  readonly imageId?: string | undefined;
  readonly interfaceId?: string | undefined;
  readonly spot?: boolean | undefined;
};

/** The instance of a worker: the same user-data gives the same instance ID, so other bytes are another machine. */
export function instanceOf(cluster: Cluster, worker: Worker, userData: Uint8Array, role: Instance['role']): Instance {
  const octets = worker.privateIp.split('.').map(Number);
  const instanceId = `i-${sha256(userData).slice(0, 17)}`;
  return {
    instanceId,
    accountId: '123456789012',
    region: cluster.aws.region,
    availabilityZone: `${cluster.aws.region}a`,
    arch: worker.arch,
    instanceType: worker.launch.instanceTypes[0] ?? 't3.medium',
    privateIp: worker.privateIp,
    mac: ['02', '00', ...octets.map(octet => octet.toString(16).padStart(2, '0'))].join(':'),
    subnet: {
      id: worker.launch.subnet ?? 'subnet-0123456789abcdef0',
      cidr: cluster.aws.subnetCidr ?? `${octets.slice(0, 3).join('.')}.0/24`,
    },
    role: { ...role, instanceId },
    userData,
  };
}
