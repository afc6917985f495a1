import type { Compute, InterfaceView } from '../../ports/compute.ts';
import type { Fail } from './ec2-errors.ts';
import { addInterface, digestOf, type Moment } from './ec2-launch.ts';
import { existsAt, holderAt, viewInterface } from './ec2-life.ts';
import { checkAddress, checkGroups, findSubnet } from './ec2-network.ts';
import { checkTags } from './ec2-tags.ts';
import { ask, type Ec2World, isOfCluster } from './ec2-world.ts';

/** Interfaces as Describe shows them. */
export function seenInterfaces({ state }: Ec2World, { seen }: Moment): readonly InterfaceView[] {
  return Object.values(state.interfaces).flatMap(one => viewInterface(one, seen) ?? []);
}

/** The calls that have to do with network interfaces. */
export function interfaceCalls(
  world: Ec2World,
): Pick<Compute, 'interfaces' | 'interfaceAt' | 'createInterface' | 'setInterfaceGroups' | 'deleteInterface'> {
  const { state } = world;
  return {
    interfaces: cluster =>
      ask(world, 'DescribeNetworkInterfaces', (_fail, moment) =>
        seenInterfaces(world, moment).filter(isOfCluster(cluster)),
      ),

    interfaceAt: (subnetId, privateIp) =>
      ask(world, 'DescribeNetworkInterfaces', (_fail, moment) =>
        seenInterfaces(world, moment).find(one => one.subnetId === subnetId && one.privateIp === privateIp),
      ),

    createInterface: request =>
      ask(world, 'CreateNetworkInterface', (fail, moment) => {
        const made = madeBefore(world, fail, request, moment);
        if (made) return made;
        const subnet = findSubnet(state, fail, request.subnetId);
        checkTags(fail, request.tags);
        checkGroups(state, fail, request.securityGroups);
        checkAddress(state, fail, subnet, request.privateIp, moment.now);
        const { clientToken, tags, ...fields } = request;
        const added = addInterface(state, { ...fields, ephemeral: false }, tags, moment.now);
        state.tokens[`interface ${clientToken}`] = { request: digestOf(request), id: added.interfaceId };
        return { ...(viewInterface(added, moment.now) as InterfaceView), status: 'pending' };
      }),

    setInterfaceGroups: (interfaceId, securityGroups) =>
      ask(world, 'ModifyNetworkInterfaceAttribute', (fail, { now, seen }) => {
        const one = state.interfaces[interfaceId];
        if (!one || !existsAt(one, now) || one.createdAt > seen)
          return fail('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${interfaceId}' does not exist`);
        checkGroups(state, fail, securityGroups);
        one.securityGroups = [...securityGroups];
      }),

    deleteInterface: interfaceId =>
      ask(world, 'DeleteNetworkInterface', (fail, { now }) => {
        const one = state.interfaces[interfaceId];
        if (!one || !existsAt(one, now)) return;
        if (holderAt(one, now) !== undefined)
          fail('InvalidParameterValue', `Network interface '${interfaceId}' is currently in use.`);
        one.deletedAt = now;
      }),
  };
}

/** What this token made before, as long as it is there. */
function madeBefore(
  { state }: Ec2World,
  fail: Fail,
  request: Parameters<Compute['createInterface']>[0],
  { now }: Moment,
): InterfaceView | undefined {
  const used = state.tokens[`interface ${request.clientToken}`];
  const one = used && state.interfaces[used.id];
  if (!one || !existsAt(one, now)) return undefined;
  if (used.request !== digestOf(request))
    fail(
      'IdempotentParameterMismatch',
      'The request uses the same client token as a previous, but non-identical request.',
    );
  return viewInterface(one, now);
}
