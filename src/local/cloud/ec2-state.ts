import type { ImageView, LaunchRequest, Tags } from '../../ports/compute.ts';
import { sha256 } from '../../tree/digest.ts';

/**
 * Everything that the embedded EC2 knows, as plain JSON. What changes with time alone is not stored but follows from the
 * times in here, so that a saved state goes on by the clock. Times in milliseconds since 1970.
 */
export type Ec2State = {
  readonly version: 1;
  /** How many IDs were given. */
  ids: number;
  readonly instances: Record<string, StoredInstance>;
  readonly interfaces: Record<string, StoredInterface>;
  readonly reservations: Record<string, StoredReservation>;
  /** What was made by which client token; for RunInstances “<zone> <token>”. */
  readonly tokens: Record<string, { readonly request: string; readonly id: string }>;
  readonly subnets: Record<string, StoredSubnet>;
  readonly images: Record<string, ImageView>;
  /** SSM parameters: name -> image ID. */
  readonly parameters: Record<string, string>;
  readonly securityGroups: string[];
  readonly instanceProfiles: string[];
  /** “<type> <zone>” -> how many may be held at once; without an entry, any number. */
  readonly capacity: Record<string, number>;
  quota: Quota;
};

/** Null: without limit. */
export type Quota = {
  readonly vcpus: number | null;
  readonly instances: number | null;
  readonly spotInstances: number | null;
};

/** Tags as they were from a moment on; the last entry is now. */
export type TagHistory = readonly { readonly at: number; readonly tags: Tags }[];

export type StoredInstance = {
  readonly instanceId: string;
  readonly request: Omit<LaunchRequest, 'userData' | 'tags' | 'terminationProtection'>;
  /** Base64. */
  readonly userData: string;
  readonly zone: string;
  readonly arch: 'amd64' | 'arm64';
  readonly interfaceId: string;
  readonly volumeId: string;
  readonly privateIp: string;
  readonly launchedAt: number;
  readonly runningAt: number;
  protected: boolean;
  tags: TagHistory;
  volumeTags: TagHistory;
  /** How it came, or is coming, to its end. */
  end: InstanceEnd | null;
  console: string;
};

export type InstanceEnd = {
  readonly kind: 'terminated' | 'stopped';
  readonly askedAt: number;
  readonly at: number;
  readonly reason: { readonly code: string; readonly message: string };
};

export type StoredInterface = {
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly privateIp: string;
  readonly mac: string;
  securityGroups: readonly string[];
  readonly description: string;
  readonly createdAt: number;
  /** Ends with its instance (DeleteOnTermination). */
  readonly ephemeral: boolean;
  tags: TagHistory;
  readonly attachments: { readonly instanceId: string; readonly from: number; until: number | null }[];
  /** It does not exist from then on. */
  deletedAt: number | null;
};

export type StoredReservation = {
  readonly reservationId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly createdAt: number;
  readonly ends: number;
  cancelledAt: number | null;
  tags: TagHistory;
};

export type StoredSubnet = {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  /** Addresses that others hold. */
  taken: number;
};

export function emptyState(): Ec2State {
  return {
    version: 1,
    ids: 0,
    instances: {},
    interfaces: {},
    reservations: {},
    tokens: {},
    subnets: {},
    images: {},
    parameters: {},
    securityGroups: [],
    instanceProfiles: [],
    capacity: {},
    quota: { vcpus: null, instances: null, spotInstances: null },
  };
}

/** An ID as EC2 writes it: `i-`, `eni-`, `vol-`, `cr-` and 17 hexadecimal digits; the same history gives the same IDs. */
export function newId(state: Ec2State, kind: string, now: number): string {
  state.ids++;
  return `${kind}-${sha256(`${kind} ${state.ids} ${now}`).slice(0, 17)}`;
}

/** The tags at a moment at which their holder is there; the oldest that is known where more was forgotten. */
export function tagsAt(history: TagHistory, at: number): Tags {
  return (history.findLast(entry => entry.at <= at) ?? history[0])?.tags ?? {};
}

/** The history with these tags from now on; what nobody can ask for any more is forgotten. */
export function retagged(history: TagHistory, at: number, tags: Tags): TagHistory {
  return [...history.slice(-7), { at, tags }];
}
