import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileAtomically } from '../../adapters/write-file.ts';
import { attempt, cloudFiles } from './state-folder.ts';

/** Who serves a state folder, and where: `server.json`, which also is the lock by which only one does. */
export type ServerFile = {
  readonly pid: number;
  /** When that process began, where the system tells: a number that was given again is another process. */
  readonly began: string | null;
  /** Alone it is a `local up`; else a command serves the cloud for as long as it runs. */
  readonly kind: 'server' | 'command';
  /** What instances are. */
  readonly instances: string;
  /** Once it answers. */
  readonly connection: Connection | null;
};

export type RunningServer = ServerFile & { readonly connection: Connection };

/** How long a server takes to start at most: milliseconds. */
const startPatience = 15_000;
const startPause = 50;

export type Connection = {
  readonly port: number;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For what only firstboot asks of the server. */
  readonly token: string;
};

/** Who serves the folder now; undefined: nobody, or one that was killed. */
export function servedBy(folder: string): ServerFile | undefined {
  const found = read(path.join(folder, cloudFiles.server));
  return found && isAlive(found.file) ? found.file : undefined;
}

/** The server of a folder, once it answers: one that is starting is waited for. Undefined: none, or a command’s own cloud. */
export async function runningServer(folder: string): Promise<RunningServer | undefined> {
  for (let waited = 0; waited < startPatience; waited += startPause) {
    const found = servedBy(folder);
    if (found?.kind !== 'server') return undefined;
    if (found.connection) return { ...found, connection: found.connection };
    await sleep(startPause);
  }
  return undefined;
}

/**
 * Takes the folder for this process. False: another one has it. The file of a process that is dead is put aside, and put back
 * if by then it was another’s: two that find the same dead one must not both win.
 */
export function takeFolder(folder: string, kind: ServerFile['kind'], instances: string): boolean {
  const name = path.join(folder, cloudFiles.server);
  const mine: ServerFile = {
    pid: process.pid,
    began: beganOf(process.pid),
    kind,
    instances,
    connection: null,
  };
  const draft = `${name}.${process.pid}-${randomBytes(4).toString('hex')}`;
  return attempt(folder, () => {
    fs.writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
    try {
      return linked(draft, name) || (removeDead(name) && linked(draft, name));
    } finally {
      fs.rmSync(draft, { force: true });
    }
  });
}

function linked(draft: string, name: string): boolean {
  try {
    fs.linkSync(draft, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** True when there is none any more. */
function removeDead(name: string): boolean {
  const found = read(name);
  if (!found) return !fs.existsSync(name) || aside(name, undefined);
  return isAlive(found.file) ? false : aside(name, found.text);
}

/** Moves the file away; false, after putting it back, when it does not hold this text. */
function aside(name: string, text: string | undefined): boolean {
  const away = `${name}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    fs.renameSync(name, away);
  } catch {
    return true;
  }
  const same = read(away)?.text === text;
  if (!same) linked(away, name);
  fs.rmSync(away, { force: true });
  return same;
}

/** Says where this process answers. */
export function announce(folder: string, connection: Connection): void {
  const name = path.join(folder, cloudFiles.server);
  const found = read(name);
  if (found?.file.pid !== process.pid) return;
  writeFileAtomically(name, `${JSON.stringify({ ...found.file, connection }, null, 2)}\n`, 0o600);
}

/** Gives the folder back, if it is this process’s. */
export function leaveFolder(folder: string): void {
  const name = path.join(folder, cloudFiles.server);
  if (read(name)?.file.pid === process.pid) fs.rmSync(name, { force: true });
}

function read(name: string): { readonly file: ServerFile; readonly text: string } | undefined {
  try {
    const text = fs.readFileSync(name, 'utf8');
    const file = JSON.parse(text) as ServerFile;
    return Number.isSafeInteger(file.pid) && file.pid > 0 ? { file, text } : undefined;
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, began }: Pick<ServerFile, 'pid' | 'began'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = beganOf(pid);
  return began === null || now === null || began === now;
}

/** proc(5): the 22nd field of stat, in ticks since the kernel’s start; a zombie counts as gone. Null elsewhere than on Linux. */
function beganOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
  } catch {
    return null;
  }
}
