import type { Instance, Role } from '../instance.ts';
import { newRole } from '../role.ts';
import { type Calls, createCalls } from './calls.ts';
import type { CloudCompute, CloudOptions, CloudPace } from './cloud.ts';
import { audit, type Holding } from './ec2-audit.ts';
import { shellCalls } from './ec2-calls.ts';
import { placesTaken } from './ec2-capacity.ts';
import { addToCatalogue, type Catalogue, removeFromCatalogue } from './ec2-catalogue.ts';
import { end, type Interruption } from './ec2-end.ts';
import { instanceCalls } from './ec2-instances.ts';
import { interfaceCalls } from './ec2-interfaces.ts';
import { isLiveAt } from './ec2-life.ts';
import { lookupCalls } from './ec2-lookups.ts';
import { reservationCalls } from './ec2-reservations.ts';
import { type Ec2State, emptyState, type Quota, type StoredInstance } from './ec2-state.ts';
import type { Ec2World } from './ec2-world.ts';

/** The embedded EC2, and what AWS alone can do to it. */
export type Ec2 = CloudCompute & {
  /** Everything that must survive a restart, as JSON; credentials of roles are made anew. */
  readonly snapshot: () => unknown;
  readonly pace: CloudPace;
  readonly callCounts: () => Readonly<Record<string, number>>;
  readonly audit: () => readonly Holding[];
  readonly add: (added: Partial<Catalogue>) => void;
  /** Takes a subnet, image, parameter, security group or instance profile away. */
  readonly remove: (name: string) => void;
  /** How many more of a type are to be had in a zone. */
  readonly setCapacity: (instanceType: string, zone: string, more: number | 'none' | 'any') => void;
  readonly setQuota: (quota: Partial<Quota>) => void;
  /** Addresses of a subnet that others hold, beside ours. */
  readonly setTaken: (subnetId: string, count: number) => void;
  /** Lets an instance end as AWS, or the machine itself, ends it. */
  readonly interrupt: (instanceId: string, why: Interruption) => void;
  /** The whole text so far; of it the last 64 KB are kept. */
  readonly setConsole: (instanceId: string, text: string) => void;
  /** Instances that are not terminated, as machines: after a restart too. */
  readonly machines: () => readonly Instance[];
  readonly onLaunched: (listener: (machine: Instance) => void) => void;
  /** When an instance begins to end, whoever ends it. */
  readonly onTerminated: (listener: (instanceId: string) => void) => void;
};

/** EC2 API Reference, GetConsoleOutput. */
const consoleSize = 64 * 1024;
/** IMDS shows new credentials that long before the old ones expire: EC2 User Guide, “Retrieve security credentials”. */
const renewedBefore = 5 * 60_000;

/**
 * EC2, SSM’s image parameters and STS as one state machine over clock time. `saved`: what `snapshot` gave. `calls`: that of
 * the S3 beside it, where faults are to be counted as one.
 */
export function createEc2(options: CloudOptions, saved?: unknown, calls: Calls = createCalls(options)): Ec2 {
  const state: Ec2State = saved === undefined ? emptyState() : structuredClone(saved as Ec2State);
  const { clock, pace } = options;
  const launched: ((machine: Instance) => void)[] = [];
  const terminated: ((instanceId: string) => void)[] = [];
  const roles = createRoles(options);
  const find = (instanceId: string): StoredInstance => {
    const one = state.instances[instanceId];
    if (!one) throw new Error(`there is no instance ${instanceId}`);
    return one;
  };
  const live = () => Object.values(state.instances).filter(one => isLiveAt(one, clock.now()));
  const machine = (one: StoredInstance) => machineOf(state, options, one, roles.current(one.instanceId));
  const world: Ec2World = {
    state,
    options,
    calls,
    launched(instanceId) {
      for (const listener of launched) listener(machine(find(instanceId)));
    },
    terminated(instanceId) {
      for (const listener of terminated) listener(instanceId);
    },
  };

  return {
    compute: {
      ...lookupCalls(world),
      ...instanceCalls(world),
      ...interfaceCalls(world),
      ...reservationCalls(world),
    },
    calls: shellCalls(world),
    roles: () => live().flatMap(({ instanceId }) => roles.valid(instanceId)),
    snapshot: () => structuredClone(state),
    pace,
    callCounts: calls.counts,
    audit: () => audit(state),
    add: added => addToCatalogue(state, added),
    remove: name => removeFromCatalogue(state, name),
    setCapacity(instanceType, zone, more) {
      const key = `${instanceType} ${zone}`;
      if (more === 'any') delete state.capacity[key];
      else state.capacity[key] = placesTaken(state, instanceType, zone, clock.now()) + (more === 'none' ? 0 : more);
    },
    setQuota(quota) {
      state.quota = { ...state.quota, ...quota };
    },
    setTaken(subnetId, count) {
      const subnet = state.subnets[subnetId];
      if (subnet) subnet.taken = count;
    },
    interrupt(instanceId, why) {
      const one = find(instanceId);
      if (one.end?.kind === 'terminated') return;
      end(state, one, why, clock.now(), pace);
      world.terminated(instanceId);
    },
    setConsole(instanceId, text) {
      find(instanceId).console = Buffer.from(text).subarray(-consoleSize).toString();
    },
    machines: () => live().map(machine),
    onLaunched: listener => void launched.push(listener),
    onTerminated: listener => void terminated.push(listener),
  };
}

/** Credentials of instances, good for six hours and renewed before they expire; never saved. */
function createRoles({ clock }: CloudOptions) {
  const all = new Map<string, readonly Role[]>();
  const valid = (instanceId: string): readonly Role[] => {
    const now = clock.now();
    const kept = (all.get(instanceId) ?? []).filter(({ expires }) => expires > now);
    const isFresh = kept.some(({ expires }) => expires > now + renewedBefore);
    const roles = isFresh ? kept : [...kept, { ...newRole(now), instanceId }];
    all.set(instanceId, roles);
    return roles;
  };
  return { valid, current: (instanceId: string): Role => valid(instanceId).at(-1) as Role };
}

function machineOf(state: Ec2State, { accountId, region }: CloudOptions, one: StoredInstance, role: Role): Instance {
  const { subnetId, instanceType } = one.request;
  return {
    instanceId: one.instanceId,
    accountId,
    region,
    availabilityZone: one.zone,
    arch: one.arch,
    instanceType,
    privateIp: one.privateIp,
    mac: state.interfaces[one.interfaceId]?.mac ?? '',
    subnet: { id: subnetId, cidr: state.subnets[subnetId]?.cidr ?? '' },
    role,
    userData: Buffer.from(one.userData, 'base64'),
    imageId: one.request.imageId,
    interfaceId: one.interfaceId,
    spot: one.request.spot,
  };
}
