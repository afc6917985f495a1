import { isIPv4 } from 'node:net';
import type { Instance } from '../instance.ts';
import { type ApiServer, metadataAddress, objectsPort, type Subnet } from './network.ts';
import type { Argv, Listen, NetworkStep, RoomSetup } from './room-messages.ts';

/** A machine's end of the bridge: at most 15 characters, and no other run's. */
export function tapOf(run: number, index: number): string {
  return `fb${run}t${index}`;
}

type Bridge = {
  readonly ip: string;
  readonly subnets: readonly Subnet[];
  readonly taps: readonly string[];
  /** Given: an api-server that is forwarded to. */
  readonly server: ApiServer | undefined;
  /** Addresses that br0 of an existing namespace has; undefined: the namespace is new. */
  readonly existing: readonly string[] | undefined;
};

/** A network of a bridge br0 that is gateway, metadata service and, when forwarded, the api-server's address. */
export function bridgeSetup(bridge: Bridge): RoomSetup {
  const { ip, subnets, taps, server, existing } = bridge;
  const made: NetworkStep[] = [
    { argv: [ip, 'link', 'set', 'lo', 'up'] },
    { argv: [ip, 'link', 'add', 'br0', 'type', 'bridge'] },
    { argv: [ip, 'link', 'set', 'br0', 'up'] },
  ];
  const addresses = addressesOf(subnets, server).filter(address => !existing?.includes(address.split('/')[0] ?? ''));
  return {
    steps: [
      ...(existing ? [] : made),
      ...addresses.map(address => ({ argv: onBridge(ip, 'add', address), undo: onBridge(ip, 'del', address) })),
      ...taps.flatMap((tap): NetworkStep[] => [
        { argv: [ip, 'tuntap', 'add', tap, 'mode', 'tap'], undo: [ip, 'tuntap', 'del', tap, 'mode', 'tap'] },
        { argv: [ip, 'link', 'set', tap, 'master', 'br0', 'up'] },
      ]),
    ],
    listens: [...metadataListens, ...forwardListens(subnets, server)],
  };
}

export const metadataListens: readonly Listen[] = [
  { name: 'imds', address: metadataAddress, port: 80 },
  { name: 'objects', address: metadataAddress, port: objectsPort },
];

function onBridge(ip: string, verb: 'add' | 'del', address: string): Argv {
  return [ip, 'address', verb, address, 'dev', 'br0'];
}

function addressesOf(subnets: readonly Subnet[], server: ApiServer | undefined): readonly string[] {
  const gateways = subnets.map(({ gateway, cidr }) => `${gateway}/${cidr.prefix}`);
  const forwarded = server && isIPv4(server.host) && !subnets.some(({ gateway }) => gateway === server.host);
  return [...gateways, `${metadataAddress}/32`, ...(forwarded ? [`${server.host}/32`] : [])];
}

/** An api-server that goes by a name is at the gateway: DNS of ours says so. */
function forwardListens([first]: readonly Subnet[], server: ApiServer | undefined): readonly Listen[] {
  if (!server || !first) return [];
  return [{ name: 'api-server', address: isIPv4(server.host) ? server.host : first.gateway, port: server.port }];
}

/** Gives each machine its address, as the VPC does. */
export function dhcpArgv(
  dnsmasq: string,
  subnets: readonly Subnet[],
  instances: readonly Instance[],
  server: ApiServer | undefined,
): Argv {
  const named = server && !isIPv4(server.host);
  const dns = named
    ? ['--port=53', '--no-resolv', '--no-hosts', `--host-record=${server.host},${subnets[0]?.gateway}`]
    : ['--port=0'];
  const ranges = subnets.flatMap(({ gateway, workers }, index) => [
    `--dhcp-range=set:s${index},${workers[0]?.privateIp},static`,
    `--dhcp-option=tag:s${index},3,${gateway}`,
  ]);
  const hosts = instances.map(({ mac, privateIp }) => `--dhcp-host=${mac},${privateIp}`);
  const common = ['--no-daemon', '--conf-file=/dev/null', '--interface=br0', '--bind-interfaces', '--leasefile-ro'];
  return [dnsmasq, ...common, '--dhcp-authoritative', ...dns, ...ranges, ...hosts];
}
