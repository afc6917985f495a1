import type { LaunchRequest } from '../../ports/compute.ts';
import { sha256 } from '../../tree/digest.ts';
import type { CloudPace } from './cloud.ts';
import { checkCapacity, checkQuota, checkReservation } from './ec2-capacity.ts';
import { checkId, type Fail } from './ec2-errors.ts';
import { checkAddress, checkGroups, findFreeInterface, findSubnet } from './ec2-network.ts';
import { type Ec2State, newId, type StoredInstance, type StoredInterface, type StoredSubnet } from './ec2-state.ts';
import { checkTags } from './ec2-tags.ts';
import { typeFacts } from './ec2-types.ts';

/** Amazon EC2 User Guide, “Run commands on your Linux instance at launch”: 16 KB before base64. */
const mostUserData = 16_384;

/** The moment of a call, and the moment as of which what was done before is known everywhere. */
export type Moment = { readonly now: number; readonly seen: number; readonly pace: CloudPace };

/**
 * RunInstances for one instance. A token that was used in this zone gives its instance again whatever became of it; a
 * launch that fails leaves nothing behind, no token either (EC2 API Reference, “Ensuring idempotency”).
 */
export function launch(
  state: Ec2State,
  fail: Fail,
  request: LaunchRequest,
  moment: Moment,
): { readonly instance: StoredInstance; readonly isNew: boolean } {
  const subnet = checkForm(state, fail, request);
  const token = `${subnet.zone} ${request.clientToken}`;
  const digest = digestOf(request);
  const used = state.tokens[token];
  if (used && used.request !== digest)
    fail(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  if (used) return { instance: state.instances[used.id] as StoredInstance, isNew: false };
  checkWorld(state, fail, request, subnet, moment);
  checkRoom(state, fail, request, subnet, moment.now);
  const instance = createInstance(state, request, subnet, moment);
  state.tokens[token] = { request: digest, id: instance.instanceId };
  return { instance, isNew: true };
}

/** The same with DryRun: everything but whether there is capacity, which EC2 does not look at either. */
export function tryLaunch(state: Ec2State, fail: Fail, request: LaunchRequest, moment: Moment): void {
  const subnet = checkForm(state, fail, request);
  checkWorld(state, fail, request, subnet, moment);
}

function checkForm(state: Ec2State, fail: Fail, request: LaunchRequest): StoredSubnet {
  if (!/^[\x21-\x7e]{1,64}$/.test(request.clientToken))
    fail('InvalidParameterValue', `Value (${request.clientToken}) for parameter clientToken is invalid.`);
  if (request.userData.length > mostUserData)
    fail('InvalidParameterValue', `User data is limited to ${mostUserData} bytes`);
  checkId(fail, 'ami', 'InvalidAMIID', request.imageId);
  checkId(fail, 'subnet', 'InvalidSubnetID', request.subnetId);
  checkTags(fail, request.tags);
  return findSubnet(state, fail, request.subnetId);
}

function checkWorld(
  state: Ec2State,
  fail: Fail,
  request: LaunchRequest,
  subnet: StoredSubnet,
  { now, seen }: Moment,
): void {
  const { imageId, instanceType, instanceProfile, network, root } = request;
  const image = state.images[imageId] ?? fail('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
  const type =
    typeFacts(instanceType) ?? fail('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`);
  if (!type.archs.includes(image.arch))
    fail(
      'InvalidParameterValue',
      `The architecture '${type.archs.map(awsArch).join(',')}' of the specified instance type does not match the architecture '${awsArch(image.arch)}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    );
  if (root.size < image.rootSize)
    fail(
      'InvalidBlockDeviceMapping',
      `Volume of size ${root.size}GB is smaller than snapshot 'snap-${imageId.slice(4)}', expect size >= ${image.rootSize}GB`,
    );
  if (!state.instanceProfiles.includes(instanceProfile))
    fail(
      'InvalidParameterValue',
      `Value (${instanceProfile}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
    );
  if (network.kind === 'interface') {
    const attached = findFreeInterface(state, fail, network.interfaceId, now, seen);
    if (attached.subnetId !== subnet.subnetId)
      fail(
        'InvalidParameterCombination',
        `Network interface '${attached.interfaceId}' is not in subnet '${subnet.subnetId}'.`,
      );
    return;
  }
  checkGroups(state, fail, network.securityGroups);
  checkAddress(state, fail, subnet, network.privateIp, now);
}

function checkRoom(
  state: Ec2State,
  fail: Fail,
  { reservationId, instanceType, spot }: LaunchRequest,
  { zone }: StoredSubnet,
  now: number,
): void {
  if (reservationId === null) {
    checkQuota(state, fail, instanceType, spot, now);
    checkCapacity(state, fail, instanceType, zone, now);
  } else {
    checkReservation(state, fail, reservationId, instanceType, zone, now);
  }
}

function createInstance(
  state: Ec2State,
  { userData, tags, terminationProtection, ...request }: LaunchRequest,
  subnet: StoredSubnet,
  { now, pace }: Moment,
): StoredInstance {
  const instanceId = newId(state, 'i', now);
  const attached = interfaceFor(state, request.network, subnet, tags, now);
  attached.attachments.push({ instanceId, from: now, until: null });
  const instance: StoredInstance = {
    instanceId,
    request,
    userData: Buffer.from(userData).toString('base64'),
    zone: subnet.zone,
    arch: state.images[request.imageId]?.arch ?? 'amd64',
    interfaceId: attached.interfaceId,
    volumeId: newId(state, 'vol', now),
    privateIp: attached.privateIp,
    launchedAt: now,
    runningAt: now + pace.pendingFor,
    protected: terminationProtection,
    tags: [{ at: now, tags }],
    volumeTags: [{ at: now, tags }],
    end: null,
    console: '',
  };
  state.instances[instanceId] = instance;
  return instance;
}

function interfaceFor(
  state: Ec2State,
  network: LaunchRequest['network'],
  { subnetId }: StoredSubnet,
  tags: LaunchRequest['tags'],
  now: number,
): StoredInterface {
  if (network.kind === 'interface') return state.interfaces[network.interfaceId] as StoredInterface;
  const { privateIp, securityGroups } = network;
  return addInterface(state, { subnetId, privateIp, securityGroups, description: '', ephemeral: true }, tags, now);
}

export function addInterface(
  state: Ec2State,
  fields: Pick<StoredInterface, 'subnetId' | 'privateIp' | 'securityGroups' | 'description' | 'ephemeral'>,
  tags: LaunchRequest['tags'],
  now: number,
): StoredInterface {
  const interfaceId = newId(state, 'eni', now);
  const mac = ['02', ...(sha256(interfaceId).slice(0, 10).match(/../g) ?? [])].join(':');
  const added: StoredInterface = {
    ...fields,
    interfaceId,
    mac,
    createdAt: now,
    tags: [{ at: now, tags }],
    attachments: [],
    deletedAt: null,
  };
  state.interfaces[interfaceId] = added;
  return added;
}

/** What two requests with one token must have in common: everything. Maps by key, so that their order does not count. */
export function digestOf(request: object): string {
  return sha256(
    JSON.stringify(request, (_key, value) => {
      if (value instanceof Uint8Array) return sha256(value);
      const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
      return isMap ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
    }),
  );
}

function awsArch(arch: 'amd64' | 'arm64'): string {
  return arch === 'amd64' ? 'x86_64' : arch;
}
