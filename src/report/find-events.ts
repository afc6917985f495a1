import { consoleLines } from './clean.ts';
import { eventOf } from './event.ts';
import type { BootEvent } from './report.ts';

const marker = /firstboot: ?(?=\{)/g;
/** Where the kernel or systemd wrote into the middle of a line: `[   12.345678] …` up to its end. */
const interruption = /\[ *\d+\.\d+\] .*$/;
/** Lines that others may write before a broken one goes on. */
const farthest = 4;
/** Characters of a line of ours: a cause of two times 300, each up to six characters in JSON, and the rest. */
const longest = 4500;

/** Every line of the boot program in a console, in order; also those that others wrote into, and several on one line. */
export function findEvents(text: string): readonly BootEvent[] {
  const lines = consoleLines(text);
  return lines.flatMap((line, index) => eventsIn(line, lines.slice(index + 1, index + 1 + farthest)));
}

/** `next`: the lines after this one, where a broken one may go on. */
function eventsIn(line: string, next: readonly string[]): readonly BootEvent[] {
  return [...line.matchAll(marker)].flatMap(({ index, 0: found }) => {
    const start = index + found.length;
    const text = line.slice(start, start + longest);
    const event = eventAt(text) ?? mended(text, next);
    return event ? [event] : [];
  });
}

function eventAt(text: string): BootEvent | undefined {
  const end = endOfObject(text);
  if (end === undefined) return undefined;
  try {
    return eventOf(JSON.parse(text.slice(0, end)));
  } catch {
    return undefined;
  }
}

/** A line that was broken off, joined with its rest. */
function mended(text: string, next: readonly string[]): BootEvent | undefined {
  if (text.search(marker) > 0 || (endOfObject(text) !== undefined && !interruption.test(text))) return undefined;
  for (const head of new Set([text, text.replace(interruption, '')])) {
    for (const tail of ['', ...next]) {
      const event = eventAt(head + tail);
      if (event) return event;
    }
  }
  return undefined;
}

/** Where the JSON object that the text begins with ends; undefined when it does not. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  // A string, or a brace outside of one; of an unfinished string there is no end.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|$)|[{}]/g)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return undefined;
}
