import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView, LaunchRequest } from '../ports/compute.ts';
import { parseCidr, parseIpv4 } from '../spec/address.ts';
import type { Worker } from '../spec/resolve.ts';
import { addressHeld, isForsaken } from './await-terminated.ts';
import { isCapacityError } from './capacity.ts';
import { isOver } from './old-node.ts';
import type { Action, Plan } from './plan.ts';
import type { RolloutOptions } from './rollout-options.ts';
import type { Shared } from './shared.ts';
import { trialToken } from './token.ts';
import type { World } from './world.ts';

/**
 * What can be known before anything is changed: who we are, the rights, and for each shape of a launch whether EC2 would
 * allow it. Gives warnings; throws what would fail later.
 */
export async function preflight(
  world: World,
  shared: Shared,
  plan: Plan,
  options: RolloutOptions,
  instances: readonly InstanceView[],
): Promise<readonly string[]> {
  const actions = plan.actions.filter(({ kind }) => kind !== 'keep');
  if (actions.length === 0) return [];
  await world.compute.caller();
  refuseBlind(world, actions, options);
  await checkRights(world, actions);
  await checkMoves(world, actions, instances);
  await checkLaunches(world, shared, actions, options);
  return blindWarnings(world, actions, options);
}

/** Throws where a node that cannot be drained, or that may not come back, needs leave that was not given. Asks nobody. */
export function refuseBlind(
  { kube }: Pick<World, 'kube'>,
  actions: readonly Action[],
  options: Pick<RolloutOptions, 'ignoreDrainFailure' | 'acceptCapacityRisk'>,
): void {
  const ending = actions.filter(
    ({ kind, instanceId }) => (kind === 'replace' || kind === 'retire') && instanceId !== null,
  );
  const [first] = ending;
  if (first && !kube && !options.ignoreDrainFailure)
    throw new OperationError(
      'DRAIN_IMPOSSIBLE',
      `${first.worker} has a node to be drained, and there is no kubeconfig to reach the api-server.`,
      'give --kubeconfig; or --ignore-drain-failure, which terminates without draining and leaves the old Node object.',
    );
  const spot = actions.find(({ kind, launch }) => kind === 'replace' && launch?.spot);
  if (spot && !options.acceptCapacityRisk)
    throw new OperationError(
      'CAPACITY_RISK',
      `${spot.worker} runs on spot, for which no capacity can be reserved before its node is taken away.`,
      'give --accept-capacity-risk: the worker may stay down until there is capacity again.',
    );
}

async function checkRights({ kube }: World, actions: readonly Action[]): Promise<void> {
  if (!kube || !actions.some(({ kind }) => kind === 'replace' || kind === 'retire')) return;
  const missing = await kube.missingRights();
  if (missing.length === 0) return;
  throw new OperationError(
    'CALL_DENIED',
    `the kubeconfig’s user may not ${missing.join(', ')} at ${kube.server}, which replacing a node needs.`,
    '`firstboot iam` prints the ClusterRole; or use the kubeconfig of somebody who may.',
  );
}

function blindWarnings({ kube }: World, actions: readonly Action[], { wait }: RolloutOptions): readonly string[] {
  const launches = actions.some(({ kind }) => kind !== 'retire');
  const blind = wait === 'booted' && launches ? ['--wait booted trusts what the console reports.'] : [];
  const left = !kube && actions.some(({ kind }) => kind !== 'launch') ? ['old Node objects stay: no kubeconfig.'] : [];
  return [...blind, ...left];
}

/** A worker that is to have another address keeps its node when somebody has it who will not go. */
async function checkMoves(
  { cluster, compute }: World,
  actions: readonly Action[],
  instances: readonly InstanceView[],
): Promise<void> {
  const moving = new Set(actions.map(({ worker }) => worker));
  for (const action of actions) {
    const worker = action.kind === 'replace' ? cluster.workers.find(({ name }) => name === action.worker) : undefined;
    const old = instances.find(({ instanceId }) => instanceId === action.instanceId);
    if (!worker || !old || isOver(old)) continue;
    const { privateIp, launch } = worker;
    if (launch.subnet === null || (old.privateIp === privateIp && old.subnetId === launch.subnet)) continue;
    const holder = await compute.interfaceAt(launch.subnet, privateIp);
    const ours = holder?.tags['firstboot:cluster'] === cluster.name;
    const leaves = ours && moving.has(holder.tags['firstboot:worker'] ?? '');
    if (holder && !leaves && !isForsaken({ cluster }, holder)) throw addressHeld(privateIp, holder, 0);
  }
}

async function checkLaunches(
  world: World,
  shared: Shared,
  actions: readonly Action[],
  options: RolloutOptions,
): Promise<void> {
  const names = new Set(actions.filter(({ kind }) => kind !== 'retire').map(({ worker }) => worker));
  const workers = world.cluster.workers.filter(({ name }) => names.has(name));
  for (const worker of workers) await checkAddress(shared, worker);
  const shapes = new Map(workers.map(worker => [JSON.stringify([worker.arch, worker.launch]), worker]));
  for (const worker of shapes.values()) await checkShape(world, shared, worker, options);
}

async function checkAddress(shared: Shared, { name, privateIp, launch }: Worker): Promise<void> {
  if (launch.subnet === null || launch.image === null)
    throw new OperationError(
      'LAUNCH_UNSPECIFIED',
      `the spec does not say in which ${launch.subnet === null ? 'subnet' : 'image'} ${name} is to be launched.`,
      'give aws.subnet and aws.image (or the worker’s own).',
    );
  const subnet = await shared.subnet(launch.subnet);
  const range = parseCidr(subnet.cidr);
  const address = parseIpv4(privateIp);
  if (!range || address === undefined || (address >= range.first && address <= range.last)) return;
  throw new OperationError(
    'LAUNCH_ADDRESS_OUTSIDE',
    `${name} has the address ${privateIp}, and ${launch.subnet} has the range ${subnet.cidr}.`,
    'correct privateIp or subnet in the spec, and issue the certificate for the address anew.',
  );
}

async function checkShape(world: World, shared: Shared, worker: Worker, options: RolloutOptions): Promise<void> {
  const { launch, arch, name } = worker;
  const image = await shared.image(launch.image ?? '');
  if (image.arch !== arch) throw wrongArch(name, arch, `the image ${image.imageId} is for ${image.arch}`);
  const types = await world.compute.instanceTypes(launch.instanceTypes);
  const wrong = types.find(({ archs }) => !archs.includes(arch));
  if (wrong) throw wrongArch(name, arch, `the instance type ${wrong.name} is for ${wrong.archs.join(', ')}`);
  const { userData, fingerprint } = await world.artifactsOf(name);
  const request: Omit<LaunchRequest, 'instanceType'> = {
    clientToken: trialToken(world.cluster.name, name, fingerprint),
    imageId: image.imageId,
    subnetId: launch.subnet ?? '',
    network: { kind: 'address', privateIp: worker.privateIp, securityGroups: launch.securityGroups },
    instanceProfile: launch.instanceProfile,
    userData,
    root: {
      device: image.rootDevice,
      size: Math.max(launch.volume.size, image.rootSize),
      kmsKey: launch.volume.kmsKey,
    },
    spot: launch.spot,
    terminationProtection: launch.terminationProtection,
    reservationId: null,
    tags: {
      ...launch.tags,
      Name: name,
      'firstboot:cluster': world.cluster.name,
      'firstboot:worker': name,
      'firstboot:fingerprint': fingerprint,
      'firstboot:generation': '0',
      'firstboot:run': options.run,
    },
  };
  for (const instanceType of launch.instanceTypes) await tryType(world, shared, { ...request, instanceType });
}

/** Every type may come to be launched, and one that does not go with the image is found now, not when the old instance is gone. */
async function tryType({ compute }: World, shared: Shared, request: LaunchRequest): Promise<void> {
  await shared.launchPace();
  try {
    await compute.tryLaunch(request);
  } catch (error) {
    // An address that the worker’s old instance holds is freed later, and capacity is tried type by type.
    const held = error instanceof CallError && error.code === 'InvalidIPAddress.InUse';
    if (!held && !isCapacityError(error)) throw error;
  }
}

function wrongArch(worker: string, arch: string, what: string): OperationError {
  return new OperationError(
    'LAUNCH_ARCH',
    `${worker} is ${arch}, and ${what}.`,
    'correct arch, aws.image or instanceTypes in the spec.',
  );
}
