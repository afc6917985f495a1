import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { readUserData, type UserData } from '../../emit/read-user-data.ts';
import type { Handler } from '../http.ts';
import { createImds } from '../imds.ts';
import type { Instance } from '../instance.ts';
import { createObjectServer, type Stored } from '../object-server.ts';
import type { Running } from '../qemu/enter-room.ts';
import { type Image, readImage } from '../qemu/image.ts';
import { metadataAddress, objectsPort } from '../qemu/network.ts';
import { clusterIn, kernelOf, reachServer, refuseWithoutRights, toolsFor } from '../qemu/prepare-run.ts';
import { powerOff } from '../qemu/qmp.ts';
import { likelyAccelerator, type MachineStart, startMachine } from '../qemu/start-machine.ts';
import { findTools, type Tool } from '../qemu/tools.ts';
import { consoleEnd } from './console-text.ts';
import type { InstanceHost, InstanceOptions, InstanceWorld } from './instance-kind.ts';
import { type MachineNetwork, machineNetwork } from './machine-network.ts';
import { type OpenedBinaries, openEachOnce } from './open-each-once.ts';
import { instanceRedirects } from './redirects.ts';

type Parts = {
  readonly world: InstanceWorld;
  readonly tools: Readonly<Partial<Record<Tool, string>>>;
  readonly image: Image;
  readonly kernel: MachineStart['kernel'];
  readonly namespace: string | undefined;
  readonly network: MachineNetwork;
  readonly open: OpenedBinaries;
  /** What machines fetch that is not in the bucket. */
  readonly stored: Map<string, Stored>;
};

type Life = { readonly instance: Instance; readonly stop: AbortController; readonly over: Promise<void> };

const objectsBase = `http://${metadataAddress}:${objectsPort}`;
/** A machine that does not switch itself off in this time loses its power. */
const powerPatience = 10_000;
const pause = 300;
/** What a killed server left, its room, its disk’s lock, is gone after moments. */
const startTries = 3;
const startPause = 3_000;

/**
 * Instances that are local machines, which boot from a cloud image with the very user-data that RunInstances got. Instance
 * metadata and the bucket are the embedded cloud’s. MACHINE_TOOL_MISSING, MACHINE_NOT_ALLOWED, MACHINE_IMAGE_UNREADABLE.
 */
export function qemuHost(options: InstanceOptions, world: InstanceWorld, program: URL): InstanceHost {
  const { image: file, kernel, initrd, namespace } = options;
  if (file === undefined)
    throw new OperationError(
      'LOCAL_INSTANCES_NEED',
      '--instances qemu needs a cloud image.',
      'give one by --image, as `firstboot boot` takes it.',
    );
  const tools = findTools(toolsFor(['amd64'], namespace), process.env.PATH ?? '');
  refuseWithoutRights(namespace);
  fs.mkdirSync(world.folder, { recursive: true, mode: 0o700 });
  const image = readImage(tools['qemu-img'] ?? '', file, world.folder);
  const lives = new Map<string, Life>();
  const stored = new Map<string, Stored>();
  const handlers = handlersFor(world, () => [...lives.values()].map(({ instance }) => instance), stored);
  const network = machineNetwork({ tools, program, namespace, folder: world.folder, handlers });
  const parts: Parts = {
    world,
    tools,
    image,
    kernel: kernelOf({ image: file, kernel, initrd }, image.bootable),
    namespace,
    network,
    open: openEachOnce(world.binaries),
    stored,
  };
  const gone = new Map<string, Promise<void>>();
  const end = async (instanceId: string) => {
    const life = lives.get(instanceId);
    if (!life) return;
    life.stop.abort();
    const over = life.over.finally(() => lives.delete(instanceId));
    // Who gets its address next waits for it.
    gone.set(life.instance.privateIp, over);
    await over;
  };
  return {
    start(instance) {
      const stop = new AbortController();
      const before = gone.get(instance.privateIp) ?? Promise.resolve();
      const over = before.then(() => live(instance, parts, stop.signal));
      lives.set(instance.instanceId, { instance, stop, over });
    },
    end,
    async close() {
      for (const { stop } of lives.values()) stop.abort('power cut');
      await Promise.all([...lives.values()].map(({ over }) => over));
      await network.close();
    },
  };
}

/** Who asks is known by the address; on a network of its own there is only one. */
function handlersFor(world: InstanceWorld, running: () => readonly Instance[], stored: ReadonlyMap<string, Stored>) {
  return (alone: Instance | undefined): { readonly imds: Handler; readonly objects: Handler } => {
    // The last one of an address: the one before it is on its way out.
    const instanceAt = (address: string) => {
      const found = alone ?? running().findLast(({ privateIp }) => privateIp === address);
      return found && world.instanceOf(found.instanceId);
    };
    const objects: Handler = async ask => {
      // What is signed is for the bucket, path style; everything else is asked for below its host’s name.
      if (ask.headers.authorization?.startsWith('AWS4')) return world.objects(ask);
      const web = createObjectServer({ stored: [...stored.values()], roles: [], region: '', now: world.now });
      return web(ask);
    };
    return { imds: createImds({ instanceAt, now: world.now }), objects };
  };
}

/** From power-on until it is off. Never throws. */
async function live(instance: Instance, parts: Parts, signal: AbortSignal): Promise<void> {
  const { world } = parts;
  for (let tries = startTries; !signal.aborted; tries--) {
    try {
      return await runMachine(instance, parts, signal);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      world.told(`${instance.instanceId}: ${error.message}`);
      if (tries > 1) await sleep(startPause, undefined, { signal }).catch(() => {});
      else if (!signal.aborted) return world.ended(instance.instanceId, 'launch');
    }
  }
}

async function runMachine(instance: Instance, parts: Parts, signal: AbortSignal): Promise<void> {
  const { world, network } = parts;
  const { instanceId, arch } = instance;
  const { server, start } = await prepare(instance, parts, line => world.told(`${instanceId}: ${line}`));
  const { room, netdev, unplug } = await network.plug(instance, server);
  try {
    const { running } = await startMachine({ ...start, netdev, accelerator: likelyAccelerator(arch) }, room);
    await untilOff(instanceId, start.folder, running, world, signal);
  } finally {
    await unplug();
  }
}

async function prepare(instance: Instance, parts: Parts, told: (line: string) => void) {
  const { world, tools, image, kernel, namespace, open, stored } = parts;
  const { instanceId } = instance;
  const userData = readBootUserData(instance.userData);
  const wanted = userData?.manifest.binaries.map(one => ({ ...one, arch: instance.arch })) ?? [];
  const opened = await open(wanted);
  for (const { binary, version, reason } of opened.missing) told(`${binary} ${version} cannot be had: ${reason}`);
  for (const one of opened.stored) stored.set(one.url, one);
  const cluster = userData && clusterIn(userData);
  const server =
    cluster && namespace === undefined ? await reachServer(cluster.server, cluster.authority, told) : undefined;
  const start: Omit<MachineStart, 'netdev' | 'accelerator'> = {
    name: instanceId,
    instance,
    redirects: userData ? instanceRedirects(userData.manifest, objectsBase, objectsBase) : {},
    folder: path.join(world.folder, instanceId),
    image,
    kernel,
    gibibytes: world.volumeSize(instanceId),
    tools,
    // It says whose line it is.
    told: world.told,
  };
  return { server, start };
}

/** Undefined: nothing of ours, which an image may boot with all the same. */
function readBootUserData(bytes: Uint8Array): UserData | undefined {
  try {
    return readUserData(bytes);
  } catch {
    return undefined;
  }
}

/** Follows its console until it is off, by itself or since it is to end. */
async function untilOff(
  instanceId: string,
  folder: string,
  running: Running,
  world: InstanceWorld,
  signal: AbortSignal,
): Promise<void> {
  let how: string | undefined;
  void running.ended.then(ended => {
    how = ended;
  });
  let size = -1;
  const show = () => {
    const text = consoleOf(folder);
    if (text.length !== size) world.setConsole(instanceId, consoleEnd(text));
    size = text.length;
  };
  while (how === undefined && !signal.aborted) {
    show();
    await sleep(pause);
  }
  if (signal.aborted) await switchOff(running, signal.reason === 'power cut');
  show();
  // Whatever else ends QEMU is the host’s fault, which EC2 shows as a failed check of a running instance.
  if (!signal.aborted && how === 'exit code 0') world.ended(instanceId, 'poweroff');
}

async function switchOff(running: Running, atOnce: boolean): Promise<void> {
  await powerOff(running, atOnce ? AbortSignal.abort() : AbortSignal.timeout(powerPatience));
}

function consoleOf(folder: string): string {
  const file = path.join(folder, 'console.log');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}
