import { formatIpv4, parseCidr } from '../../spec/address.ts';
import { invariant } from '../../tree/invariant.ts';
import type { Handler } from '../http.ts';
import type { Instance } from '../instance.ts';
import { startDhcp } from '../qemu/boot-machines.ts';
import { bridgeSetup, dhcpArgv, tapOf } from '../qemu/bridge.ts';
import { openRoom, type Room, type Running } from '../qemu/enter-room.ts';
import { forward } from '../qemu/forward.ts';
import type { ApiServer, Subnet } from '../qemu/network.ts';
import type { Argv } from '../qemu/room-messages.ts';
import { addressesOnBridge, isRoot } from '../qemu/rooms.ts';
import { answerAt } from '../qemu/servers.ts';
import type { Tool } from '../qemu/tools.ts';
import { userNetdev, userSetup } from '../qemu/user-network.ts';

/** A machine's place in a network. */
export type Plugged = {
  readonly room: Room;
  /** Value of -netdev. */
  readonly netdev: string;
  /** Once the machine is off. */
  readonly unplug: () => Promise<void>;
};

export type MachineNetwork = {
  /** `server`: the api-server that is forwarded to, as the first machine finds it. */
  readonly plug: (instance: Instance, server: ApiServer | undefined) => Promise<Plugged>;
  readonly close: () => Promise<void>;
};

export type NetworkParts = {
  readonly tools: Readonly<Partial<Record<Tool, string>>>;
  readonly program: URL;
  readonly namespace: string | undefined;
  /** Absolute; for logs. */
  readonly folder: string;
  /** Instance metadata and objects; `alone`: the one machine that asks. */
  readonly handlers: (alone: Instance | undefined) => { readonly imds: Handler; readonly objects: Handler };
};

/** As root one bridge for all machines, as they come and go; else a network for each. */
export function machineNetwork(parts: NetworkParts): MachineNetwork {
  return isRoot() ? bridgeNetwork(parts) : userNetworks(parts);
}

type Bridge = { readonly room: Room; readonly server: ApiServer | undefined; readonly close: () => Promise<void> };

function bridgeNetwork(parts: NetworkParts): MachineNetwork {
  const { namespace, program } = parts;
  const ip = need(parts, 'ip');
  const plugged = new Map<string, Instance>();
  const known = new Set<string>();
  let bridge: Bridge | undefined;
  let dhcp: Running | undefined;
  let count = 0;
  // The room changes its network one step at a time.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };

  const open = async (subnet: Subnet, tap: string, server: ApiServer | undefined): Promise<Bridge> => {
    const existing = namespace === undefined ? undefined : addressesOnBridge(ip, namespace);
    const enter: Argv = namespace === undefined ? [need(parts, 'unshare'), '--net'] : [ip, 'netns', 'exec', namespace];
    const room = await openRoom(enter, program, bridgeSetup({ ip, subnets: [subnet], taps: [tap], server, existing }));
    const closing = serve(room, parts.handlers(undefined), server);
    for (const address of existing ?? []) known.add(address);
    known.add(subnet.gateway);
    return {
      room,
      server,
      async close() {
        for (const close of closing) close();
        await room.close();
      },
    };
  };

  const extend = async ({ room }: Bridge, { gateway, cidr }: Subnet, tap: string) => {
    const address = `${gateway}/${cidr.prefix}`;
    const add = {
      argv: [ip, 'address', 'add', address, 'dev', 'br0'],
      undo: [ip, 'address', 'del', address, 'dev', 'br0'],
    } as const;
    await room.change([
      ...(known.has(gateway) ? [] : [add]),
      { argv: [ip, 'tuntap', 'add', tap, 'mode', 'tap'], undo: [ip, 'tuntap', 'del', tap, 'mode', 'tap'] },
      { argv: [ip, 'link', 'set', tap, 'master', 'br0', 'up'] },
    ]);
    known.add(gateway);
  };

  /** Told anew who is there; it keeps no leases. */
  const restartDhcp = async ({ room, server }: Bridge) => {
    dhcp?.end();
    await dhcp?.ended;
    dhcp = undefined;
    const instances = [...plugged.values()];
    if (instances.length === 0) return;
    const argv = dhcpArgv(need(parts, 'dnsmasq'), subnetsOf(instances), instances, server);
    dhcp = await startDhcp(argv, room, parts.folder, `dnsmasq-${count}`);
  };

  return {
    plug: (instance, server) =>
      inTurn(async () => {
        const tap = tapOf(process.pid % 100_000, count++);
        const [subnet] = subnetsOf([instance]);
        invariant(subnet, 'an instance has a subnet');
        if (bridge) await extend(bridge, subnet, tap);
        else bridge = await open(subnet, tap, server);
        const { room } = bridge;
        plugged.set(tap, instance);
        await restartDhcp(bridge);
        const unplug = () =>
          inTurn(async () => {
            plugged.delete(tap);
            // Where the room is gone, so is the tap.
            await room.change([{ argv: [ip, 'tuntap', 'del', tap, 'mode', 'tap'] }]).catch(() => {});
          });
        return { room, netdev: `tap,id=n0,ifname=${tap},script=no,downscript=no`, unplug };
      }),
    close: () => inTurn(async () => bridge?.close()),
  };
}

function userNetworks(parts: NetworkParts): MachineNetwork {
  const rooms = new Set<() => Promise<void>>();
  return {
    async plug(instance, server) {
      const [subnet] = subnetsOf([instance]);
      invariant(subnet, 'an instance has a subnet');
      const enter: Argv = [need(parts, 'unshare'), '--user', '--map-root-user', '--net'];
      const room = await openRoom(enter, parts.program, userSetup(need(parts, 'ip'), subnet, server));
      const closing = serve(room, parts.handlers(instance), server);
      const unplug = async () => {
        rooms.delete(unplug);
        for (const close of closing) close();
        await room.close();
      };
      rooms.add(unplug);
      return { room, netdev: userNetdev(subnet, instance.privateIp, server), unplug };
    },
    close: async () => void (await Promise.all([...rooms].map(unplug => unplug()))),
  };
}

function serve(
  room: Room,
  { imds, objects }: ReturnType<NetworkParts['handlers']>,
  server: ApiServer | undefined,
): readonly (() => void)[] {
  const gate = room.servers.get('api-server');
  return [
    answerAt(room.servers.get('imds'), imds),
    answerAt(room.servers.get('objects'), objects),
    ...(gate && server ? [forward(gate, server)] : []),
  ];
}

/** A VPC’s router has the first address of a subnet, which EC2 gives to nobody. */
function subnetsOf(instances: readonly Instance[]): readonly Subnet[] {
  const ranges = [...new Set(instances.map(({ subnet }) => subnet.cidr))];
  return ranges.map(range => {
    const cidr = parseCidr(range);
    invariant(cidr, 'EC2 has subnets with a range');
    const within = instances.filter(({ subnet }) => subnet.cidr === range);
    return {
      cidr,
      gateway: formatIpv4(cidr.first + 1),
      workers: within.map(({ instanceId, privateIp }) => ({ name: instanceId, privateIp })),
    };
  });
}

function need({ tools }: Pick<NetworkParts, 'tools'>, name: Tool): string {
  const file = tools[name];
  invariant(file, `${name} was looked for`);
  return file;
}
