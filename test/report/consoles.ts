import fs from 'node:fs';
import path from 'node:path';
import { root } from '../support/cluster.ts';

const casesFolder = path.join(root, 'test/report/cases');

/** A folder below test/report/cases: a console.log or report.json, written by hand in the shape of real ones. */
export const cases: readonly string[] = fs.readdirSync(casesFolder);

export function caseFile(name: string): string {
  const folder = path.join(casesFolder, name);
  return path.join(folder, fs.existsSync(path.join(folder, 'console.log')) ? 'console.log' : 'report.json');
}

export function readCase(name: string): string {
  return fs.readFileSync(caseFile(name), 'utf8');
}

/** A line as the boot program writes it. */
export function line(phase: string, status: string, t: number, more: Readonly<Record<string, unknown>> = {}): string {
  return `firstboot: ${JSON.stringify({ v: 1, worker: 'worker-0', phase, status, t, attempt: 1, ...more })}`;
}
