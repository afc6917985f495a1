import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { WrittenFile } from '../emit/read-user-data.ts';
import { sha256 } from '../tree/digest.ts';
import { byCodeUnit } from '../tree/order.ts';

/** A folder that stands for the machine's /. */
export type ScratchRoot = {
  /** Absolute. */
  readonly folder: string;
  /** False: temporary. */
  readonly kept: boolean;
  /** Removes it when it is temporary; without this call it goes when the process ends. */
  readonly close: () => void;
};

/** By this a root of an earlier rehearsal is known from any other folder, and from the / of a real node. */
const marker = '.firstboot-rehearsal';
/** Where the boot program records the instance that the files were written for. */
const recorded = '/var/lib/firstboot/instance';

/** A temporary root, or a folder that is absent, empty or the root of an earlier rehearsal; any other is refused. */
export function openScratchRoot(given: string | undefined): ScratchRoot {
  if (given === undefined) return temporaryRoot();
  const mark = path.join(given, marker);
  return attempt(given, () => {
    const problem = whyTaken(given, mark);
    if (problem) throw new OperationError('ROOT_TAKEN', `${given} ${problem.is}.`, problem.hint);
    // A root holds a private key.
    fs.mkdirSync(given, { recursive: true, mode: 0o700 });
    fs.writeFileSync(mark, `${process.pid}\n`);
    return { folder: given, kept: true, close: () => fs.writeFileSync(mark, '') };
  });
}

function whyTaken(given: string, mark: string): { readonly is: string; readonly hint: string } | undefined {
  const hint = 'name a folder that is empty or not there yet, or the root of an earlier rehearsal.';
  const found = fs.statSync(given, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isDirectory()) return { is: 'is not a folder', hint };
  if (!fs.existsSync(mark)) {
    const isEmpty = fs.readdirSync(given).length === 0;
    return isEmpty ? undefined : { is: 'is a folder with files of something else', hint };
  }
  const user = Number(fs.readFileSync(mark, 'utf8'));
  if (user === 0 || user === process.pid || !isRunning(user)) return undefined;
  return { is: `is in use by process ${user}`, hint: `wait for it, or empty ${mark} when it is no rehearsal.` };
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function temporaryRoot(): ScratchRoot {
  const folder = attempt(os.tmpdir(), () => fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-rehearse-')));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  // It holds a private key, so it goes however the process ends.
  process.once('exit', remove);
  const close = () => {
    remove();
    process.off('exit', remove);
  };
  return { folder, kept: false, close };
}

/** The instance whose files are whole, as the boot program recorded it: for it cloud-init writes no files again. */
export function recordedInstance(root: string): string | undefined {
  return readRoot(root, recorded)?.trim();
}

/** Text of a file of the root; undefined when it is not there. */
export function readRoot(root: string, name: string): string | undefined {
  const file = inRoot(root, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

/** Writes files as cloud-init's write_files does; owners need root, and are left to who reads `files`. */
export function materialise(root: string, files: readonly WrittenFile[]): void {
  for (const file of files) attempt(root, () => writeFile(root, file));
}

function writeFile(root: string, { path: name, mode, content, append }: WrittenFile): void {
  const file = inRoot(root, name);
  makeFolders(path.dirname(file));
  // root may write what its mode forbids.
  if (fs.existsSync(file)) fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, content, { mode: 0o600, flag: append ? 'a' : 'w' });
  fs.chmodSync(file, Number.parseInt(mode, 8));
}

/** 0755 whatever the umask says, as cloud-init makes folders. */
function makeFolders(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o755);
}

/** What the kernel and cloud-init show of the machine before the boot program starts. */
export function writeMachine(root: string, hostname: string, instanceId: string): void {
  const uuid = sha256(new TextEncoder().encode(instanceId)).replace(/^.{3}/, 'ec2');
  const parts = [uuid.slice(0, 8), uuid.slice(8, 12), uuid.slice(12, 16), uuid.slice(16, 20), uuid.slice(20, 32)];
  const texts = {
    '/proc/sys/kernel/hostname': hostname,
    '/sys/class/dmi/id/product_uuid': parts.join('-'),
    '/var/lib/cloud/data/instance-id': instanceId,
  };
  const files = Object.entries(texts).map(([name, text]) => ({
    path: name,
    mode: '0644',
    owner: 'root:root',
    content: Buffer.from(`${text}\n`),
    append: false,
  }));
  materialise(root, files);
}

/** A file of the root. */
export type RootFile = { readonly path: string; readonly mode: string; readonly size: number; readonly sha256: string };

/** Every regular file but the kernel's, sorted; paths as on the node. */
export function listRoot(root: string): readonly RootFile[] {
  const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  const names = entries
    .filter(entry => entry.isFile())
    .map(entry => `/${path.relative(root, path.join(entry.parentPath, entry.name))}`);
  return names
    .filter(name => name !== `/${marker}` && !/^\/(?:proc|sys)\//.test(name))
    .sort(byCodeUnit)
    .map(name => describeFile(root, name));
}

function describeFile(root: string, name: string): RootFile {
  const file = inRoot(root, name);
  const { mode, size } = fs.statSync(file);
  const octal = (mode & 0o7777).toString(8).padStart(4, '0');
  return { path: name, mode: octal, size, sha256: sha256(fs.readFileSync(file)) };
}

/** `..` ends at the root, as it does at /. */
export function inRoot(root: string, name: string): string {
  return path.join(root, path.posix.normalize(`/${name}`));
}

function attempt<R>(folder: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (error instanceof OperationError || !(error instanceof Error)) throw error;
    throw new OperationError(
      'ROOT_NOT_WRITTEN',
      `the scratch root ${folder} cannot be written: ${error.message}.`,
      'look at its rights and at the space left, or name another by --root.',
      error,
    );
  }
}
