import { stringify } from 'yaml';
import type { BundleFile } from '../compile/bundle.ts';
import { invariant } from '../tree/invariant.ts';
import type { JsonMap } from '../tree/merge.ts';
import { Secret } from '../tree/secret.ts';

/**
 * YAML 1.1, since PyYAML reads it: quotes what 1.1 takes for a number or boolean, never folds, no anchors. Values are data
 * throughout; items of the write_files list are written one by one and joined, so that what workers share is written once.
 */
function toYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    blockQuote: 'literal',
    indentSeq: false,
  });
}

/** The cloud-config up to and with the `write_files:` key and the user's own entries of it; ours follow. */
export function cloudConfigHead({ write_files: own, ...keys }: JsonMap): string {
  return `#cloud-config\n${toYaml(keys)}write_files:\n${Array.isArray(own) && own.length > 0 ? toYaml(own) : ''}`;
}

/** The keys that differ between workers, after the entries. The name is also the kubelet's, so it must not be another. */
export function cloudConfigTail(worker: string): string {
  return toYaml({ hostname: worker });
}

const indent = '    ';

/**
 * One entry of write_files: text where every reader reads it back alike, else base64. Written out here, since the library
 * takes longer for the entries of one worker than all its checks; the values are of a known form and need no library's care.
 */
export function writeFilesEntry({ path, mode, content }: Pick<BundleFile, 'path' | 'mode' | 'content'>): string {
  invariant(!(content instanceof Secret), `${path} is public`);
  const text = plainText(content);
  const body =
    text === undefined
      ? `  encoding: b64\n  content: "${Buffer.from(content).toString('base64')}"\n`
      : `  content: |${chomping(text)}\n${text.replace(/\n+$/, '').replace(/^(?=.)/gm, indent)}\n${'\n'.repeat(Math.max(0, trailing(text) - 1))}`;
  return `- path: ${path}\n  permissions: "${mode}"\n  owner: root:root\n${body}`;
}

/** How many line feeds a text ends with, and how a literal block says so. */
function trailing(text: string): number {
  return text.length - text.replace(/\n+$/, '').length;
}

function chomping(text: string): string {
  const ending = trailing(text);
  return ending === 0 ? '-' : ending === 1 ? '' : '+';
}

/**
 * Printable ASCII with line feeds and tabs, the intersection of what YAML readers take literally, and a first line that does
 * not begin with a blank (a literal block takes its indentation from it); undefined for anything else.
 */
function plainText(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return /^[\x21-\x7e][\t\n\x20-\x7e]*$/.test(text) ? text : undefined;
}
