import { expect, test } from 'vitest';
import { parseLine } from '../../src/report/parse.ts';
import { createProgress, progressLine } from '../../src/report/progress.ts';
import type { BootEvent } from '../../src/report/report.ts';
import { line, readCase } from './consoles.ts';

const event = (...parts: Parameters<typeof line>) => parseLine(line(...parts)) as BootEvent;

test('a boot as it is watched', () => {
  const progress = createProgress();
  const lines = readCase('done')
    .split('\n')
    .flatMap(one => parseLine(one) ?? [])
    .flatMap(one => progress(one) ?? []);
  expect(lines).toEqual([
    '   8.8 s  worker-0  identify    ok, 0.4 s',
    '   8.8 s  worker-0  clock       ok, 0.0 s',
    '   9.0 s  worker-0  secrets     retry 1: BOOT_SECRETS: HTTP Error 403: Forbidde…',
    '  10.2 s  worker-0  secrets     retry 2: BOOT_SECRETS: HTTP Error 403: Forbidde…',
    '  12.3 s  worker-0  secrets     ok, 3.5 s, attempt 3',
    '  19.9 s  worker-0  binaries    ok, 7.6 s',
    '  19.9 s  worker-0  install     ok, 0.0 s',
    '  20.1 s  worker-0  kernel      ok, 0.2 s',
    '  20.4 s  worker-0  units       ok, 0.3 s',
    '  20.5 s  worker-0  health      retry 1: BOOT_HEALTH: URLError(ConnectionRefuse…',
    '  21.9 s  worker-0  health      ok, 1.5 s, attempt 2',
    "  22.0 s  worker-0  registered  retry 1: BOOT_REGISTERED: <HTTPError 404: 'Not …",
    '  23.2 s  worker-0  registered  ok, 1.3 s, attempt 2',
    '  23.2 s  worker-0  done        ok, 0.0 s',
  ]);
});

test('of retries that say the same, those of a power of two are shown; another cause is shown at once', () => {
  const progress = createProgress();
  const shown = Array.from({ length: 20 }, (_, index) => {
    const cause = index < 18 ? '403' : 'refused';
    return progress(event('secrets', 'retry', index, { attempt: index + 1, code: 'BOOT_SECRETS', cause }));
  }).flatMap((one, index) => (one ? [index + 1] : []));
  expect(shown).toEqual([1, 2, 4, 8, 16, 19]);
});

test('a failure is said in capitals, with its code, and whatever the names are a line fits 80 columns', () => {
  const failed = event('units', 'failed', 930.1, { attempt: 33, code: 'BOOT_UNITS', cause: 'x'.repeat(300) });
  expect(progressLine(failed)).toMatch(/^ 930\.1 s {2}worker-0 {2}units {7}FAILED: BOOT_UNITS: x+…$/);
  const long = { worker: 'a'.repeat(63), attempt: 99 };
  for (const one of [failed, event('registered', 'ok', 99_999, long), event('registered', 'failed', 99_999, long)])
    expect(progressLine(one)?.length).toBeLessThanOrEqual(80);
});
