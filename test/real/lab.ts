import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'vitest';

/** Where test/lab/*.sh keep what they make. */
export const lab = process.env.LAB ?? join(homedir(), '.cache/firstboot-lab');
const labScripts = resolve(import.meta.dirname, '../lab');

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };
type RunOptions = {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly seconds?: number;
};

/** Runs a program to its end; one that cannot be started, or takes too long, is an error and not an outcome. */
export function run(
  argv: readonly string[],
  { input = '', env = process.env, cwd, seconds = 120 }: RunOptions = {},
): Outcome {
  const [program, ...args] = argv as [string, ...string[]];
  const options = {
    input,
    env,
    encoding: 'utf8',
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 29,
  } as const;
  const { status, error, stdout, stderr } = spawnSync(program, args, cwd === undefined ? options : { ...options, cwd });
  if (error || status === null)
    throw new Error(`${argv.join(' ')}: ${error?.message ?? 'ended by a signal'}\n${stderr}`);
  return { code: status, stdout, stderr };
}

/** The same, where only success will do. */
export function succeed(argv: readonly string[], options: RunOptions = {}): string {
  const { code, stdout, stderr } = run(argv, options);
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
  return stdout;
}

type RootOptions = RunOptions & { readonly release?: Release; readonly binaries?: Readonly<Record<string, string>> };

/** Runs a program in a root of its own: `folder` over a Debian release (or over nothing), and the lab's binaries at their paths. */
export function runInRoot(
  folder: string,
  argv: readonly string[],
  { release, binaries = {}, ...options }: RootOptions,
): Outcome {
  const root = release ? ['--root', join(lab, 'cloud-init', release)] : [];
  const binds = Object.entries(binaries).flatMap(([path, binary]) => ['--bind', `${join(lab, 'bin', binary)}:${path}`]);
  return run([join(labScripts, 'in-root.sh'), ...root, ...binds, folder, ...argv], options);
}

/** What a check cannot do without: a name, and the reason why it is not there. */
export type Need = { readonly name: string; readonly missing: () => string | undefined };

/** Debian 12, 13 and the next, and the cloud-init that each must have. */
export const releases = { bookworm: /^22\.4\./, trixie: /^25\.1\./, forky: /^26\./ } as const;
export type Release = keyof typeof releases;

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const executable = (name: string, path: string, made: string): Need => ({
  name,
  missing: () => (isExecutable(path) ? undefined : `${path} is not there: ${made}`),
});

export const needs = {
  root: {
    name: 'root',
    missing: () => {
      if (process.getuid?.() !== 0) return 'only root can make a root of its own';
      const { code, stderr } = run(['unshare', '--mount', '--net', '--pid', '--cgroup', '--fork', 'true']);
      return code === 0 ? undefined : `namespaces cannot be made here: ${stderr.trim()}`;
    },
  },
  openssl: {
    name: 'openssl',
    missing: () => {
      try {
        succeed(['openssl', 'version']);
        return undefined;
      } catch {
        return 'no openssl: test/lab/install-packages.sh checks';
      }
    },
  },
  verifier: executable('verifier', join(lab, 'bin/verify'), 'test/lab/build.sh verify'),
  binary: (name: string) => executable(name, join(lab, 'bin', name), `test/lab/build.sh ${name}`),
  moto: executable('moto', join(lab, 'moto/bin/moto_server'), 'test/lab/moto.sh'),
  node: (major: number) =>
    executable(`node${major}`, join(lab, 'node', String(major), 'bin/node'), `test/lab/nodes.sh ${major}`),
  release: (release: Release) =>
    executable(release, join(lab, 'cloud-init', release, 'usr/bin/cloud-init'), `test/lab/mkroot.sh ${release}`),
} as const;

/**
 * Skips the test, with the reason, when something that it needs is missing. With CI=true that is a failure, except for
 * what LEFT_OUT names (as in LEFT_OUT="root forky").
 */
export function need({ skip }: TestContext, ...wanted: readonly Need[]): void {
  const leftOut = (process.env.LEFT_OUT ?? '').split(/[\s,]+/);
  for (const { name, missing } of wanted) {
    const reason = missing();
    if (reason === undefined) continue;
    if (process.env.CI === 'true' && !leftOut.includes(name)) throw new Error(`cannot run (${name}): ${reason}`);
    skip(`${name}: ${reason}`);
  }
}
