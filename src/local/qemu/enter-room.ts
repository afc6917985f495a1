import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { fileURLToPath } from 'node:url';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { type Argv, type FromRoom, type RoomProcess, type RoomSetup, roomWord, type ToRoom } from './room-messages.ts';

/** A program in a room. */
export type Running = {
  readonly pid: number;
  /** How it ended. */
  readonly ended: Promise<string>;
  readonly end: () => void;
};

export type Room = {
  /** Process in the namespace: `nsenter --target PID --net`. */
  readonly pid: number;
  /** Listening sockets by name, each in the room's namespace. */
  readonly servers: ReadonlyMap<string, net.Server>;
  readonly start: (process: RoomProcess) => Promise<Running>;
  /** Changes its network; one change at a time. */
  readonly change: (steps: RoomSetup['steps']) => Promise<void>;
  /** Ends what runs in it, takes its network back, and waits for it. */
  readonly close: () => Promise<void>;
};

/** Opens a network namespace: `enter` is a command line that runs another one in it. `program`: firstboot itself. */
export async function openRoom(enter: Argv, program: URL, setup: RoomSetup): Promise<Room> {
  const [command, ...words] = enter;
  // In a session of its own: Ctrl-C is for the command outside, which lets the machines end in order.
  const child = spawn(command, [...words, process.execPath, fileURLToPath(program), roomWord], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const gone = new Promise<void>(resolve => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const servers = new Map<string, net.Server>();
  // As many listen as there are programs in the room.
  const messages = new EventEmitter().setMaxListeners(0);
  const tell = (message: ToRoom) => {
    if (child.connected) child.send(message, () => {});
  };
  const close = async () => {
    tell({ kind: 'close' });
    await gone;
  };
  const ready = new Promise<void>((done, failed) => {
    child.once('error', error => failed(notEntered(error.message)));
    child.once('close', () => failed(notEntered(said.trim().split('\n')[0] || 'it ended at once')));
    child.on('message', (message: FromRoom, handle: net.Server | undefined) => {
      if (message.kind === 'here') tell({ kind: 'set-up', setup });
      else if (message.kind === 'listening' && handle) servers.set(message.name, handle);
      else messages.emit(message.kind, message);
      if (message.kind === 'ready') done();
      else if (message.kind === 'failed') failed(notMade(message.tried, message.reason));
    });
  });
  try {
    await ready;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    servers,
    close,
    start: process => startIn(process, messages, tell, gone),
    change: steps => changed(steps, messages, tell, gone),
  };
}

type Failed = Extract<FromRoom, { kind: 'failed' }>;

function changed(
  steps: RoomSetup['steps'],
  messages: EventEmitter,
  tell: (message: ToRoom) => void,
  gone: Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onReady = () => settle(resolve);
    const onFailed = ({ tried, reason }: Failed) => settle(() => reject(notMade(tried, reason)));
    const settle = (end: () => void) => {
      messages.off('ready', onReady).off('failed', onFailed);
      end();
    };
    messages.on('ready', onReady).on('failed', onFailed);
    void gone.then(() => settle(() => reject(notMade('its namespace', 'it is gone'))));
    tell({ kind: 'set-up', setup: { steps, listens: [] } });
  });
}

type Started = Extract<FromRoom, { kind: 'started' }>;
type Ended = Extract<FromRoom, { kind: 'ended' }>;

function startIn(
  process: RoomProcess,
  messages: EventEmitter,
  tell: (message: ToRoom) => void,
  gone: Promise<void>,
): Promise<Running> {
  const { name } = process;
  const ended = new Promise<string>(resolve => {
    messages.on('ended', (message: Ended) => message.name === name && resolve(message.how));
    void gone.then(() => resolve('its network namespace is gone'));
  });
  const started = new Promise<Running>((resolve, failed) => {
    messages.on('started', ({ name: of, pid }: Started) => {
      if (of === name) resolve({ pid, ended, end: () => tell({ kind: 'end', name }) });
    });
    void ended.then(how => failed(notMade(process.argv[0], how)));
  });
  tell({ kind: 'run', process });
  return started;
}

function notEntered(reason: string): OperationError {
  return new OperationError(
    'MACHINE_NOT_ALLOWED',
    `no network namespace can be opened: ${reason}.`,
    'run it as root; or, as an ordinary user, allow user namespaces: `sysctl kernel.unprivileged_userns_clone=1` where Debian has it, on Ubuntu `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; in a container they also need its host’s leave.',
  );
}

function notMade(tried: string, reason: string): OperationError {
  return new OperationError(
    'MACHINE_NETWORK_FAILED',
    `the machines’ network cannot be made: ${tried}: ${reason}.`,
    'a tap needs /dev/net/tun (`modprobe tun`); an address in use belongs to something else in the same namespace.',
  );
}
