import type { Compute, InstanceView } from '../../ports/compute.ts';
import { end } from './ec2-end.ts';
import { checkId } from './ec2-errors.ts';
import { launch, tryLaunch } from './ec2-launch.ts';
import { stateAt, viewInstance } from './ec2-life.ts';
import { ask, type Ec2World, isOfCluster, knownInstance, seenInstances } from './ec2-world.ts';

/** The calls that have to do with instances. */
export function instanceCalls(
  world: Ec2World,
): Pick<
  Compute,
  'launch' | 'tryLaunch' | 'instances' | 'instance' | 'terminate' | 'setTerminationProtection' | 'consoleOutput'
> {
  const { state } = world;
  return {
    launch: request =>
      ask(
        world,
        'RunInstances',
        (fail, moment) => {
          const { instance, isNew } = launch(state, fail, request, moment);
          if (isNew) world.launched(instance.instanceId);
          // What a token stands for is shown however long ago it ended.
          const pace = { ...moment.pace, terminatedShownFor: Number.POSITIVE_INFINITY };
          return viewInstance(instance, moment.now, pace) as InstanceView;
        },
        1,
      ),

    tryLaunch: request => ask(world, 'RunInstances:DryRun', (fail, moment) => tryLaunch(state, fail, request, moment)),

    instances: cluster =>
      ask(world, 'DescribeInstances', (_fail, moment) => seenInstances(world, moment).filter(isOfCluster(cluster))),

    instance: instanceId =>
      ask(world, 'DescribeInstances', (fail, { seen, pace }) => {
        checkId(fail, 'i', 'InvalidInstanceID', instanceId);
        const one = state.instances[instanceId];
        return one && viewInstance(one, seen, pace);
      }),

    terminate: instanceId =>
      ask(
        world,
        'TerminateInstances',
        (fail, moment) => {
          const instance = knownInstance(world, fail, instanceId, moment);
          if (stateAt(instance, moment.now) === 'terminated') return;
          if (instance.protected)
            fail(
              'OperationNotPermitted',
              `The instance '${instanceId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
            );
          const isNew = instance.end?.kind !== 'terminated';
          end(state, instance, 'user', moment.now, moment.pace);
          if (isNew) world.terminated(instanceId);
        },
        1,
      ),

    setTerminationProtection: (instanceId, on) =>
      ask(world, 'ModifyInstanceAttribute', (fail, moment) => {
        const instance = knownInstance(world, fail, instanceId, moment);
        const now = stateAt(instance, moment.now);
        if (now === 'terminated' || now === 'shutting-down')
          fail(
            'IncorrectInstanceState',
            `The instance '${instanceId}' is not in a state from which its attribute can be modified: ${now}.`,
          );
        instance.protected = on;
      }),

    consoleOutput: instanceId =>
      ask(world, 'GetConsoleOutput', (fail, moment) => {
        const { console } = knownInstance(world, fail, instanceId, moment);
        return console === '' ? undefined : console;
      }),
  };
}
