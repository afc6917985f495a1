import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The name of a run, and what is to be done when it came to its end. */
export type Run = { readonly id: string; readonly holder: string; readonly over: () => void };

/** What CI systems call a run of a pipeline; a repeated attempt keeps it, so that it resumes. Before the colon: a prefix of ours. */
const pipelines = [
  ['github', 'GITHUB_RUN_ID'],
  ['gitlab', 'CI_PIPELINE_ID'],
  ['buildkite', 'BUILDKITE_BUILD_ID'],
  ['codebuild', 'CODEBUILD_BUILD_ID'],
  ['circleci', 'CIRCLE_WORKFLOW_ID'],
  ['azure', 'BUILD_BUILDID'],
  ['bitbucket', 'BITBUCKET_PIPELINE_UUID'],
  ['drone', 'DRONE_BUILD_NUMBER'],
  ['jenkins', 'BUILD_TAG'],
] as const;

const nonceFile = '.firstboot-run';

/** `given`: of --run-id. Without it and outside CI, a nonce beside the spec, so that this folder’s next run resumes a killed one. */
export function openRun(given: string | undefined, folder: string, env: NodeJS.ProcessEnv = process.env): Run {
  const id = named(given, env);
  if (id !== undefined) return { id, holder: holder(), over() {} };
  const { nonce, over } = openNonce(path.join(folder, nonceFile));
  return { id: ofNonce(nonce), holder: holder(), over };
}

/** A run that `openRun` would go on with. `killed`: surely, in this folder; one that has a name may be going on elsewhere. */
export type LeftRun = { readonly id: string; readonly killed: boolean };

/** Undefined: the run would be a new one. */
export function leftRun(
  given: string | undefined,
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): LeftRun | undefined {
  const id = named(given, env);
  if (id !== undefined) return { id, killed: false };
  const left = readNonce(path.join(folder, nonceFile));
  return left && !isAlive(left.pid) ? { id: ofNonce(left.nonce), killed: true } : undefined;
}

function named(given: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const pipeline = pipelines.find(([, name]) => env[name]);
  const id = given ?? (pipeline && `${pipeline[0]}-${env[pipeline[1]]}`);
  return id === undefined ? undefined : fitForTag(id);
}

function holder(): string {
  return `${userName()}@${os.hostname()}`;
}

function ofNonce(nonce: string): string {
  return fitForTag(`${holder()}-${nonce}`);
}

/** What a tag of EC2 may have. */
export function isRunId(text: string): boolean {
  return /^[\w.:/@+=-]{1,128}$/.test(text);
}

function fitForTag(text: string): string {
  return text.replace(/[^\w.:/@+=-]/g, '-').slice(0, 128);
}

/**
 * The nonce of a run that was killed, or a new one. That of a process that lives is left alone: two commands at once in one folder
 * are two runs. Removed when the run is over; where it cannot be kept, a killed run is resumed by --run-id.
 */
function openNonce(file: string): { readonly nonce: string; readonly over: () => void } {
  const left = readNonce(file);
  const fresh = randomBytes(4).toString('hex');
  if (left && isAlive(left.pid)) return { nonce: fresh, over() {} };
  const nonce = left?.nonce ?? fresh;
  try {
    fs.writeFileSync(file, `${JSON.stringify({ nonce, pid: process.pid })}\n`, { mode: 0o600 });
  } catch {
    return { nonce, over() {} };
  }
  return { nonce, over: () => fs.rmSync(file, { force: true }) };
}

function readNonce(file: string): { readonly nonce: string; readonly pid: number } | undefined {
  try {
    const { nonce, pid } = JSON.parse(fs.readFileSync(file, 'utf8')) as { nonce?: unknown; pid?: unknown };
    return typeof nonce === 'string' && /^[0-9a-f]{8}$/.test(nonce) && typeof pid === 'number'
      ? { nonce, pid }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
