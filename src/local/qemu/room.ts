import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import type { Argv, FromRoom, Listen, RoomProcess, RoomSetup, ToRoom } from './room-messages.ts';

/** How long a program may take to end by itself. */
const patience = 5_000;

/**
 * The inside of a network namespace: makes its network, opens its listening sockets and hands them to the command outside,
 * which answers; starts and ends machines. Ends, with all that it started, when the command says so or is gone.
 */
export function serveRoom(): void {
  const running = new Map<string, ChildProcess>();
  const undo: Argv[] = [];
  const tell = (message: FromRoom) => {
    if (process.connected) process.send?.(message);
  };
  const close = async () => {
    await Promise.all([...running.keys()].map(name => end(running, name)));
    for (const argv of undo.splice(0).reverse()) run(argv);
    process.exit(0);
  };
  process.on('message', (message: ToRoom) => {
    switch (message.kind) {
      case 'set-up':
        return void setUp(message.setup, undo, tell);
      case 'run':
        return start(message.process, running, tell);
      case 'end':
        return void end(running, message.name);
      case 'close':
        return void close();
    }
  });
  process.on('disconnect', () => void close());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void close());
  tell({ kind: 'here' });
}

async function setUp({ steps, listens }: RoomSetup, undo: Argv[], tell: (message: FromRoom) => void): Promise<void> {
  for (const step of steps) {
    const reason = run(step.argv);
    if (reason !== undefined) return tell({ kind: 'failed', tried: step.argv.join(' '), reason });
    if (step.undo) undo.push(step.undo);
  }
  for (const listen of listens) {
    try {
      await handOver(listen);
    } catch (error) {
      return tell({ kind: 'failed', tried: `listen on ${listen.address}:${listen.port}`, reason: reasonOf(error) });
    }
  }
  tell({ kind: 'ready' });
}

/** What a command says when it fails. */
function run([program, ...words]: Argv): string | undefined {
  const { error, status, stderr } = spawnSync(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (error) return reasonOf(error);
  return status === 0 ? undefined : stderr.trim().replaceAll('\n', '; ') || `exit code ${status}`;
}

/** A socket belongs to the namespace in which it was opened, whoever holds it. */
async function handOver({ name, address, port }: Listen): Promise<void> {
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, address, done);
  });
  await new Promise<void>((done, failed) => {
    const message: FromRoom = { kind: 'listening', name };
    process.send?.(message, server, {}, error => (error ? failed(error) : done()));
  });
  server.close();
}

function start(
  { name, argv, folder, log }: RoomProcess,
  running: Map<string, ChildProcess>,
  tell: (message: FromRoom) => void,
) {
  const output = fs.openSync(log, 'w', 0o600);
  // Nothing outlives this process: the kernel ends what it started (prctl, PR_SET_PDEATHSIG).
  const [program, ...words]: Argv = ['setpriv', '--pdeathsig', 'KILL', ...argv];
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', output, output] });
  fs.closeSync(output);
  running.set(name, child);
  child.once('error', error => {
    running.delete(name);
    tell({ kind: 'ended', name, how: reasonOf(error) });
  });
  child.once('exit', (code, signal) => {
    running.delete(name);
    tell({ kind: 'ended', name, how: signal ? `ended by ${signal}` : `exit code ${code}` });
  });
  if (child.pid !== undefined) tell({ kind: 'started', name, pid: child.pid });
}

async function end(running: ReadonlyMap<string, ChildProcess>, name: string): Promise<void> {
  const child = running.get(name);
  if (!child) return;
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  await gone;
  clearTimeout(late);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
