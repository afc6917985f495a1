import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { parseConsole } from '../../report/parse.ts';
import type { BootPhase, BootReport } from '../../report/report.ts';
import type { Cluster } from '../../spec/resolve.ts';
import type { Fault } from '../faults.ts';
import type { Stored } from '../object-server.ts';
import { openConsole } from './console.ts';
import type { Room, Running } from './enter-room.ts';
import { follow, type Verdict } from './follow.ts';
import { forward } from './forward.ts';
import type { Image } from './image.ts';
import type { ApiServer } from './network.ts';
import { powerOff } from './qmp.ts';
import type { Argv } from './room-messages.ts';
import { planRooms, type RoomPlan } from './rooms.ts';
import { answerAt, type Client, createServers, redirectsOf } from './servers.ts';
import { type Accelerator, likelyAccelerator, startMachine, troubleIn } from './start-machine.ts';
import type { Tool } from './tools.ts';

export type MachineRun = {
  readonly cluster: Cluster;
  readonly clients: readonly Client[];
  readonly tools: Readonly<Partial<Record<Tool, string>>>;
  readonly image: Image;
  /** Absolute. */
  readonly kernel: { readonly file: string; readonly initrd: string | undefined } | undefined;
  readonly binaries: readonly Stored[];
  readonly faults: readonly Fault[];
  /** The api-server that is forwarded to from the machines’ network. */
  readonly server: ApiServer | undefined;
  readonly namespace: string | undefined;
  readonly until: BootPhase;
  /** Milliseconds from the machines' start. */
  readonly timeout: number;
  /** Absolute; a folder below it for each worker. */
  readonly work: string;
  /** Disks stay: machines are switched off in order. */
  readonly kept: boolean;
  readonly program: URL;
  readonly now: () => number;
  /** A line for people, without its end. */
  readonly told: (line: string) => void;
};

export type Outcome = {
  readonly name: string;
  readonly instanceId: string;
  readonly folder: string;
  readonly verdict: Verdict;
  readonly report: BootReport | undefined;
};

export type LiveMachine = {
  readonly client: Client;
  readonly folder: string;
  readonly running: Running;
  readonly room: Room;
  readonly accelerator: Accelerator;
};

type Closing = () => Promise<void> | void;

/**
 * Boots workers in machines and follows them. `finished` is called when all have come to an end of what was asked for, while
 * they still run; they are switched off when it is done.
 */
export async function bootMachines(
  run: MachineRun,
  signal: AbortSignal,
  finished: (outcomes: readonly Outcome[], machines: readonly LiveMachine[]) => Promise<void>,
): Promise<readonly Outcome[]> {
  const closing: Closing[] = [];
  const machines: LiveMachine[] = [];
  try {
    for (const plan of planRooms(run)) await furnish(plan, run, machines, closing);
    const deadline = run.now() + run.timeout;
    const outcomes = await Promise.all(machines.map(machine => outcomeOf(machine, deadline, run, signal)));
    await finished(outcomes, machines);
    return outcomes;
  } finally {
    if (run.kept) await powerOffAll(machines, run.told);
    for (const close of closing.reverse()) await close();
  }
}

const dhcpPause = 300;

/** Opens a room, serves it, and starts its machines. */
async function furnish(plan: RoomPlan, run: MachineRun, machines: LiveMachine[], closing: Closing[]): Promise<void> {
  const room = await plan.open();
  closing.push(room.close);
  const { clients, alone } = plan;
  const handlers = createServers({ clients, alone, binaries: run.binaries, faults: run.faults, now: run.now });
  closing.push(
    answerAt(room.servers.get('imds'), handlers.imds),
    answerAt(room.servers.get('objects'), handlers.objects),
  );
  const gate = room.servers.get('api-server');
  if (gate && run.server) closing.push(forward(gate, run.server));
  if (plan.dhcp) await startDhcp(plan.dhcp, room, run.work);
  for (const client of clients) {
    const folder = path.join(run.work, client.manifest.worker);
    const emulated = machines.some(({ accelerator }) => accelerator === 'tcg');
    const accelerator = emulated ? 'tcg' : likelyAccelerator(client.instance.arch);
    const started = await startMachine(
      {
        name: client.manifest.worker,
        instance: client.instance,
        redirects: redirectsOf(client),
        folder,
        gibibytes: run.cluster.aws.volume.size,
        netdev: plan.netdevOf(client),
        accelerator,
        image: run.image,
        kernel: run.kernel,
        tools: run.tools,
        told: run.told,
      },
      room,
    );
    machines.push({ client, folder, room, ...started });
  }
}

/** What it cannot do, such as take its port, it says at once. */
export async function startDhcp(argv: Argv, room: Room, work: string, name = 'dnsmasq'): Promise<Running> {
  const log = path.join(work, 'dnsmasq.log');
  const running = await room.start({ name, argv, folder: work, log });
  const how = await Promise.race([running.ended, sleep(dhcpPause, undefined)]);
  if (how === undefined) return running;
  throw new OperationError(
    'MACHINE_NETWORK_FAILED',
    `dnsmasq does not serve DHCP (${how}): ${fs.readFileSync(log, 'utf8').trim()}`,
    'with --namespace there may be no other DHCP server on br0.',
  );
}

async function outcomeOf(
  machine: LiveMachine,
  deadline: number,
  run: MachineRun,
  signal: AbortSignal,
): Promise<Outcome> {
  const { client, folder, running } = machine;
  const { now, told, until } = run;
  const name = client.manifest.worker;
  const console = path.join(folder, 'console.log');
  const trouble = () => troubleIn(folder);
  const verdict = await follow({
    worker: name,
    console,
    machine: running,
    trouble,
    until,
    deadline,
    now,
    told,
    signal,
  });
  const report = parseConsole(openConsole(console)().text).findLast(one => one.worker === name);
  return { name, instanceId: client.instance.instanceId, folder, verdict, report };
}

async function powerOffAll(machines: readonly LiveMachine[], told: (line: string) => void): Promise<void> {
  const hurry = new AbortController();
  const onSignal = () => hurry.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  if (machines.length > 0) told('switching off …');
  await Promise.all(machines.map(({ running }) => powerOff(running, hurry.signal)));
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  for (const { folder } of machines)
    for (const left of ['qmp.sock', 'qemu.pid']) fs.rmSync(path.join(folder, left), { force: true });
}
