import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openConsole, stageOf } from '../../src/local/qemu/console.ts';
import { follow } from '../../src/local/qemu/follow.ts';

function consoleFile() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'console.log');
  return { file, add: (text: string) => fs.appendFileSync(file, text) };
}

const line = (phase: string, status: string, more: object = {}) =>
  `firstboot: ${JSON.stringify({ v: 1, worker: 'worker-0', phase, status, t: 1, attempt: 1, ...more })}\r\n`;

describe('a console', () => {
  test('gives each line of the boot program once, as soon as it is whole', () => {
    const { file, add } = consoleFile();
    const read = openConsole(file);
    expect(read().fresh).toEqual([]);
    const whole = line('identify', 'ok');
    add(`[    1.000000] Linux\r\n${whole.slice(0, 30)}`);
    expect(read().fresh).toEqual([]);
    add(whole.slice(30));
    expect(read().fresh.map(({ phase }) => phase)).toEqual(['identify']);
    add(whole + line('clock', 'ok'));
    expect(read().fresh.map(({ phase }) => phase)).toEqual(['clock']);
    expect(read().fresh).toEqual([]);
  });

  test('keeps a letter whose bytes come apart', () => {
    const { file, add } = consoleFile();
    const read = openConsole(file);
    fs.writeFileSync(file, Buffer.from([0xc3]));
    read();
    fs.appendFileSync(file, Buffer.from([0xa9]));
    expect(read().text).toBe('é');
    add('!');
    expect(read().text).toBe('é!');
  });
});

test.each([
  ['', 'waiting for the kernel'],
  ['[    0.000000] Linux version 6.12', 'the kernel is up; waiting for cloud-init'],
  ["x Cloud-init v. 25.1.4 running 'init-local' at Wed\r\n", 'cloud-init 25.1.4 is in its stage init-local'],
  [
    "Cloud-init v. 22.4.2 running 'init-local' at\nCloud-init v. 22.4.2 running 'init' at",
    'cloud-init 22.4.2 is in its stage init',
  ],
])('the stage of %j', (text, stage) => {
  expect(stageOf(text)).toBe(stage);
});

describe('a boot is followed', () => {
  const never = new Promise<string>(() => {});
  const followed = (file: string, more: Partial<Parameters<typeof follow>[0]> = {}) => {
    const lines: string[] = [];
    const verdict = follow({
      worker: 'worker-0',
      console: file,
      machine: { pid: 0, ended: never, end: () => {} },
      trouble: () => undefined,
      until: 'done',
      deadline: 1,
      now: () => 0,
      told: text => lines.push(text),
      signal: new AbortController().signal,
      ...more,
    });
    return { lines, verdict };
  };

  test('until its phase is ok, and no further', async () => {
    const { file, add } = consoleFile();
    add(line('identify', 'ok') + line('health', 'ok', { t: 2 }) + line('registered', 'failed', { t: 3 }));
    const { verdict, lines } = followed(file, { until: 'health' });
    expect(await verdict).toEqual({ ok: true });
    expect(lines.map(text => text.trim().split(/ {2,}/).slice(1))).toEqual([
      ['worker-0', 'the kernel is up; waiting for cloud-init'].slice(1),
      ['worker-0', 'identify', 'ok'],
      ['worker-0', 'health', 'ok'],
    ]);
  });

  test('until a later phase is ok, when the line of its own is lost', async () => {
    const { file, add } = consoleFile();
    add(line('registered', 'ok'));
    expect(await followed(file, { until: 'health' }).verdict).toEqual({ ok: true });
  });

  test('until a phase has failed', async () => {
    const { file, add } = consoleFile();
    add(line('clock', 'failed', { code: 'BOOT_CLOCK', cause: 'too early' }));
    expect(await followed(file).verdict).toEqual({
      ok: false,
      code: 'BOOT_CLOCK',
      problem: 'worker-0 failed in phase clock: BOOT_CLOCK: too early',
      hint: '`firstboot explain BOOT_CLOCK` says what to do.',
    });
  });

  test('until the machine is off, with the last lines that it wrote', async () => {
    const { file, add } = consoleFile();
    add(line('identify', 'ok'));
    const ended = new Promise<string>(resolve => {
      setTimeout(() => {
        add('Kernel panic\r\n');
        resolve('exit code 0');
      }, 50);
    });
    const verdict = await followed(file, { machine: { pid: 0, ended, end: () => {} } }).verdict;
    expect(verdict).toMatchObject({
      ok: false,
      problem: expect.stringContaining('worker-0 went off (exit code 0), in phase identify'),
    });
    expect(verdict).toMatchObject({ problem: expect.stringMatching(/\n {4}Kernel panic$/) });
  });

  test('until QEMU has stopped it', async () => {
    const { file } = consoleFile();
    expect(await followed(file, { trouble: () => 'KVM internal error' }).verdict).toMatchObject({
      ok: false,
      problem: expect.stringContaining('worker-0 went off (KVM internal error), waiting for the kernel'),
    });
  });

  test('until the time is over, with what it was waiting for', async () => {
    const { file, add } = consoleFile();
    add(line('secrets', 'retry', { code: 'BOOT_SECRETS', cause: '403' }));
    expect(await followed(file, { now: () => 2 }).verdict).toMatchObject({
      ok: false,
      code: 'BOOT_SECRETS',
      problem: expect.stringContaining('worker-0 was not done in time: in phase secrets'),
    });
  });

  test.each([
    ['', 'nothing came on ttyS0'],
    ['[    0.000000] Linux\n', 'cloud-init said nothing'],
    ["Cloud-init v. 25.1.4 running 'init' at\n", 'may need more time'],
  ])('and a console of %j says what may help', async (text, hint) => {
    const { file, add } = consoleFile();
    add(text);
    expect(await followed(file, { now: () => 2 }).verdict).toMatchObject({ hint: expect.stringContaining(hint) });
  });

  test('until it is told to end', async () => {
    const { file } = consoleFile();
    const controller = new AbortController();
    const { verdict } = followed(file, { signal: controller.signal });
    controller.abort(new Error('ended by SIGINT'));
    await expect(verdict).rejects.toThrow('ended by SIGINT');
  });
});
