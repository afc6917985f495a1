import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { PkiFolder } from '../ports/pki-folder.ts';
import { writeFileAtomically } from './write-file.ts';

/** The PKI folder on the disk. */
export function pkiFolder(clusterFolder: string): PkiFolder {
  return {
    write(name, content, mode) {
      const file = path.resolve(clusterFolder, name);
      attempt(path.dirname(name), () => makePrivate(path.dirname(file)));
      writeFileAtomically(file, content, mode);
    },
    remove: name => attempt(name, () => fs.rmSync(path.resolve(clusterFolder, name), { force: true })),
  };
}

/** Folders that are there keep their mode: they may be shared on purpose. */
function makePrivate(folder: string): void {
  const first = fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first !== undefined) fs.chmodSync(folder, 0o700);
}

function attempt(name: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new OperationError(
      'FILE_NOT_WRITTEN',
      `${name} cannot be written: ${(error as Error).message}.`,
      'mend it and run the same command again; what was issued so far stays.',
      error,
    );
  }
}
