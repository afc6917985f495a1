import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { OperationError } from '../diagnostics/operation-error.ts';
import { parseLine } from '../report/parse.ts';
import type { BootEvent } from '../report/report.ts';
import type { Preamble } from './rehearse-faults.ts';

/** A run of the boot program in a scratch root. */
export type ProgramStart = {
  /** Absolute folder that stands for /. */
  readonly root: string;
  /** From prefix to prefix, as formats.md has it. */
  readonly redirects: Readonly<Record<string, string>>;
  /** Multiplies every wait of the program. */
  readonly pace: number;
  /** Runs the program instead, unchanged, after something else. */
  readonly preamble?: Preamble | undefined;
  readonly onEvent?: (event: BootEvent) => void;
  /** Each line as it was printed, its lines and what it says besides. */
  readonly onLine?: (line: string) => void;
};

export type ProgramEnd = {
  /** Null when it was killed. */
  readonly code: number | null;
  /** What it said besides its lines: a traceback, if anything. */
  readonly said: string;
};

export type RunningProgram = { readonly kill: () => void; readonly ended: Promise<ProgramEnd> };

/** As firstboot.service starts it, but for the interpreter's folder. */
const programFolder = '/usr/local/lib/firstboot';
const oldest = [3, 9] as const;

/** Starts the root's own copy of the boot program, which came in the user-data, with nothing of this process's environment. */
export function startProgram(start: ProgramStart): RunningProgram {
  const { root, redirects, pace, preamble, onEvent, onLine } = start;
  const program = path.join(root, programFolder);
  // -B: no __pycache__ in a root that is compared and listed.
  const argv = ['-I', '-B', ...(preamble ? ['-c', preamble.source, program, ...preamble.argv] : [program])];
  const child = spawn('python3', argv, {
    env: {
      PATH: process.env.PATH,
      FIRSTBOOT_ROOT: root,
      FIRSTBOOT_REDIRECT: JSON.stringify(redirects),
      FIRSTBOOT_PACE: String(pace),
    },
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => void child.kill('SIGKILL');
  // Whatever ends this process, a reader of its output that goes away for one: the program does not outlive it.
  process.prependListener('exit', kill);
  child.once('close', () => process.off('exit', kill));
  const said: string[] = [];
  const readLine = (line: string) => {
    onLine?.(line);
    const event = parseLine(line);
    if (event) onEvent?.(event);
    else said.push(line);
  };
  createInterface({ input: child.stdout }).on('line', readLine);
  createInterface({ input: child.stderr }).on('line', readLine);
  return { kill, ended: endOf(child, said) };
}

/** Once its streams are closed too, so that every line has been read. */
function endOf(child: ChildProcess, said: readonly string[]): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code, said: said.join('\n') }));
  });
}

/** The boot program is Python: on a node cloud-init brought it. */
export function requirePython(): void {
  const source = 'import sys; print(*sys.version_info[:2], sep=".")';
  const { error, status, stdout } = spawnSync('python3', ['-I', '-c', source], { encoding: 'utf8' });
  const [major = 0, minor = 0] = status === 0 ? stdout.trim().split('.').map(Number) : [];
  if (!error && (major > oldest[0] || (major === oldest[0] && minor >= oldest[1]))) return;
  throw new OperationError(
    'PYTHON_NEEDED',
    error || status !== 0
      ? 'python3 cannot be run, and the boot program is written in Python.'
      : `python3 is ${stdout.trim()}, and the boot program needs ${oldest.join('.')}.`,
    'install it (Debian and Ubuntu: apt install python3, Fedora: dnf install python3, macOS: brew install python) and put it first in PATH.',
    error,
  );
}
