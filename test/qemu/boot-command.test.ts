import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseDuration } from '../../src/commands/duration.ts';
import { makeBootCluster } from '../support/boot.ts';
import { makeCluster, type RunResult, run } from '../support/cluster.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function boot(...args: readonly string[]): Promise<RunResult> {
  return run(await makeCluster(), 'boot', ...args);
}

describe('wrong usage', () => {
  test.each([
    [['worker-0'], 'boot needs --image FILE.', 'https://cloud.debian.org/images/cloud/'],
    [['worker-0', '--image', 'x', '--initrd', 'y'], '--initrd is for --kernel.', 'needs neither'],
    [['worker-0', '--image', 'x', '--until', 'helth'], 'there is no phase “helth”.', 'did you mean health?'],
    [['worker-0', '--image', 'x', '--until', 'tomorrow'], 'there is no phase “tomorrow”.', 'identify, clock, secrets'],
    [['worker-0', '--image', 'x', '--timeout', '90'], '--timeout is a time, not “90”.', '900s or 15m'],
    [
      ['worker-0', '--image', 'x', '--fault', 'kill'],
      'the fault kill is not one of the servers.',
      '`firstboot rehearse`',
    ],
    [['worker-0', 'worker-1', '--image', 'x', '--fault', 'slow'], '--fault is for one worker.', 'one after the other'],
    [['worker-0', '--image', 'x', '--fault', 'slo'], 'there is no fault “slo”.', 'did you mean slow?'],
    [['worker-2', '--image', 'x'], 'from-scratch has no worker worker-2.', 'did you mean worker-'],
  ])('%j', async (args, problem, hint) => {
    const { code, err, out } = await boot(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`firstboot: ${problem}\n  hint: `);
    expect(err).toContain(hint);
    const { code: sameCode, json } = await boot(...args, '--json');
    expect(sameCode).toBe(2);
    expect(json.diagnostics).toMatchObject([{ code: 'USAGE', severity: 'error', message: problem }]);
  });
});

test('what is missing is named at once, with the packages that have it', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const { code, err: lines } = await boot('worker-0', '--image', 'x');
  const err = lines.replace(/\s+/g, ' ');
  expect(code).toBe(1);
  expect(err).toMatch(
    /MACHINE_TOOL_MISSING: a local machine needs qemu-system-x86_64, qemu-img, .*are not on this machine/,
  );
  expect(err).toMatch(
    /Debian and Ubuntu: `apt install qemu-system-x86 qemu-utils .*`; Fedora: `dnf install qemu-system-x86-core qemu-img /,
  );
});

test('an arm64 worker names another QEMU', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const cluster = await makeBootCluster({ arch: 'arm64' });
  const { err } = await run(cluster, 'boot', 'worker-0', '--image', 'x');
  expect(err).toContain('qemu-system-aarch64');
  expect(err).toContain('qemu-system-arm');
});

test('a spec that is wrong is reported as by check, before anything else is looked for', async () => {
  const cluster = await makeCluster();
  cluster.write('pki/worker-0-key.pem', cluster.read('pki/worker-1-key.pem'));
  const { code, err } = await run(cluster, 'boot', 'worker-0', '--image', 'x');
  expect(code).toBe(1);
  expect(err).toContain('error PKI_KEY_');
  expect(err).not.toContain('MACHINE_');
});

test('a failed start leaves no folder behind', async () => {
  const temporary = fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'firstboot-test-tmp-'));
  vi.stubEnv('TMPDIR', temporary);
  vi.stubEnv('PATH', '/nonexistent');
  await boot('worker-0', '--image', 'x', '--keep');
  const left = fs.readdirSync(temporary).filter(name => name.startsWith('firstboot-boot-'));
  fs.rmSync(temporary, { recursive: true });
  expect(left).toEqual([]);
});

test.each([
  ['900s', 900_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['0s', undefined],
  ['15', undefined],
  ['m', undefined],
  ['1.5m', undefined],
  ['15 m', undefined],
  ['-5m', undefined],
])('%s as a time', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});
