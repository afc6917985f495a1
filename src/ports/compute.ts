/**
 * EC2 and the image parameters of SSM, as firstboot uses them. Every method may throw a CallError with EC2's own code
 * (RequestLimitExceeded, InsufficientInstanceCapacity, InvalidIPAddress.InUse, …), or NoResponse when it is not known
 * whether the call was carried out. What is asked for may lag behind what was done (eventual consistency).
 */
export type Compute = {
  /** Whose credentials these are (STS GetCallerIdentity). */
  readonly caller: () => Promise<{ readonly accountId: string; readonly arn: string }>;
  /** RunInstances for one instance. The same token with the same request gives the same instance again. */
  readonly launch: (request: LaunchRequest) => Promise<InstanceView>;
  /** The same with DryRun: returns when it would have been allowed. */
  readonly tryLaunch: (request: LaunchRequest) => Promise<void>;
  /** Instances with the tag firstboot:cluster of this name, terminated ones too, as long as EC2 shows them; all pages. */
  readonly instances: (cluster: string) => Promise<readonly InstanceView[]>;
  /** One instance; undefined: not known, or not yet. */
  readonly instance: (instanceId: string) => Promise<InstanceView | undefined>;
  /** An instance that is not known throws InvalidInstanceID.NotFound; a protected one OperationNotPermitted. */
  readonly terminate: (instanceId: string) => Promise<void>;
  readonly setTerminationProtection: (instanceId: string, on: boolean) => Promise<void>;
  /** Serial console: the newest that is to be had (at most 64 KB); undefined: nothing yet. */
  readonly consoleOutput: (instanceId: string) => Promise<string | undefined>;
  /** `ami-…`, or `ssm:` and the name of a parameter. */
  readonly image: (reference: string) => Promise<ImageView>;
  readonly subnet: (subnetId: string) => Promise<SubnetView>;
  /** Throws InvalidInstanceType for a type that does not exist. */
  readonly instanceTypes: (names: readonly string[]) => Promise<readonly InstanceTypeView[]>;
  /** Interfaces with the tag firstboot:cluster of this name. */
  readonly interfaces: (cluster: string) => Promise<readonly InterfaceView[]>;
  /** Whatever interface has this private address in the subnet; undefined: it is free. */
  readonly interfaceAt: (subnetId: string, privateIp: string) => Promise<InterfaceView | undefined>;
  readonly createInterface: (request: InterfaceRequest) => Promise<InterfaceView>;
  /** The security groups of an interface of ours, in place of those that it has. */
  readonly setInterfaceGroups: (interfaceId: string, securityGroups: readonly string[]) => Promise<void>;
  /** One that is gone already counts as deleted. */
  readonly deleteInterface: (interfaceId: string) => Promise<void>;
  /** A targeted On-Demand Capacity Reservation for one instance. */
  readonly reserveCapacity: (request: ReservationRequest) => Promise<ReservationView>;
  /** Those with the tag firstboot:cluster of this name. */
  readonly reservations: (cluster: string) => Promise<readonly ReservationView[]>;
  /** One that is cancelled or gone already counts as cancelled. */
  readonly cancelReservation: (reservationId: string) => Promise<void>;
  /** Sets tags on instances, volumes and interfaces. */
  readonly tag: (ids: readonly string[], tags: Tags) => Promise<void>;
};

export type Tags = Readonly<Record<string, string>>;

/**
 * One RunInstances. IMDSv2 required, hop limit 1, metadata tags off, no key pair and that a shutdown from within terminates go
 * without saying: an instance that is merely stopped would hold the address.
 */
export type LaunchRequest = {
  /** At most 64 characters. */
  readonly clientToken: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string;
  /** An address for a new interface that ends with the instance, or an interface of ours that outlives it. */
  readonly network:
    | { readonly kind: 'address'; readonly privateIp: string; readonly securityGroups: readonly string[] }
    | { readonly kind: 'interface'; readonly interfaceId: string };
  /** Name of the instance profile. */
  readonly instanceProfile: string;
  /** Before base64. */
  readonly userData: Uint8Array;
  /** Encrypted gp3. `device`: the image's own root device. Size in GiB. */
  readonly root: { readonly device: string; readonly size: number; readonly kmsKey: string | null };
  readonly spot: boolean;
  readonly terminationProtection: boolean;
  readonly reservationId: string | null;
  /** On instance, volume and (for a new one) interface. */
  readonly tags: Tags;
};

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export type InstanceView = {
  readonly instanceId: string;
  readonly state: InstanceState;
  /** Code and message of EC2, once it ended or is ending. */
  readonly stateReason: { readonly code: string; readonly message: string } | undefined;
  /** Milliseconds since 1970. */
  readonly launchTime: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly arch: 'amd64' | 'arm64';
  readonly subnetId: string | undefined;
  readonly zone: string;
  /** Undefined once terminated. */
  readonly privateIp: string | undefined;
  readonly interfaceIds: readonly string[];
  readonly clientToken: string | undefined;
  readonly spot: boolean;
  readonly tags: Tags;
};

export type ImageView = {
  readonly imageId: string;
  readonly arch: 'amd64' | 'arm64';
  readonly rootDevice: string;
  /** GiB that a root volume must have at least. */
  readonly rootSize: number;
  readonly name: string;
  /** As EC2 bills it, “Red Hat Enterprise Linux” for example; undefined: Linux/UNIX. */
  readonly platform?: string | undefined;
};

export type SubnetView = {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly freeAddresses: number;
};

export type InstanceTypeView = { readonly name: string; readonly archs: readonly ('amd64' | 'arm64')[] };

export type InterfaceRequest = {
  /** At most 64 characters. */
  readonly clientToken: string;
  readonly subnetId: string;
  readonly privateIp: string;
  readonly securityGroups: readonly string[];
  readonly description: string;
  readonly tags: Tags;
};

export type InterfaceView = {
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly privateIp: string;
  readonly status: 'available' | 'in-use' | 'attaching' | 'detaching' | 'pending';
  /** The instance that it is attached to. */
  readonly instanceId: string | undefined;
  readonly securityGroups: readonly string[];
  readonly description: string;
  readonly tags: Tags;
};

export type ReservationRequest = {
  readonly clientToken: string;
  readonly instanceType: string;
  /** Of the image that will use it: another one cannot. Undefined: Linux/UNIX. */
  readonly platform?: string | undefined;
  readonly zone: string;
  /** Milliseconds since 1970: it ends by itself then, whatever happens to us. */
  readonly ends: number;
  readonly tags: Tags;
};

export type ReservationView = {
  readonly reservationId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly state: string;
  readonly free: number;
  readonly tags: Tags;
};
