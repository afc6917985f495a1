import { stringify } from 'yaml';
import { type DescribedFile, type NodeDescription, sameFile } from '../emit/node-description.ts';
import type { Launch } from '../spec/resolve.ts';
import { sha256 } from '../tree/digest.ts';
import { decodeText } from '../tree/text.ts';
import { unifiedDiff } from './diff.ts';
import type { Change } from './plan.ts';
import { redacted } from './redact.ts';

export type Compared = {
  /** Undefined: the copy of its user-data is not to be had. */
  readonly before: NodeDescription | undefined;
  readonly after: NodeDescription;
  readonly launchBefore: Launch;
  readonly launchAfter: Launch;
};

/** What differs between the last launch and the next one; redacted before it is compared, so that no diff can show more. */
export function changesOf({ before, after, launchBefore, launchAfter }: Compared): readonly Change[] {
  const launch = textChange('launch parameters', stringify(launchBefore), stringify(launchAfter));
  if (!before) return launch;
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].sort();
  return [
    ...launch,
    ...textChange('address', `${before.privateIp}\n`, `${after.privateIp}\n`),
    ...textChange('binaries', binaryLines(before), binaryLines(after)),
    ...textChange('units', lines(before.units), lines(after.units)),
    ...textChange('kernel modules', lines(before.modules), lines(after.modules)),
    ...paths.flatMap(path => fileChange(path, before.files.get(path), after.files.get(path))),
  ];
}

function textChange(name: string, before: string, after: string): readonly Change[] {
  return before === after ? [] : [{ name, diff: diffOrHidden(before, after) }];
}

function diffOrHidden(before: string, after: string): string {
  const diff = unifiedDiff(before, after, redacted);
  return diff === '' ? '(a value that is not shown changed)\n' : diff;
}

function fileChange(
  path: string,
  before: DescribedFile | undefined,
  after: DescribedFile | undefined,
): readonly Change[] {
  if (before && after && sameFile(before, after)) return [];
  const mode = before && after && before.mode !== after.mode ? [`(mode ${before.mode} -> ${after.mode})\n`] : [];
  return [{ name: path, diff: `${mode.join('')}${contentDiff(before, after)}` }];
}

function contentDiff(before: DescribedFile | undefined, after: DescribedFile | undefined): string {
  const old = before?.content;
  const now = after?.content;
  if (old?.kind === 'secret' || now?.kind === 'secret')
    return before && after ? '' : `(a secret, ${now ? 'added' : 'removed'})\n`;
  if (old?.kind === 'archived' || now?.kind === 'archived')
    return before && after ? '' : `(was in the archive, ${now ? 'added' : 'removed'})\n`;
  const [oldBytes, newBytes] = [old?.bytes, now?.bytes];
  const [oldText, newText] = [textOf(oldBytes), textOf(newBytes)];
  if (oldText === undefined || newText === undefined) return `(${digestOf(oldBytes)} -> ${digestOf(newBytes)})\n`;
  if (oldText === newText) return '';
  if (certificates.test(oldText) && certificates.test(newText)) return '(another certificate)\n';
  return diffOrHidden(oldText, newText);
}

/** Nothing but PEM certificates: no line of their base64 tells anybody anything. */
const certificates = /^(?:-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]*-----END CERTIFICATE-----\s*)+$/;

/** Of a file that is absent the empty text; undefined for what is no text. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  const decoded = decodeText(bytes ?? new Uint8Array());
  return decoded.ok ? decoded.text : undefined;
}

function digestOf(bytes: Uint8Array | undefined): string {
  return bytes ? `sha256:${sha256(bytes).slice(0, 12)}, ${bytes.length} B` : 'absent';
}

function binaryLines({ binaries }: NodeDescription): string {
  return lines(
    binaries.map(
      ({ name, version, sha256: digest, target }) => `${name} ${version} sha256:${digest.slice(0, 12)} ${target}`,
    ),
  );
}

function lines(list: readonly string[]): string {
  return list.map(line => `${line}\n`).join('');
}
