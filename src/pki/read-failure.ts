import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import { describeReadFailure } from '../diagnostics/read-failure.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import type { InputFile } from './input-file.ts';
import { printable } from './name.ts';

/** Names of the files in the PKI folder, relative to cluster.yaml's folder; called only when one is missing. */
export type Siblings = () => readonly string[];

/** The bytes of a file of the PKI folder, or why they cannot be had. `what` begins the sentence: "worker-0’s certificate". */
export function bytesOf(
  { name: file, result }: InputFile,
  what: string,
  siblings: Siblings | undefined,
): Uint8Array | Finding {
  const origin = { file };
  switch (result.kind) {
    case 'file':
      return result.bytes;
    case 'missing':
      return finding('PKI_FILE_MISSING', origin, {
        what,
        // A dangling link is in the folder's list under its own name.
        similar: similarTo(
          file,
          (siblings?.() ?? []).filter(name => name !== file),
        ),
        link: result.link === undefined ? undefined : printable(result.link),
      });
    case 'too-large':
      return finding('PKI_FILE_TOO_LARGE', origin, { what, reason: describeReadFailure(result) });
    case 'escapes':
      return finding('PKI_FILE_ESCAPES', origin, { what, target: printable(result.target) });
    case 'command-failed':
      return finding('PKI_READ_SECRET_FAILED', origin, { command: result.command, file, reason: result.reason });
    default:
      return finding('PKI_FILE_UNREADABLE', origin, { what, reason: describeReadFailure(result) });
  }
}

/** The same name with another ending (.crt, .key) or in other letters; else the nearest that is no other worker's. */
function similarTo(file: string, siblings: readonly string[]): string | undefined {
  const stem = (name: string) =>
    name
      .toLowerCase()
      .replace(/\.[a-z0-9]+$/, '')
      .replaceAll('_', '-');
  const sameStem = siblings.find(name => stem(name) === stem(file) && !name.endsWith('.kubeconfig'));
  if (sameStem !== undefined) return sameStem;
  const digits = (name: string) => name.replace(/\D+/g, ' ').trim();
  return didYouMean(
    file,
    siblings.filter(name => digits(name) === digits(file) && name.includes('-key') === file.includes('-key')),
  );
}
