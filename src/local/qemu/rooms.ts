import { execFileSync } from 'node:child_process';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { invariant } from '../../tree/invariant.ts';
import type { MachineRun } from './boot-machines.ts';
import { bridgeSetup, dhcpArgv, tapOf } from './bridge.ts';
import { openRoom, type Room } from './enter-room.ts';
import { subnetsOf } from './network.ts';
import type { Argv } from './room-messages.ts';
import type { Client } from './servers.ts';
import type { Tool } from './tools.ts';
import { userNetdev, userSetup } from './user-network.ts';

/** A network namespace and who is in it. */
export type RoomPlan = {
  readonly clients: readonly Client[];
  /** One machine, whose packets come from QEMU itself. */
  readonly alone: boolean;
  readonly open: () => Promise<Room>;
  readonly dhcp: Argv | undefined;
  /** Value of -netdev. */
  readonly netdevOf: (client: Client) => string;
};

export const isRoot = () => process.getuid?.() === 0;

/** As root one bridge for all; else each machine for itself, since only root may make taps everywhere. */
export function planRooms(run: MachineRun): readonly RoomPlan[] {
  return isRoot() ? [planBridge(run)] : run.clients.map(client => planUser(run, client));
}

function planBridge(run: MachineRun): RoomPlan {
  const { clients, namespace, program, server, tools } = run;
  const ip = need(tools, 'ip');
  const subnets = subnetsOf(run.cluster, workersOf(run));
  const taps = clients.map((_, index) => tapOf(process.pid % 100_000, index));
  const existing = namespace === undefined ? undefined : addressesOnBridge(ip, namespace);
  const enter: Argv = namespace === undefined ? [need(tools, 'unshare'), '--net'] : [ip, 'netns', 'exec', namespace];
  const instances = clients.map(({ instance }) => instance);
  return {
    clients,
    alone: false,
    open: () => openRoom(enter, program, bridgeSetup({ ip, subnets, taps, server, existing })),
    dhcp: dhcpArgv(need(tools, 'dnsmasq'), subnets, instances, server),
    netdevOf: client => `tap,id=n0,ifname=${taps[clients.indexOf(client)]},script=no,downscript=no`,
  };
}

function planUser(run: MachineRun, client: Client): RoomPlan {
  const { program, server, tools } = run;
  const [subnet] = subnetsOf(
    run.cluster,
    workersOf(run).filter(({ name }) => name === client.manifest.worker),
  );
  invariant(subnet, 'a worker has a subnet');
  const enter: Argv = [need(tools, 'unshare'), '--user', '--map-root-user', '--net'];
  return {
    clients: [client],
    alone: true,
    open: () => openRoom(enter, program, userSetup(need(tools, 'ip'), subnet, server)),
    dhcp: undefined,
    netdevOf: ({ instance }) => userNetdev(subnet, instance.privateIp, server),
  };
}

function workersOf({ cluster, clients }: MachineRun) {
  return cluster.workers.filter(({ name }) => clients.some(({ manifest }) => manifest.worker === name));
}

function need(tools: MachineRun['tools'], name: Tool): string {
  const file = tools[name];
  invariant(file, `${name} was looked for`);
  return file;
}

/** Addresses of br0 in a namespace that somebody else made. */
export function addressesOnBridge(ip: string, namespace: string): readonly string[] {
  try {
    const text = execFileSync(ip, ['-n', namespace, '-json', 'address', 'show', 'dev', 'br0'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const links = JSON.parse(text) as readonly { readonly addr_info?: readonly { readonly local: string }[] }[];
    return links.flatMap(link => link.addr_info ?? []).map(({ local }) => local);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new OperationError(
      'MACHINE_NETWORK_FAILED',
      `the network namespace ${namespace} has no bridge br0 to be seen: ${stderr?.trim() || message}.`,
      '`ip netns add NAME`, then `ip -n NAME link add br0 type bridge` makes one; without --namespace firstboot makes its own.',
    );
  }
}
