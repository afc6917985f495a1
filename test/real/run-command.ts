import { spawn } from 'node:child_process';
import { program } from './cluster.ts';
import type { Outcome } from './lab.ts';

const minutes = 8;

/**
 * firstboot's own process, to its end, while this one goes on: a command takes as long as a machine's boot. Without what the
 * environment says of clouds and clusters. `enter`: a command line that runs another one, as in a namespace.
 */
export function runCommand(
  args: readonly string[],
  { cwd, enter = [] }: { readonly cwd: string; readonly enter?: readonly string[] },
): Promise<Outcome> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|KUBECONFIG$)/.test(name)));
  const [file, ...words] = [...enter, process.execPath, program, ...args] as [string, ...string[]];
  return new Promise((resolve, reject) => {
    // No kubeconfig of whoever runs the tests.
    const child = spawn(file, words, {
      cwd,
      env: { ...env, HOME: cwd },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: minutes * 60_000,
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === null) reject(new Error(`firstboot ${args.join(' ')}: ended by ${signal}\n${said.stderr}`));
      else resolve({ code, ...said });
    });
  });
}
