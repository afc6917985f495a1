import fs from 'node:fs';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRoom } from '../../src/local/qemu/enter-room.ts';
import { powerOff } from '../../src/local/qemu/qmp.ts';
import type { Argv, RoomSetup } from '../../src/local/qemu/room-messages.ts';
import { answerAt } from '../../src/local/qemu/servers.ts';
import { root } from '../support/cluster.ts';

/** The built program, as a user runs it (`make test` builds it). */
const program = pathToFileURL(path.join(root, 'dist/firstboot.cjs'));
/** No namespace at all: a room needs none to do its work. */
const here: Argv = ['env'];
const nothing: RoomSetup = { steps: [], listens: [] };

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

async function roomOf(setup: Partial<RoomSetup>) {
  const room = await openRoom(here, program, { ...nothing, ...setup });
  onTestFinished(room.close);
  return room;
}

/** A process that has ended may wait for its new parent to take note of it. */
const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a room', () => {
  test('hands over its listening sockets, at which the command outside answers', async () => {
    const room = await roomOf({ listens: [{ name: 'imds', address: '127.0.0.1', port: 0 }] });
    const socket = room.servers.get('imds') as net.Server;
    const { port } = socket.address() as AddressInfo;
    const close = answerAt(socket, async ({ url, from }) => ({ status: 200, body: `${from} asks for ${url}` }));
    const answer = await fetch(`http://127.0.0.1:${port}/latest`);
    expect(await answer.text()).toBe('127.0.0.1 asks for /latest');
    close();
    await expect(fetch(`http://127.0.0.1:${port}/latest`)).rejects.toThrow();
  });

  test('makes its network in order, and takes back in reverse what can be', async () => {
    const log = path.join(folder(), 'log');
    const say = (word: string): Argv => ['sh', '-c', `echo ${word} >>${log}`];
    const room = await roomOf({
      steps: [
        { argv: say('a'), undo: say('-a') },
        { argv: say('b'), undo: say('-b') },
      ],
    });
    expect(fs.readFileSync(log, 'utf8')).toBe('a\nb\n');
    await room.close();
    expect(fs.readFileSync(log, 'utf8')).toBe('a\nb\n-b\n-a\n');
  });

  test('takes back what was made when a step fails, and says which and why', async () => {
    const log = path.join(folder(), 'log');
    const steps = [
      { argv: ['true'], undo: ['sh', '-c', `echo undone >>${log}`] },
      { argv: ['sh', '-c', 'echo no such thing >&2; exit 3'] },
    ] as const;
    await expect(openRoom(here, program, { ...nothing, steps })).rejects.toMatchObject({
      code: 'MACHINE_NETWORK_FAILED',
      message: expect.stringContaining('no such thing'),
    });
    expect(fs.readFileSync(log, 'utf8')).toBe('undone\n');
  });

  test('says which address is taken', async () => {
    const room = await roomOf({ listens: [{ name: 'one', address: '127.0.0.1', port: 0 }] });
    const { port } = (room.servers.get('one') as net.Server).address() as AddressInfo;
    await expect(
      openRoom(here, program, { ...nothing, listens: [{ name: 'two', address: '127.0.0.1', port }] }),
    ).rejects.toMatchObject({
      code: 'MACHINE_NETWORK_FAILED',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  test('that cannot be entered says what the system said, and names the settings', async () => {
    const denied: Argv = ['sh', '-c', 'echo unshare: Operation not permitted >&2; exit 1', 'sh'];
    await expect(openRoom(denied, program, nothing)).rejects.toMatchObject({
      code: 'MACHINE_NOT_ALLOWED',
      message: 'no network namespace can be opened: unshare: Operation not permitted.',
      hint: expect.stringMatching(/kernel\.unprivileged_userns_clone.*kernel\.apparmor_restrict_unprivileged_userns/),
    });
    await expect(openRoom(['/nonexistent/unshare'], program, nothing)).rejects.toMatchObject({
      code: 'MACHINE_NOT_ALLOWED',
    });
  });

  test('runs programs in a folder, and tells how they end', async () => {
    const room = await roomOf({});
    const place = folder();
    const log = path.join(place, 'said');
    const one = await room.start({ name: 'one', argv: ['sh', '-c', 'pwd; exit 7'], folder: place, log });
    expect(await one.ended).toBe('exit code 7');
    expect(fs.readFileSync(log, 'utf8')).toBe(`${fs.realpathSync(place)}\n`);
    const two = await room.start({ name: 'two', argv: ['sleep', '1000'], folder: place, log });
    two.end();
    expect(await two.ended).toBe('ended by SIGTERM');
  });

  test('leaves nothing running when it closes, nor when it is killed', async () => {
    const place = folder();
    const sleep = { name: 'sleep', argv: ['sleep', '1000'] as const, folder: place, log: path.join(place, 'log') };
    const closed = await openRoom(here, program, nothing);
    const first = await closed.start(sleep);
    await closed.close();
    expect(isAlive(first.pid)).toBe(false);
    const killed = await openRoom(here, program, nothing);
    const second = await killed.start(sleep);
    await expect.poll(() => fs.readFileSync(`/proc/${second.pid}/comm`, 'utf8')).toBe('sleep\n');
    process.kill(killed.pid, 'SIGKILL');
    expect(await second.ended).toBe('its network namespace is gone');
    await expect.poll(() => isAlive(second.pid)).toBe(false);
    await killed.close();
  });
});

describe('a machine is switched off', () => {
  /** Takes QMP's greeting of its time; `stubborn`: its power button does nothing. */
  const qmp = (stubborn: boolean) => `
    require('net').createServer(socket => {
      socket.write('{"QMP": {}}\\n');
      socket.on('data', text => {
        require('fs').appendFileSync('asked', text);
        if (!${stubborn} && String(text).includes('system_powerdown')) process.exit(0);
      });
    }).listen('qmp.sock', () => require('fs').writeFileSync('ready', ''));
  `;
  const machine = async (stubborn: boolean) => {
    const room = await roomOf({});
    // Longer than the path of a Unix socket may be.
    const place = path.join(folder(), 'a-folder-of-a-user-who-likes-long-names'.repeat(4));
    fs.mkdirSync(place);
    const argv: Argv = [process.execPath, '-e', qmp(stubborn)];
    const running = await room.start({ name: 'machine', argv, folder: place, log: path.join(place, 'log') });
    await expect.poll(() => fs.existsSync(path.join(place, 'ready'))).toBe(true);
    return { running, place };
  };

  test('by its power button', async () => {
    const { running, place } = await machine(false);
    await powerOff(running, new AbortController().signal);
    expect(await running.ended).toBe('exit code 0');
    expect(fs.readFileSync(path.join(place, 'asked'), 'utf8')).toMatch(/qmp_capabilities.*\n.*system_powerdown/);
  });

  test('hard, when somebody is in a hurry', async () => {
    const { running } = await machine(true);
    const hurry = new AbortController();
    const off = powerOff(running, hurry.signal);
    hurry.abort();
    await off;
    expect(await running.ended).toBe('ended by SIGTERM');
  });

  test('without a word, when it is off already', async () => {
    const room = await roomOf({});
    const place = folder();
    const running = await room.start({ name: 'machine', argv: ['true'], folder: place, log: path.join(place, 'log') });
    await running.ended;
    await powerOff(running, new AbortController().signal);
  });
});
