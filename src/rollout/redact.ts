import { decodeBase64, issuedCredentials } from '../check/rules/user-data-patterns.ts';
import { masked } from '../tree/shown.ts';

const privateKeys =
  /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$(?![\s\S]))/g;
/** PEM in base64; of a certificate nothing needs to be hidden. */
const encodedPem = /LS0tLS1CRUdJTi[A-Za-z0-9+/=]*/g;
const names =
  'pass(?:word|wd|phrase)?|pwd|tokens?|secrets?|credentials?|api[_-]?keys?|(?:secret|access|private|signing|encryption|shared)[_-]?keys?';
/** A name that says secret, and all that follows it on its line. */
const named = new RegExp(
  `^(?<head>.*?(?:${names})["']?[ \\t]*(?:[:=]|[ \\t](?<=--\\S{1,80}[ \\t])))[ \\t]*(?<value>.*)$`,
  'i',
);
const header = /^(.*?\b(?:authorization|auth|identitytoken)["']?[ \t]*[:=][ \t]*)(\S.*)$/i;
const scheme = /\b(Bearer|Basic)[ \t]+[\w.~+/=-]{6,}/gi;
const hidden = '…';
/** A longer line is no configuration, and searching it would take its time. */
const longestLine = 2_000;

/**
 * A text of a node for people: what looks like a credential is hidden, in doubt too much. A private key is gone whole, of a
 * named secret the rest of its line and the block below it, of a URL its user, password and query.
 */
export function redacted(text: string): string {
  const whole = text
    .replace(privateKeys, '(a private key)')
    .replace(encodedPem, found => (/PRIVATE KEY/.test(decodeBase64(found)) ? '(a private key in base64)' : found));
  return hideNamed(issuedCredentials.reduce((rest, pattern) => rest.replace(pattern, hidden), whole));
}

function hideNamed(text: string): string {
  let below: number | undefined;
  return text
    .split('\n')
    .map(line => {
      if (line.length > longestLine) return `(${line.length} characters)`;
      const indent = line.length - line.trimStart().length;
      if (below !== undefined && line.trim() !== '') {
        const isItem = indent === below && line.trimStart().startsWith('- ');
        if (indent > below || isItem) return `${line.slice(0, indent)}${isItem ? '- ' : ''}${hidden}`;
        below = undefined;
      }
      const { head, value } = named.exec(line)?.groups ?? {};
      if (head === undefined) return hideInLine(line);
      // A block of YAML, or a line that goes on in the next: what is below belongs to it.
      if (/^(?:[|>&!\\[{].*)?$/.test(value ?? '') || value?.endsWith('\\')) below = indent;
      return `${hideInLine(head)} ${value === '' ? '' : hidden}`.trimEnd();
    })
    .join('\n');
}

function hideInLine(line: string): string {
  return masked(line.replace(header, `$1${hidden}`).replace(scheme, `$1 ${hidden}`));
}
