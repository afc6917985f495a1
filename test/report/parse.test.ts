import { describe, expect, test } from 'vitest';
import { parseConsole, parseLine, readReport } from '../../src/report/parse.ts';
import { cases, line, readCase } from './consoles.ts';

const consoles = cases.filter(name => !readCase(name).startsWith('{'));
const text = readCase('reboot');
const runs = parseConsole(text);

/** One run of two phases. */
const short = [line('identify', 'start', 8.4), line('identify', 'ok', 8.8), line('clock', 'start', 8.9)];
const shortRun = parseConsole(short.join('\n'));

test('a run cut off and the run after the reboot are two reports of one worker', () => {
  expect(runs.map(({ worker, attempts, instanceId, phases }) => [worker, attempts, instanceId, phases.length])).toEqual(
    [
      ['worker-0', 1, undefined, 4],
      ['worker-0', 2, 'i-0123456789abcdef0', 10],
    ],
  );
  expect(runs[0]?.phases[2]).toEqual({
    phase: 'secrets',
    status: 'ok',
    start: 8.8,
    end: 12.31,
    attempts: 3,
    code: 'BOOT_SECRETS',
    cause: 'example-firstboot.s3.us-east-1.amazonaws.com: HTTP Error 403: Forbidden: AccessDenied Access Denied',
    retries: [9.02, 10.16],
  });
  expect(runs[0]?.phases[3]).toEqual({ phase: 'binaries', status: 'start', start: 12.32, end: 12.32, attempts: 1 });
});

test('systemd’s restart after a failure is a run of its own, though the time goes on', () => {
  const [first, second] = parseConsole(readCase('gives-up'));
  expect(first?.phases.at(-1)).toMatchObject({
    phase: 'secrets',
    status: 'failed',
    code: 'BOOT_SECRETS',
    attempts: 35,
  });
  expect(second).toMatchObject({ attempts: 2, phases: [{ start: 944.24 }, {}, { status: 'retry' }] });
});

test('workers whose lines are mixed keep their own runs', () => {
  const other = readCase('done').replaceAll('worker-0', 'worker-1').split('\n');
  const mixed = readCase('done')
    .split('\n')
    .flatMap((one, index) => [one, other[index] ?? '']);
  expect(parseConsole(mixed.join('\n'))).toEqual(parseConsole(`${readCase('done')}\n${other.join('\n')}`));
});

describe.each(consoles)('%s', name => {
  const expected = parseConsole(readCase(name));

  test.each<[string, (text: string) => string]>([
    ['CR LF', one => one.replaceAll('\n', '\r\n')],
    ['CR CR LF', one => one.replaceAll('\n', '\r\r\n')],
    ['a byte order mark', one => `\uFEFF${one}`],
    ['colours', one => one.replaceAll('firstboot:', '\x1b[1;32mfirstboot:\x1b[0m').replaceAll(': ', ': \x1b[K')],
    ['printk’s prefix', one => one.replaceAll('firstboot:', '[   12.345678] firstboot:')],
    ['journald’s prefix', one => one.replaceAll('firstboot:', 'Mar 03 09:00:08 worker-0 python3[500]: firstboot:')],
    ['a getty prompt before each line', one => one.replaceAll('firstboot:', 'worker-0 login: firstboot:')],
    ['no line ends at all', one => one.replaceAll('\n', ' ')],
    ['each line twice', one => one.replaceAll(/^.*firstboot:.*$/gm, '$&\n[   99.000000] python3[5]: $&')],
    ['the forwarded copies late', one => one.replaceAll(/^(.*firstboot:.*)\n(.*firstboot:.*)$/gm, '$1\n$2\n$1\n$2')],
    ['aws --output json', one => JSON.stringify({ InstanceId: 'i-0', Output: one, Timestamp: '2026-03-03T09:05:00Z' })],
    ['aws --query Output', one => JSON.stringify(one)],
    ['a list of answers', one => JSON.stringify([{ InstanceId: 'i-0', Output: one }])],
    ['aws --output text', one => `i-0123456789abcdef0\t${one}\t2026-03-03T09:05:00+00:00\n`],
    ['base64', one => Buffer.from(one).toString('base64')],
    ['base64, wrapped', one => Buffer.from(one).toString('base64').replace(/.{76}/g, '$&\n')],
    ['base64 in JSON', one => JSON.stringify({ Output: Buffer.from(one).toString('base64') }, undefined, 2)],
    ['base64 with tabs', one => `i-0123456789abcdef0\t${Buffer.from(one).toString('base64')}\t2026-03-03T09:05:00Z`],
  ])('%s', (_, change) => {
    expect(parseConsole(change(readCase(name)))).toEqual(expected);
  });
});

describe('broken lines', () => {
  const [first = '', second = '', third = ''] = short;
  const kernel = '[   12.345678] Bridge firewalling registered';

  test.each<[string, string]>([
    ['the kernel’s line in the middle', `${second.slice(0, 40)}${kernel}\n${second.slice(40)}`],
    ['the kernel’s line in the middle, on lines of its own', `${second.slice(0, 40)}\n${kernel}\n${second.slice(40)}`],
    ['a line end in the middle', `${second.slice(0, 40)}\n${second.slice(40)}`],
    ['inside a string', `${second.slice(0, 24)}${kernel}\n${second.slice(24)}`],
    ['a line that is never finished before it', `firstboot: {"v": 1, "wor\n${second}`],
    ['two on one line', `${first} ${second}`],
    ['its start lost, as the 64 KB begin', `${second.slice(30)}\n${second}`],
  ])('%s', (_, middle) => {
    expect(parseConsole([first, middle, third].join('\n'))).toEqual(shortRun);
  });

  test('the end of the log in the middle of a line', () => {
    expect(parseConsole([first, second, third.slice(0, -3)].join('\n'))).toEqual(parseConsole(`${first}\n${second}`));
  });

  test('a lost “ok” is known from the next phase, a lost “start” from the one before', () => {
    expect(parseConsole([first, third].join('\n'))[0]?.phases).toMatchObject([
      { phase: 'identify', status: 'ok', start: 8.4, end: 8.9 },
      { phase: 'clock', status: 'start' },
    ]);
    const later = [second, line('clock', 'ok', 9.5)].join('\n');
    expect(parseConsole(later)[0]?.phases).toMatchObject([
      { phase: 'identify', start: 8.8 },
      { phase: 'clock', status: 'ok', start: 8.8, end: 9.5 },
    ]);
  });
});

test.each([
  ['another version', line('clock', 'ok', 1).replace('"v":1', '"v":2')],
  ['a phase that there is not', line('lunch', 'ok', 1)],
  ['a status that there is not', line('clock', 'fine', 1)],
  ['a time that is none', line('clock', 'ok', -1)],
  ['no worker', line('clock', 'ok', 1, { worker: '' })],
  ['an attempt that is none', line('clock', 'ok', 1, { attempt: 0.5 })],
  ['a list', 'firstboot: {"v": [1]}'],
  ['prose', 'the firstboot: program'],
])('%s is no line of the boot program', (_, one) => {
  expect([parseLine(one), parseConsole(one)]).toEqual([undefined, []]);
});

test('a line by itself, with what the last one says of the machine', () => {
  expect(parseLine(`\x1b[0m[  9.0] ${line('done', 'ok', 23.19, { instanceId: 'i-1', fingerprint: 'ab' })}\r`)).toEqual({
    ...{ v: 1, worker: 'worker-0', phase: 'done', status: 'ok', t: 23.19, attempt: 1 },
    ...{ instanceId: 'i-1', fingerprint: 'ab' },
  });
});

test('what steers a terminal or hides text goes from every value', () => {
  const cause = 'a\x1b[2Jb\x1b]0;title\x07c\nd\u202Ee\u0000f\u2028g';
  const event = parseLine(line('clock', 'retry', 1, { code: 'BOOT_CLOCK', cause }));
  expect(event?.cause).toBe('abc d\uFFFDe\uFFFDf g');
});

test('report.json is read, alone, in a list, or as --json printed it', () => {
  const report = readReport(readCase('rehearsal'));
  expect(report).toMatchObject({ ok: true, reports: [{ worker: 'worker-0', rehearsal: true, attempts: 1 }] });
  if (!report.ok) throw new Error(report.problem);
  expect(readReport(JSON.stringify({ reports: report.reports }))).toEqual(report);
  expect(readReport(JSON.stringify(report.reports))).toEqual(report);
  expect(readReport(JSON.stringify({ reports: runs }))).toEqual({ ok: true, reports: runs });
});
