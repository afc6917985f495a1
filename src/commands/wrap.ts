/**
 * Lines of at most 80 columns; all but the first are indented. Lines that the text has stay lines, and a command between
 * backticks stays in one piece, so that it can be copied.
 */
export function wrapped(text: string, indent = '  '): string {
  const width = 80 - indent.length;
  return text
    .replace(/`[^`\n]+`/g, command => (command.length <= width ? command.replaceAll(' ', joint) : command))
    .split('\n')
    .map(line => line.replace(new RegExp(`(.{1,${width}})( +|$)`, 'g'), '$1\n').trimEnd())
    .join('\n')
    .replaceAll('\n', `\n${indent}`)
    .replaceAll(joint, ' ');
}

/** In place of a space that is no place to break. */
const joint = '\u0000';
