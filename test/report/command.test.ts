import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseConsole } from '../../src/report/parse.ts';
import { root, run } from '../support/cluster.ts';
import { caseFile, cases, line, readCase } from './consoles.ts';

function write(content: string | Uint8Array): { readonly folder: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-report-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  fs.writeFileSync(path.join(folder, 'console.log'), content);
  return { folder };
}

test.each(cases)('%s: the table is the expected one, and exit 0 also for a boot that failed', async name => {
  const { code, out, err } = await run({ folder: root }, 'report', caseFile(name));
  expect([code, err]).toEqual([0, '']);
  expect(out.split('\n').filter(one => one.length > 80)).toEqual([]);
  await expect(out).toMatchFileSnapshot(path.join(root, 'test/report/cases', name, 'table.txt'));
});

test('--json is one document with every run', async () => {
  const { code, json } = await run({ folder: root }, 'report', caseFile('reboot'), '--json');
  expect([code, json]).toEqual([0, { reports: parseConsole(readCase('reboot')) }]);
});

test.each<[string, string, RegExp]>([
  ['an empty file', '', /it is empty/],
  ['an answer without output', '{\n  "InstanceId": "i-0123456789abcdef0"\n}', /no output yet[\s\S]*--latest/],
  ['cloud-init alone', "[ 7.1] cloud-init[435]: Cloud-init v. 25.1.4 running 'init'", /cloud-init ran, but/],
  ['a kernel alone', '[    0.000000] Linux version 6.12', /from\s+cloud-init’s network stage on/],
  [
    'another version',
    line('clock', 'ok', 1).replace('"v":1', '"v":2').replace('firstboot:', 'firstboot:'),
    /another version/,
  ],
])('%s has nothing to report: exit 1, and why', async (_, text, message) => {
  const { code, out, err } = await run(write(text), 'report', 'console.log');
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^firstboot: REPORT_NOT_FOUND: console\.log tells of no boot: /);
  expect(err).toMatch(message);
});

test('a file that is not there, and a folder, are failed operations that name it', async () => {
  const nowhere = await run({ folder: root }, 'report', 'nowhere.log');
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringMatching(/FILE_NOT_READ: nowhere\.log cannot be read/)]);
  const folder = await run({ folder: root }, 'report', 'test', '--json');
  expect([folder.code, folder.json.diagnostics[0].code]).toEqual([1, 'FILE_NOT_READ']);
});

test('wrong usage exits with 2', async () => {
  expect((await run({ folder: root }, 'report')).code).toBe(2);
  const both = await run({ folder: root }, 'report', caseFile('done'), '--html', '--json');
  expect([both.code, both.json.diagnostics[0].code]).toEqual([2, 'USAGE']);
});

test('UTF-16, as PowerShell’s redirection writes it, is read', async () => {
  const utf16 = Buffer.from(`\uFEFF${readCase('done').replaceAll('\n', '\r\n')}`, 'utf16le');
  const { code, json } = await run(write(utf16), 'report', 'console.log', '--json');
  expect([code, json.reports]).toEqual([0, parseConsole(readCase('done'))]);
});

test('- reads stdin, in the built program', () => {
  const program = path.join(root, 'dist/firstboot.cjs');
  const argv = [program, 'report', '-', '--json'];
  const piped = spawnSync(process.execPath, argv, { input: readCase('two-workers'), encoding: 'utf8' });
  expect([piped.status, piped.stderr]).toEqual([0, '']);
  expect(JSON.parse(piped.stdout).reports).toEqual(parseConsole(readCase('two-workers')));
});
