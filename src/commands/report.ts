import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';
import { reportPage } from '../report/page.ts';
import { readReport } from '../report/parse.ts';
import { neighboursOf } from '../report/runs.ts';
import { timelineTable } from '../report/table.ts';
import type { CommandIo } from './io.ts';

export type ReportOptions = { readonly file: string; readonly html: boolean };

/** A console is 64 KB, that of a machine kept for months some MB. */
const limit = 64 * 1024 * 1024;

/** What a console or report.json tells of first boots: 0 when it could be read, also when a boot failed. */
export function reportCommand({ file, html }: ReportOptions, io: CommandIo): number {
  if (html && io.json) return bothForms(io);
  const read = readReport(decode(readBytes(file, io)));
  const name = file === '-' ? 'stdin' : file;
  if (!read.ok) throw new OperationError('REPORT_NOT_FOUND', `${name} tells of no boot: ${read.problem}.`, read.hint);
  const { reports } = read;
  if (io.json) io.out(`${JSON.stringify({ reports })}\n`);
  else if (html) io.out(reportPage(reports));
  else io.out(reports.map((one, index) => timelineTable(one, neighboursOf(reports, index))).join('\n\n'));
  return 0;
}

function bothForms(io: CommandIo): number {
  const message = '--html and --json exclude each other.';
  const hint = 'each is one document on stdout: choose one.';
  io.err(`firstboot: ${message}\n  hint: ${hint}\n`);
  io.out(
    `${JSON.stringify({ diagnostics: [{ code: 'USAGE', severity: 'error', message, hint, file: null, notes: [] }] })}\n`,
  );
  return 2;
}

/** A file, a pipe such as `<(aws ec2 get-console-output …)`, or stdin. */
function readBytes(file: string, io: CommandIo): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const opened = file === '-' ? 0 : fs.openSync(path.resolve(io.cwd, file), 'r');
    for (let got = 1; got > 0 && size <= limit; size += got) {
      const chunk = Buffer.alloc(1 << 20);
      got = fs.readSync(opened, chunk);
      chunks.push(chunk.subarray(0, got));
    }
    if (opened !== 0) fs.closeSync(opened);
  } catch (error) {
    throw notRead(file, (error as Error).message, error);
  }
  if (size > limit) throw notRead(file, 'it has more than 64 MiB');
  return Buffer.concat(chunks);
}

function notRead(file: string, reason: string, cause?: unknown): OperationError {
  return new OperationError(
    'FILE_NOT_READ',
    `${file} cannot be read: ${reason}.`,
    'give a console log, a report.json, or - for stdin.',
    cause,
  );
}

/** UTF-8, or UTF-16 as PowerShell’s `>` writes it. */
function decode(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
