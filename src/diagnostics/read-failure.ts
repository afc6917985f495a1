import type { ReadResult } from '../ports/files.ts';
import { withCommas } from '../tree/count.ts';

/** Why a file could not be read, as the end of a sentence: "… cannot be read: it is a folder". */
export function describeReadFailure(result: Exclude<ReadResult, { readonly kind: 'file' }>): string {
  switch (result.kind) {
    case 'missing':
      return 'there is no such file';
    case 'folder':
      return 'it is a folder';
    case 'special':
      return `it is ${result.what}, not a regular file`;
    case 'escapes':
      return `its symbolic link leaves the folder, to ${result.target}`;
    case 'too-large':
      return `it has ${withCommas(result.size)} bytes, more than ${withCommas(result.limit)}`;
    case 'command-failed':
      return `the command ${result.command} ${result.reason}`;
    case 'unreadable':
      return result.reason;
  }
}
