import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../../diagnostics/operation-error.ts';

export type Image = {
  /** Absolute. */
  readonly file: string;
  /** As QEMU calls it: raw, qcow2 … */
  readonly format: string;
  /** Bytes that the machine sees. */
  readonly size: number;
  /** A disk with a boot sector; false: a bare file system. */
  readonly bootable: boolean;
};

/** Looks at an image; it is never written to. `scratch`: a folder for a moment's file. */
export function readImage(qemuImg: string, file: string, scratch: string): Image {
  readable(file);
  const { format, size } = describe(qemuImg, file);
  const sector = path.join(scratch, 'boot-sector');
  run(qemuImg, ['dd', '-f', format, '-O', 'raw', 'bs=512', 'count=1', `if=${file}`, `of=${sector}`], file);
  const bytes = fs.readFileSync(sector);
  fs.rmSync(sector);
  return { file, format, size, bootable: bytes[510] === 0x55 && bytes[511] === 0xaa };
}

/**
 * The machine's own disk: a new one over the image, as large as the spec's volume, or the one that is there already. True
 * when it was there.
 */
export function makeDisk(qemuImg: string, image: Image, disk: string, gibibytes: number): boolean {
  if (fs.existsSync(disk)) {
    const { backing } = describe(qemuImg, disk);
    if (backing === image.file) return true;
    throw new OperationError(
      'MACHINE_DISK_FOREIGN',
      `${disk} was made over ${backing ?? 'no image'}, not over ${image.file}.`,
      'give the same --image to boot it again, or another --work folder.',
    );
  }
  const size = Math.max(image.size, gibibytes * 2 ** 30);
  const unfinished = `${disk}.new`;
  run(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', image.file, '-F', image.format, unfinished, String(size)], disk);
  fs.chmodSync(unfinished, 0o600);
  fs.renameSync(unfinished, disk);
  return false;
}

export function readable(file: string): void {
  try {
    fs.accessSync(file, fs.constants.R_OK);
  } catch (error) {
    throw new OperationError(
      'MACHINE_IMAGE_UNREADABLE',
      `${file} cannot be read: ${(error as Error).message}.`,
      'look at the path, and at who may read the file and pass through its folders.',
    );
  }
}

function describe(qemuImg: string, file: string) {
  const text = run(qemuImg, ['info', '--output=json', file], file);
  const facts = JSON.parse(text) as { format: string; 'virtual-size': number; 'full-backing-filename'?: string };
  return { format: facts.format, size: facts['virtual-size'], backing: facts['full-backing-filename'] };
}

function run(qemuImg: string, words: readonly string[], file: string): string {
  try {
    return execFileSync(qemuImg, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new OperationError(
      'MACHINE_IMAGE_UNREADABLE',
      `qemu-img ${words[0]} fails for ${file}: ${stderr?.trim() || message}`,
      'an image is a raw or qcow2 disk, decompressed, and not in use by a machine that may write to it.',
    );
  }
}
