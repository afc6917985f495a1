import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';

/** Writes beside the final place and renames, so that a reader never sees half a file. `mode` is exact whatever the umask says. */
export function writeFileAtomically(file: string, content: Uint8Array | string, mode = 0o644): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = fs.openSync(temporary, 'wx', mode);
    try {
      fs.fchmodSync(descriptor, mode);
      fs.writeFileSync(descriptor, content);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw new OperationError(
      'FILE_NOT_WRITTEN',
      `${file} cannot be written: ${(error as Error).message}.`,
      'mend it and run the same command again; what was there is untouched.',
      error,
    );
  }
}
