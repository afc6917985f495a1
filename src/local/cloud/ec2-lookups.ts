import type { Compute, ImageView } from '../../ports/compute.ts';
import { checkId, failer } from './ec2-errors.ts';
import { findSubnet, freeAddresses } from './ec2-network.ts';
import { tagAll } from './ec2-tags.ts';
import { typeFacts } from './ec2-types.ts';
import { ask, type Ec2World } from './ec2-world.ts';

/** SSM’s GetParameter; undefined: there is none of this name. */
export function readParameter({ state, calls }: Ec2World, name: string): Promise<string | undefined> {
  return calls.perform({ service: 'SSM', name: 'GetParameter' }, () => state.parameters[name]);
}

/** Who asks, what there is, and tags. */
export function lookupCalls(world: Ec2World): Pick<Compute, 'caller' | 'image' | 'subnet' | 'instanceTypes' | 'tag'> {
  const { state, calls, options } = world;
  const describeImage = (imageId: string): Promise<ImageView> =>
    ask(world, 'DescribeImages', fail => {
      checkId(fail, 'ami', 'InvalidAMIID', imageId);
      return state.images[imageId] ?? fail('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
    });

  return {
    caller: () =>
      calls.perform({ service: 'STS', name: 'GetCallerIdentity' }, () => ({
        accountId: options.accountId,
        arn: `arn:aws:iam::${options.accountId}:user/operator`,
      })),

    async image(reference) {
      if (!reference.startsWith('ssm:')) return describeImage(reference);
      const name = reference.slice('ssm:'.length);
      const imageId = await readParameter(world, name);
      if (imageId !== undefined) return describeImage(imageId);
      return failer({ service: 'SSM', name: 'GetParameter' })('ParameterNotFound', `Parameter ${name} not found.`);
    },

    subnet: subnetId =>
      ask(world, 'DescribeSubnets', (fail, { now }) => {
        checkId(fail, 'subnet', 'InvalidSubnetID', subnetId);
        const subnet = findSubnet(state, fail, subnetId);
        const { vpcId, zone, cidr } = subnet;
        return { subnetId, vpcId, zone, cidr, freeAddresses: freeAddresses(state, subnet, now) };
      }),

    instanceTypes: names =>
      ask(world, 'DescribeInstanceTypes', fail => {
        const unknown = names.filter(name => !typeFacts(name));
        if (unknown.length > 0)
          fail('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`);
        return names.flatMap(name => {
          const facts = typeFacts(name);
          return facts ? [{ name, archs: facts.archs }] : [];
        });
      }),

    tag: (ids, tags) =>
      ask(world, 'CreateTags', (fail, { now, seen, pace }) => tagAll(state, fail, ids, tags, now, seen, pace)),
  };
}
