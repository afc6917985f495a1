import fs from 'node:fs';
import { consoleLines } from '../../report/clean.ts';
import { findEvents } from '../../report/find-events.ts';
import type { BootEvent } from '../../report/report.ts';

/** What a serial console has shown so far. */
export type Console = {
  readonly text: string;
  /** Before the boot program's first line: what the machine is at. */
  readonly stage: string;
};

/** Reads what has come since the last call; `fresh` are lines of the boot program that were not there before. */
export function openConsole(file: string): () => Console & { readonly fresh: readonly BootEvent[] } {
  const decoder = new TextDecoder();
  const seen = new Set<string>();
  let text = '';
  let offset = 0;
  return () => {
    const bytes = readFrom(file, offset);
    offset += bytes.length;
    text += decoder.decode(bytes, { stream: true });
    if (bytes.length === 0) return { text, stage: stageOf(text), fresh: [] };
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const fresh = findEvents(whole).filter(event => {
      const key = JSON.stringify(event);
      return !seen.has(key) && seen.add(key);
    });
    return { text, stage: stageOf(text), fresh };
  };
}

function readFrom(file: string, offset: number): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    const bytes = Buffer.alloc(Math.max(0, fs.fstatSync(descriptor).size - offset));
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, bytes.length, offset));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array();
    throw error;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** cloud-init names its stages on the console: `Cloud-init v. 25.1.4 running 'init' at …`. */
export function stageOf(text: string): string {
  const stages = [...text.matchAll(/Cloud-init v\. (\S+) running '([^']+)'/g)];
  const [, version, stage] = stages.at(-1) ?? [];
  if (stage !== undefined) return `cloud-init ${version} is in its stage ${stage}`;
  return text.trim() === '' ? 'waiting for the kernel' : 'the kernel is up; waiting for cloud-init';
}

/** The last lines of a console, without what steers a terminal. */
export function lastLines(text: string, count: number): readonly string[] {
  return consoleLines(text).slice(-count);
}
