import type { InstanceView, Tags } from '../../ports/compute.ts';
import type { Calls } from './calls.ts';
import type { CloudOptions } from './cloud.ts';
import { checkId, type Fail, failer } from './ec2-errors.ts';
import type { Moment } from './ec2-launch.ts';
import { viewInstance } from './ec2-life.ts';
import type { Ec2State, StoredInstance } from './ec2-state.ts';

/** What every call of EC2 works on. */
export type Ec2World = {
  readonly state: Ec2State;
  readonly options: CloudOptions;
  readonly calls: Calls;
  /** Told of what happens to instances, so that one can be more than a record. */
  readonly launched: (instanceId: string) => void;
  readonly terminated: (instanceId: string) => void;
};

/** Performs one call of EC2. `resources`: how many instances it starts or ends. */
export function ask<T>(
  { options, calls }: Ec2World,
  name: string,
  operation: (fail: Fail, moment: Moment) => T,
  resources = 0,
): Promise<T> {
  const call = { service: 'EC2', name } as const;
  return calls.perform(
    call,
    () => {
      const now = options.clock.now();
      return operation(failer(call), { now, seen: now - options.pace.describeLag, pace: options.pace });
    },
    resources,
  );
}

/** Instances as Describe shows them: as they were a moment ago. */
export function seenInstances({ state }: Ec2World, { seen, pace }: Moment): readonly InstanceView[] {
  return Object.values(state.instances).flatMap(one => viewInstance(one, seen, pace) ?? []);
}

/** An instance that is known by now; else the call fails (EC2 API Reference, “Eventual consistency”). */
export function knownInstance(
  { state }: Ec2World,
  fail: Fail,
  instanceId: string,
  { seen, pace }: Moment,
): StoredInstance {
  checkId(fail, 'i', 'InvalidInstanceID', instanceId);
  const one = state.instances[instanceId];
  if (one && viewInstance(one, seen, pace)) return one;
  return fail('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
}

export function isOfCluster(cluster: string): (view: { readonly tags: Tags }) => boolean {
  return ({ tags }) => tags['firstboot:cluster'] === cluster;
}
