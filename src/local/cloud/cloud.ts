import type { Clock } from '../../ports/clock.ts';
import type {
  Compute,
  InstanceView,
  InterfaceView,
  LaunchRequest,
  ReservationView,
  Tags,
} from '../../ports/compute.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { Role } from '../instance.ts';

/** Who calls: an operator, or the role of an instance. */
export type Caller = { readonly kind: 'operator' } | { readonly kind: 'instance'; readonly instanceId: string };

/** A fault by rule: the n-th such call (1 is the first; undefined: every one) fails so. */
export type FaultRule = {
  /** As AWS names it: RunInstances, PutObject. */
  readonly call: string;
  readonly nth?: number | undefined;
  readonly effect:
    | { readonly kind: 'error'; readonly code: string; readonly message?: string; readonly status?: number }
    /** Carried out, but nobody hears of it. */
    | { readonly kind: 'lost' }
    | { readonly kind: 'delay'; readonly milliseconds: number };
};

/** How long things take, in milliseconds; EC2’s own are in docs/embedded-cloud.md. */
export type CloudPace = {
  readonly pendingFor: number;
  readonly shuttingDownFor: number;
  /** How long after a change what is asked for may still be as before. */
  readonly describeLag: number;
  readonly terminatedShownFor: number;
  /** How long an interface and its address are held once the instance is terminated (2 s unless told). */
  readonly interfaceHeldFor?: number | undefined;
};

/** Sees every call before it is carried out and after; what it throws becomes the answer. For harnesses that cut calls. */
export type CallWatch = {
  readonly before?: (call: string) => void | Promise<void>;
  readonly after?: (call: string) => void | Promise<void>;
};

export type CloudOptions = {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly pace: CloudPace;
  /** False: request rates are not limited. */
  readonly throttled: boolean;
  readonly faults: readonly FaultRule[];
  readonly watch?: CallWatch | undefined;
};

/** EC2, SSM and STS as one state machine, with the ports as its surface. */
export type CloudCompute = {
  readonly compute: Compute;
  /** The same calls (names, faults, rates, lag) without the port’s narrowing to one cluster, for the HTTP shell. */
  readonly calls: CloudCalls;
  /** Credentials and metadata of an instance, for IMDS and for the signatures of its requests. */
  readonly roles: () => readonly Role[];
};

export type CloudCalls = {
  readonly describeInstances: () => Promise<readonly InstanceView[]>;
  readonly describeInterfaces: () => Promise<readonly InterfaceView[]>;
  readonly describeReservations: () => Promise<readonly ReservationView[]>;
  readonly describeVolumes: () => Promise<readonly VolumeView[]>;
  /** DescribeInstanceAttribute; throws InvalidInstanceID.NotFound. */
  readonly describeAttributes: (instanceId: string) => Promise<LaunchedAs>;
  /** SSM GetParameter; undefined: there is none of this name. */
  readonly readParameter: (name: string) => Promise<string | undefined>;
  /** Not a call: how an instance was launched, for views and for what it is made of; undefined: there never was one. */
  readonly launchedAs: (instanceId: string) => LaunchedAs | undefined;
  /** Not a call: RunInstances with an interface does not name its subnet; undefined: there is no such interface. */
  readonly subnetOf: (interfaceId: string) => string | undefined;
};

/** An instance beyond what the port shows of it. */
export type LaunchedAs = {
  readonly request: LaunchRequest;
  /** As it is now. */
  readonly terminationProtection: boolean;
  readonly volumeId: string;
  readonly securityGroups: readonly string[];
  readonly interfaceId: string;
  readonly privateIp: string;
  /** Of that interface. */
  readonly mac: string;
  readonly zone: string;
  readonly arch: 'amd64' | 'arm64';
  readonly subnetCidr: string;
};

export type VolumeView = {
  readonly volumeId: string;
  readonly instanceId: string | undefined;
  readonly zone: string;
  readonly size: number;
  readonly kmsKey: string | null;
  readonly tags: Tags;
};

/** S3 as one state machine: the port for a caller. */
export type CloudObjects = {
  readonly store: (bucket: string, caller: Caller) => ObjectStore;
};
