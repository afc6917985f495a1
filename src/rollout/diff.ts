import { structuredPatch } from 'diff';

/** Beyond these a diff says nothing to people. */
const limits = { characters: 262_144, edits: 2_000, lines: 400 };

const tooLong = '(too much changed to be shown)\n';

/**
 * Hunks of a unified diff with three lines of context, without file names; empty for equal texts; cut after 400 lines. Both texts
 * go through `prepare` before they are compared, unless they are too long for it.
 */
export function unifiedDiff(
  oldText: string,
  newText: string,
  prepare: (text: string) => string = text => text,
): string {
  if (oldText.length > limits.characters || newText.length > limits.characters) return tooLong;
  const [before, after] = [prepare(oldText), prepare(newText)];
  if (before === after) return '';
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: 3,
    maxEditLength: limits.edits,
  });
  if (!patch) return tooLong;
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: hunk }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...hunk,
  ]);
  const shown = lines.slice(0, limits.lines);
  if (lines.length > shown.length) shown.push(`(and ${lines.length - shown.length} more lines)`);
  return `${shown.join('\n')}\n`;
}

/** Of nothing, the line before it (as GNU diff has it). */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}
