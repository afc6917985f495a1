import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import type { Compute, InstanceView, InterfaceRequest, LaunchRequest, Tags } from '../../src/ports/compute.ts';
import { type Behaviour, refusal, refusedWith } from './contract.ts';

export type ComputeWorld = {
  readonly compute: Compute;
  readonly clock: Clock;
  /** Milliseconds between two looks at what is awaited. */
  readonly pause: number;
  readonly accountId: string;
  readonly subnetId: string;
  readonly zone: string;
  /** An address of the subnet that nobody had yet. */
  readonly address: () => string;
  /** The same image by its ID and by an SSM parameter. */
  readonly image: { readonly id: string; readonly parameter: string; readonly rootDevice: string };
  /** A small type of the image’s architecture. */
  readonly instanceType: string;
  readonly securityGroup: string;
  readonly instanceProfile: string;
};

/** No other behaviour, and no other run, has it. */
const unique = (what: string): string => `contract-${what}-${randomUUID()}`;

function tagsOf(cluster: string): Tags {
  return { Name: 'worker-0', 'firstboot:cluster': cluster, 'firstboot:worker': 'worker-0' };
}

function requestOf(world: ComputeWorld, change: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    clientToken: unique('token'),
    imageId: world.image.id,
    instanceType: world.instanceType,
    subnetId: world.subnetId,
    network: { kind: 'address', privateIp: world.address(), securityGroups: [world.securityGroup] },
    instanceProfile: world.instanceProfile,
    userData: new TextEncoder().encode('#cloud-config\n'),
    root: { device: world.image.rootDevice, size: 8, kmsKey: null },
    spot: false,
    terminationProtection: false,
    reservationId: null,
    tags: tagsOf(unique('cluster')),
    ...change,
  };
}

function interfaceRequestOf(world: ComputeWorld, cluster: string): InterfaceRequest {
  return {
    clientToken: unique('token'),
    subnetId: world.subnetId,
    privateIp: world.address(),
    securityGroups: [world.securityGroup],
    description: 'firstboot contract',
    tags: tagsOf(cluster),
  };
}

/** What is asked for may lag behind what was done. */
async function eventually<T>(
  { clock, pause }: ComputeWorld,
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const value = await ask();
    if (holds(value)) return value;
    await clock.sleep(pause);
  }
  return expect.fail('never came to be');
}

const inState = (world: ComputeWorld, { instanceId }: InstanceView, state: string) =>
  eventually(
    world,
    () => world.compute.instance(instanceId),
    one => one?.state === state,
  );

async function end(world: ComputeWorld, instance: InstanceView): Promise<void> {
  await eventually(
    world,
    () => world.compute.instance(instance.instanceId),
    one => one !== undefined,
  );
  await world.compute.terminate(instance.instanceId);
  await inState(world, instance, 'terminated');
}

const addressOf = ({ network }: LaunchRequest): string => (network.kind === 'address' ? network.privateIp : '');

const asking: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'the caller is told by account and ARN',
    run: async ({ compute, accountId }) => {
      const caller = await compute.caller();
      expect(caller.accountId).toBe(accountId);
      expect(caller.arn).toMatch(new RegExp(`^arn:aws[a-z-]*:(iam|sts)::${accountId}:.+`));
    },
  },
  {
    name: 'an image is found by ID and by SSM parameter',
    run: async ({ compute, image }) => {
      const byId = await compute.image(image.id);
      expect(byId).toMatchObject({ imageId: image.id, rootDevice: image.rootDevice, arch: 'amd64' });
      expect(byId.rootSize).toBeGreaterThan(0);
      expect(byId.name).not.toBe('');
      expect(await compute.image(`ssm:${image.parameter}`)).toEqual(byId);
    },
  },
  {
    name: 'an image that is not there is InvalidAMIID.NotFound, a parameter ParameterNotFound',
    run: async ({ compute }) => {
      await refusedWith(compute.image('ami-0123456789abcdef9'), 'InvalidAMIID.NotFound');
      await refusedWith(compute.image('ssm:/firstboot/contract/nothing'), 'ParameterNotFound');
    },
  },
  {
    name: 'a subnet is told with its zone and range',
    run: async ({ compute, subnetId, zone }) => {
      const subnet = await compute.subnet(subnetId);
      expect(subnet).toMatchObject({ subnetId, zone, vpcId: expect.stringMatching(/^vpc-/) });
      expect(subnet.cidr).toMatch(/^[\d.]+\/\d+$/);
      expect(subnet.freeAddresses).toBeGreaterThan(10);
    },
  },
  {
    name: 'a subnet that is not there is InvalidSubnetID.NotFound',
    run: ({ compute }) => refusedWith(compute.subnet('subnet-0123456789abcdef9'), 'InvalidSubnetID.NotFound'),
  },
  {
    name: 'instance types have architectures',
    run: async ({ compute }) => {
      const types = await compute.instanceTypes(['t3.medium', 't4g.medium']);
      expect([...types].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
        { name: 't3.medium', archs: ['amd64'] },
        { name: 't4g.medium', archs: ['arm64'] },
      ]);
    },
  },
  {
    name: 'an instance type that does not exist is InvalidInstanceType',
    run: ({ compute }) => refusedWith(compute.instanceTypes(['t3.enormous']), 'InvalidInstanceType'),
  },
  {
    name: 'an instance that is not known is undefined',
    run: async ({ compute }) => {
      expect(await compute.instance('i-0123456789abcdef9')).toBeUndefined();
      expect(await compute.instances(unique('cluster'))).toEqual([]);
    },
  },
];

const launching: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'a launched instance is as it was asked for, and gets to run',
    run: async world => {
      const request = requestOf(world);
      const launched = await world.compute.launch(request);
      expect(launched).toMatchObject({
        instanceId: expect.stringMatching(/^i-[0-9a-f]{8,17}$/),
        imageId: request.imageId,
        instanceType: request.instanceType,
        arch: 'amd64',
        subnetId: world.subnetId,
        zone: world.zone,
        privateIp: addressOf(request),
        clientToken: request.clientToken,
        spot: false,
        tags: request.tags,
      });
      const running = await inState(world, launched, 'running');
      expect(running).toMatchObject({ privateIp: addressOf(request), clientToken: request.clientToken, spot: false });
      expect(running?.interfaceIds).toHaveLength(1);
      await end(world, launched);
    },
  },
  {
    name: 'a launched instance is pending first',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world));
      expect(launched.state).toBe('pending');
      await end(world, launched);
    },
  },
  {
    name: 'instances are found by their cluster’s tag, terminated ones too',
    run: async world => {
      const cluster = unique('cluster');
      const launched = await world.compute.launch(requestOf(world, { tags: tagsOf(cluster) }));
      const ask = () => world.compute.instances(cluster);
      const [found] = await eventually(world, ask, all => all.length === 1);
      expect(found).toMatchObject({ instanceId: launched.instanceId, tags: tagsOf(cluster) });
      await end(world, launched);
      const [ended] = await ask();
      expect(ended).toMatchObject({ instanceId: launched.instanceId, state: 'terminated' });
    },
  },
  {
    name: 'the new interface has the tags of its instance',
    run: async world => {
      const cluster = unique('cluster');
      const launched = await world.compute.launch(requestOf(world, { tags: tagsOf(cluster) }));
      const ask = () => world.compute.interfaces(cluster);
      const [found] = await eventually(world, ask, all => all.length === 1);
      expect(found).toMatchObject({ instanceId: launched.instanceId, tags: tagsOf(cluster) });
      await end(world, launched);
    },
  },
  {
    name: 'tags are set and replaced later',
    run: async world => {
      const cluster = unique('cluster');
      const launched = await world.compute.launch(requestOf(world, { tags: tagsOf(cluster) }));
      await inState(world, launched, 'running');
      await world.compute.tag([launched.instanceId], { Name: 'renamed', extra: 'a, b = c' });
      const ask = () => world.compute.instance(launched.instanceId);
      const renamed = await eventually(world, ask, one => one?.tags.Name === 'renamed');
      expect(renamed?.tags).toEqual({ ...tagsOf(cluster), Name: 'renamed', extra: 'a, b = c' });
      await end(world, launched);
    },
  },
  {
    name: 'a spot instance says so',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world, { spot: true }));
      expect((await inState(world, launched, 'running'))?.spot).toBe(true);
      await end(world, launched);
    },
  },
  {
    name: 'console output is text, or not there yet',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world));
      await inState(world, launched, 'running');
      const output = await world.compute.consoleOutput(launched.instanceId);
      expect(output === undefined || output.length > 0).toBe(true);
      await end(world, launched);
    },
  },
];

const idempotency: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'ten launches with one token at once are one instance',
    run: async world => {
      const cluster = unique('cluster');
      const request = requestOf(world, { tags: tagsOf(cluster) });
      const launched = await Promise.all(Array.from({ length: 10 }, () => world.compute.launch(request)));
      const [first] = launched;
      if (!first) return expect.fail('none');
      expect(new Set(launched.map(one => one.instanceId)).size).toBe(1);
      await end(world, first);
      expect(await world.compute.instances(cluster)).toHaveLength(1);
    },
  },
  {
    name: 'a token with another request is IdempotentParameterMismatch',
    run: async world => {
      const request = requestOf(world);
      const launched = await world.compute.launch(request);
      const other = { ...request, userData: new TextEncoder().encode('#cloud-config\n# another\n') };
      await refusedWith(world.compute.launch(other), 'IdempotentParameterMismatch');
      await end(world, launched);
    },
  },
  {
    name: 'the token of a terminated instance gives that instance again',
    run: async world => {
      const request = requestOf(world);
      const launched = await world.compute.launch(request);
      await end(world, launched);
      expect((await world.compute.launch(request)).instanceId).toBe(launched.instanceId);
    },
  },
  {
    name: 'an interface is made once for one token',
    run: async world => {
      const cluster = unique('cluster');
      const request = interfaceRequestOf(world, cluster);
      const made = await world.compute.createInterface(request);
      expect((await world.compute.createInterface(request)).interfaceId).toBe(made.interfaceId);
      await world.compute.deleteInterface(made.interfaceId);
    },
  },
  {
    name: 'capacity is reserved once for one token',
    run: async world => {
      const request = reservationRequestOf(world, unique('cluster'));
      const reserved = await world.compute.reserveCapacity(request);
      expect((await world.compute.reserveCapacity(request)).reservationId).toBe(reserved.reservationId);
      await world.compute.cancelReservation(reserved.reservationId);
    },
  },
];

const refusals: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'a dry run is allowed, and launches nothing',
    run: async world => {
      const cluster = unique('cluster');
      const request = requestOf(world, { tags: tagsOf(cluster) });
      await world.compute.tryLaunch(request);
      await world.clock.sleep(world.pause);
      expect(await world.compute.instances(cluster)).toEqual([]);
      const launched = await world.compute.launch(request);
      await end(world, launched);
    },
  },
  {
    name: 'a dry run finds an image that is not there',
    run: world => {
      const request = requestOf(world, { imageId: 'ami-0123456789abcdef9' });
      return refusedWith(world.compute.tryLaunch(request), 'InvalidAMIID.NotFound');
    },
  },
  {
    name: 'user-data of 16,384 bytes is taken, and not one more',
    run: async world => {
      const userData = new Uint8Array(16_384).fill(35);
      const launched = await world.compute.launch(requestOf(world, { userData }));
      await end(world, launched);
      const more = requestOf(world, { userData: new Uint8Array(16_385).fill(35) });
      expect(await refusal(world.compute.launch(more))).toEqual({ code: 'InvalidParameterValue', status: 400 });
    },
  },
  {
    name: 'an address outside the subnet is InvalidParameterValue',
    run: world => {
      const network = { kind: 'address', privateIp: '192.0.2.7', securityGroups: [world.securityGroup] } as const;
      return refusedWith(world.compute.launch(requestOf(world, { network })), 'InvalidParameterValue');
    },
  },
  {
    name: 'a security group that is not there is InvalidGroup.NotFound',
    run: world => {
      const network = {
        kind: 'address',
        privateIp: world.address(),
        securityGroups: ['sg-0123456789abcdef9'],
      } as const;
      return refusedWith(world.compute.launch(requestOf(world, { network })), 'InvalidGroup.NotFound');
    },
  },
];

const ending: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'a terminated instance says why it ended',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world));
      await end(world, launched);
      const ended = await world.compute.instance(launched.instanceId);
      expect(ended?.stateReason?.code).toBe('Client.UserInitiatedShutdown');
    },
  },
  {
    name: 'what is terminated already is terminated again without an error',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world));
      await end(world, launched);
      await world.compute.terminate(launched.instanceId);
    },
  },
  {
    name: 'a terminated instance has no address',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world));
      await end(world, launched);
      expect(await world.compute.instance(launched.instanceId)).toMatchObject({
        privateIp: undefined,
        interfaceIds: [],
      });
    },
  },
  {
    name: 'terminating what is not there is InvalidInstanceID.NotFound',
    run: ({ compute }) => refusedWith(compute.terminate('i-0123456789abcdef9'), 'InvalidInstanceID.NotFound'),
  },
  {
    name: 'a protected instance is not terminated before its protection is off',
    run: async world => {
      const launched = await world.compute.launch(requestOf(world, { terminationProtection: true }));
      await inState(world, launched, 'running');
      await refusedWith(world.compute.terminate(launched.instanceId), 'OperationNotPermitted');
      await world.compute.setTerminationProtection(launched.instanceId, false);
      await end(world, launched);
    },
  },
];

const addresses: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'an address is in use until its instance and interface are gone',
    run: async world => {
      const { compute, subnetId } = world;
      const request = requestOf(world);
      const privateIp = addressOf(request);
      const first = await compute.launch(request);
      const again = () => compute.launch({ ...request, clientToken: unique('token') });
      await refusedWith(again(), 'InvalidIPAddress.InUse');
      const held = await eventually(
        world,
        () => compute.interfaceAt(subnetId, privateIp),
        one => one !== undefined,
      );
      expect(held).toMatchObject({ privateIp, subnetId, instanceId: first.instanceId });
      await end(world, first);
      await eventually(
        world,
        () => compute.interfaceAt(subnetId, privateIp),
        one => one === undefined,
      );
      const second = await again();
      expect(second.privateIp).toBe(privateIp);
      await end(world, second);
    },
  },
  {
    name: 'an interface is made, told by its cluster’s tag, and deleted',
    run: async world => {
      const { compute } = world;
      const cluster = unique('cluster');
      const request = interfaceRequestOf(world, cluster);
      const made = await compute.createInterface(request);
      const [found] = await eventually(
        world,
        () => compute.interfaces(cluster),
        all => all[0]?.status === 'available',
      );
      expect(found).toEqual({
        interfaceId: made.interfaceId,
        subnetId: request.subnetId,
        privateIp: request.privateIp,
        status: 'available',
        instanceId: undefined,
        securityGroups: [world.securityGroup],
        description: request.description,
        tags: request.tags,
      });
      await compute.setInterfaceGroups(made.interfaceId, [world.securityGroup]);
      await compute.deleteInterface(made.interfaceId);
      await eventually(
        world,
        () => compute.interfaces(cluster),
        all => all.length === 0,
      );
    },
  },
  {
    name: 'an interface takes no security group that is not there',
    run: async world => {
      const { compute } = world;
      const { interfaceId } = await compute.createInterface(interfaceRequestOf(world, unique('cluster')));
      const set = () => compute.setInterfaceGroups(interfaceId, ['sg-0123456789abcdef9']);
      await refusedWith(set(), 'InvalidGroup.NotFound', 'InvalidNetworkInterfaceID.NotFound');
      await compute.deleteInterface(interfaceId);
    },
  },
  {
    name: 'an interface that is gone counts as deleted',
    run: ({ compute }) => compute.deleteInterface('eni-0123456789abcdef9'),
  },
  {
    name: 'a kept interface outlives its instance, and serves the next one',
    run: async world => {
      const { compute } = world;
      const cluster = unique('cluster');
      const { interfaceId, privateIp } = await compute.createInterface(interfaceRequestOf(world, cluster));
      const free = () =>
        eventually(
          world,
          () => compute.interfaces(cluster),
          all => all[0]?.status === 'available',
        );
      await free();
      const network = { kind: 'interface', interfaceId } as const;
      for (let generation = 1; generation <= 2; generation++) {
        const launched = await compute.launch(requestOf(world, { network }));
        const running = await inState(world, launched, 'running');
        expect(running).toMatchObject({ privateIp, interfaceIds: [interfaceId] });
        const [held] = await eventually(
          world,
          () => compute.interfaces(cluster),
          all => all[0]?.status === 'in-use',
        );
        expect(held?.instanceId).toBe(launched.instanceId);
        await end(world, launched);
        await free();
      }
      await compute.deleteInterface(interfaceId);
    },
  },
  {
    name: 'an interface of one instance is refused to another, and not deleted',
    run: async world => {
      const { compute } = world;
      const cluster = unique('cluster');
      const { interfaceId } = await compute.createInterface(interfaceRequestOf(world, cluster));
      const state = (status: string) =>
        eventually(
          world,
          () => compute.interfaces(cluster),
          all => all[0]?.status === status,
        );
      await state('available');
      const network = { kind: 'interface', interfaceId } as const;
      const launched = await compute.launch(requestOf(world, { network }));
      await state('in-use');
      await refusedWith(compute.launch(requestOf(world, { network })), 'InvalidNetworkInterface.InUse');
      await refusedWith(compute.deleteInterface(interfaceId), 'InvalidNetworkInterface.InUse', 'InvalidParameterValue');
      await end(world, launched);
      await state('available');
      await compute.deleteInterface(interfaceId);
    },
  },
];

function reservationRequestOf(world: ComputeWorld, cluster: string) {
  return {
    clientToken: unique('token'),
    instanceType: world.instanceType,
    zone: world.zone,
    ends: world.clock.now() + 3_600_000,
    tags: tagsOf(cluster),
  };
}

const capacity: readonly Behaviour<ComputeWorld>[] = [
  {
    name: 'reserved capacity is told by its cluster’s tag until it is cancelled',
    run: async world => {
      const { compute } = world;
      const cluster = unique('cluster');
      const request = reservationRequestOf(world, cluster);
      const { reservationId } = await compute.reserveCapacity(request);
      const [found] = await eventually(
        world,
        () => compute.reservations(cluster),
        all => all[0]?.state === 'active',
      );
      const { instanceType, zone } = request;
      expect(found).toMatchObject({ reservationId, instanceType, zone, free: 1, tags: request.tags });
      await compute.cancelReservation(reservationId);
      const ask = () => compute.reservations(cluster);
      await eventually(world, ask, all => all.every(one => one.state === 'cancelled'));
      await compute.cancelReservation(reservationId);
    },
  },
  {
    name: 'a reservation that is gone counts as cancelled',
    run: ({ compute }) => compute.cancelReservation('cr-0123456789abcdef9'),
  },
  {
    name: 'a launch into a reservation uses it up',
    run: async world => {
      const { compute } = world;
      const cluster = unique('cluster');
      const { reservationId } = await compute.reserveCapacity(reservationRequestOf(world, cluster));
      const ask = () => compute.reservations(cluster);
      await eventually(world, ask, all => all[0]?.state === 'active');
      const launched = await compute.launch(requestOf(world, { reservationId }));
      await eventually(world, ask, all => all[0]?.free === 0);
      await refusedWith(compute.launch(requestOf(world, { reservationId })), 'ReservationCapacityExceeded');
      await end(world, launched);
      await compute.cancelReservation(reservationId);
    },
  },
];

/** What the doc comments of the port promise. */
export const computeContract: readonly Behaviour<ComputeWorld>[] = [
  ...asking,
  ...launching,
  ...idempotency,
  ...refusals,
  ...ending,
  ...addresses,
  ...capacity,
];
