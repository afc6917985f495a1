import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bootCodes } from '../../src/diagnostics/boot-codes.ts';
import { parseLine } from '../../src/report/parse.ts';
import { bootPhases } from '../../src/report/report.ts';
import { root } from '../support/cluster.ts';

const page = fs.readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
const firstCells = [...page.matchAll(/^\| `?([A-Za-z_]+)`? +\|/gm)].map(match => match[1] ?? '');

test('the page says what to do for every code of the boot program, and for no other', () => {
  expect(firstCells.filter(cell => cell.startsWith('BOOT_')).sort()).toEqual(Object.keys(bootCodes).sort());
});

test('the page has every phase in order', () => {
  expect(firstCells.filter(cell => bootPhases.some(phase => phase === cell)).slice(0, bootPhases.length)).toEqual(
    bootPhases,
  );
});

test('its lines of a console are lines of the boot program', () => {
  const lines = page.split('\n').filter(line => line.startsWith('firstboot: {'));
  expect(lines.map(line => parseLine(line)?.status)).toEqual(['start', 'retry', 'ok']);
});

test('its timeline is what the report prints', () => {
  const table = fs.readFileSync(path.join(root, 'test/report/cases/gives-up/table.txt'), 'utf8');
  expect(page).toContain(table.split('\n\n\n')[0]);
});
