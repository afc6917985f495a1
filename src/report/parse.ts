import { consoleTexts } from './console-answer.ts';
import { findEvents } from './find-events.ts';
import { nothingFound } from './nothing-found.ts';
import type { BootEvent, BootReport } from './report.ts';
import { reportsIn } from './report-file.ts';
import { runsOf } from './runs.ts';

export type ReadReport =
  | { readonly ok: true; readonly reports: readonly BootReport[] }
  | { readonly ok: false; readonly problem: string; readonly hint: string };

/**
 * Every run of the boot program that a serial console shows, in the order in which they began. Takes a console as it is, or
 * GetConsoleOutput’s answer: as the AWS CLI prints it, or base64 as the API gives it. Empty when there is none; never throws.
 */
export function parseConsole(text: string): readonly BootReport[] {
  return runsOf(consoleTexts(text).flatMap(findEvents));
}

/** A report.json, what `firstboot report --json` printed, or a console; else what is wrong, and what to do. */
export function readReport(text: string): ReadReport {
  const reports = reportsIn(text) ?? parseConsole(text);
  return reports.length > 0 ? { ok: true, reports } : { ok: false, ...nothingFound(consoleTexts(text).join('\n')) };
}

/** The boot program’s line in a line of a console, whatever stands before and after it. */
export function parseLine(line: string): BootEvent | undefined {
  return findEvents(line)[0];
}
