import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { program } from '../real/cluster.ts';

export type Ended = {
  /** Null: killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};
export type Running = { readonly kill: () => void; readonly ended: Promise<Ended> };

const quickSleep = resolve(import.meta.dirname, 'quick-sleep.cjs');
const mostTime = 90_000;

/** The built program as a process of its own, standing in a folder. */
export function startCommand(argv: readonly string[], folder: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, ['--require', quickSleep, program, ...argv], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', text => {
    stdout += text;
  });
  child.stderr.on('data', text => {
    stderr += text;
  });
  const kill = () => void child.kill('SIGKILL');
  const ended = new Promise<Ended>((done, fail) => {
    const limit = setTimeout(() => {
      kill();
      fail(new Error(`firstboot ${argv.join(' ')} does not end:\n${stdout}${stderr}`));
    }, mostTime);
    child.once('error', fail);
    child.once('close', code => {
      clearTimeout(limit);
      done({ code, stdout, stderr });
    });
  });
  return { kill, ended };
}
