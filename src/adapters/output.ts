import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { WorkerArtifacts } from '../emit/emit-worker.ts';

/** An empty folder beside the final place. `made`: the topmost folder that had to be made for it, to be removed again on failure. */
export type Staging = { readonly folder: string; readonly out: string; readonly made: string | undefined };

/** Makes OUT and a staging folder in it; mends or removes what a killed build left. */
export function openStaging(out: string, cluster: string): Staging {
  return attempt(out, () => {
    const made = fs.mkdirSync(out, { recursive: true, mode: 0o700 });
    if (made !== undefined) fs.chmodSync(out, 0o700);
    for (const name of fs.readdirSync(out)) {
      const left = new RegExp(`^\\.${cluster}\\.(\\d+)\\.(new|old)$`).exec(name);
      if (!left || isAlive(Number(left[1]))) continue;
      const final = path.join(out, cluster);
      if (left[2] === 'old' && !fs.existsSync(final)) fs.renameSync(path.join(out, name), final);
      else fs.rmSync(path.join(out, name), { recursive: true, force: true });
    }
    const folder = path.join(out, `.${cluster}.${process.pid}.new`);
    fs.rmSync(folder, { recursive: true, force: true });
    makeFolder(folder);
    return { folder, out, made };
  });
}

/**
 * Refuses to replace a folder that is not a build: one that holds the cluster itself, or files that no build wrote.
 * `sources`: folders that must survive, absolute.
 */
export function refuseForeign(folder: string, sources: readonly string[]): void {
  const real = realPath(folder);
  const inside = sources.find(source => `${realPath(source)}${path.sep}`.startsWith(`${real}${path.sep}`));
  if (inside !== undefined) {
    throw new OperationError(
      'OUTPUT_TAKEN',
      `the build would replace ${folder}, which holds ${inside}.`,
      'choose another folder with --out.',
    );
  }
  const there = listed(folder);
  if (there.length > 0 && readManifest(folder) === undefined) {
    throw new OperationError(
      'OUTPUT_TAKEN',
      `the build would replace ${folder}, which is not a build: it has no manifest.json but ${there.slice(0, 3).join(', ')}.`,
      'choose another folder with --out, or remove that one yourself.',
    );
  }
}

/**
 * Puts a build that was written to `staging` in place of OUT/<cluster>, so that a failed or killed build leaves the last one
 * as it was. `kept`: workers of the last build that stay as they are.
 */
export function commitBuild(
  folder: string,
  { folder: staging }: Staging,
  manifest: string,
  kept: readonly string[],
): void {
  attempt(folder, () => {
    for (const worker of kept) keepWorker(path.join(folder, worker), path.join(staging, worker));
    writePrivate(path.join(staging, 'manifest.json'), manifest);
    swap(staging, folder);
  });
}

/** Removes what a failed build made: its own folder, and folders above it that nobody else has put anything into. */
export function discardStaging({ folder, out, made }: Staging): void {
  fs.rmSync(folder, { recursive: true, force: true });
  if (made === undefined) return;
  for (let empty = out; empty.startsWith(made); empty = path.dirname(empty)) {
    try {
      fs.rmdirSync(empty);
    } catch {
      return;
    }
  }
}

export function writeWorkerFiles(folder: string, artifacts: WorkerArtifacts): void {
  attempt(folder, () => {
    makeFolder(folder);
    writePrivate(path.join(folder, 'user-data'), artifacts.userData);
    writePrivate(path.join(folder, 'user-data.yaml'), artifacts.userDataYaml);
    writePrivate(path.join(folder, 'secrets.tar'), artifacts.archive.reveal());
    writePrivate(path.join(folder, 'bundle.json'), artifacts.bundleJson);
  });
}

/** The manifest of the build that lies there, undefined when there is none. */
export function readManifest(folder: string): string | undefined {
  try {
    return fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8');
  } catch {
    return undefined;
  }
}

/** The same files under a second name, so that the old folder can go as a whole; copies where links are not to be had. */
function keepWorker(from: string, to: string): void {
  if (!fs.existsSync(from)) return;
  makeFolder(to);
  for (const name of fs.readdirSync(from)) {
    try {
      fs.linkSync(path.join(from, name), path.join(to, name));
    } catch {
      fs.copyFileSync(path.join(from, name), path.join(to, name));
    }
  }
}

/** Two renames: between them the old build is whole under another name, where the next build finds and restores it. */
function swap(next: string, folder: string): void {
  const old = next.replace(/new$/, 'old');
  const existed = fs.existsSync(folder);
  if (existed) fs.renameSync(folder, old);
  fs.renameSync(next, folder);
  if (existed) fs.rmSync(old, { recursive: true, force: true });
}

function realPath(name: string): string {
  try {
    return fs.realpathSync(name);
  } catch {
    return path.resolve(name);
  }
}

function listed(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function makeFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.chmodSync(folder, 0o700);
}

/** Created 0600 from the first byte; a umask can only take away, so the mode is set once more. */
function writePrivate(file: string, content: Uint8Array | string): void {
  const descriptor = fs.openSync(file, 'w', 0o600);
  try {
    fs.fchmodSync(descriptor, 0o600);
    fs.writeFileSync(descriptor, content);
  } finally {
    fs.closeSync(descriptor);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const hints: Readonly<Record<string, string>> = {
  EACCES: 'give yourself the right to write there, or choose another folder with --out.',
  EPERM: 'give yourself the right to write there, or choose another folder with --out.',
  EROFS: 'choose a folder of a writable file system with --out.',
  ENOSPC: 'the disk is full: make room and run the same command again; the last build is untouched.',
  ENOTDIR: 'a file stands where a folder should be: choose another folder with --out.',
  EEXIST: 'a file stands where a folder should be: choose another folder with --out.',
};

function attempt<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code = '', message } = whyNoFolder(place, error as NodeJS.ErrnoException);
    throw new OperationError(
      'OUTPUT_NOT_WRITTEN',
      `the build cannot be written to ${place}: ${message}.`,
      hints[code] ?? 'mend it and run the same command again; the last build is untouched.',
      error,
    );
  }
}

/** Making a folder and its parents at once says ENOENT for whatever stands in the way: asks the nearest one that exists. */
function whyNoFolder(place: string, error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  if (error.code !== 'ENOENT') return error;
  let folder = path.resolve(place);
  while (!fs.existsSync(folder)) folder = path.dirname(folder);
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return error;
  } catch (reason) {
    return reason as NodeJS.ErrnoException;
  }
}
