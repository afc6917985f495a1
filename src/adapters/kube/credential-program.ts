import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { shorten } from './call-errors.ts';
import type { Chosen } from './context.ts';
import type { Environment } from './kubeconfig-files.ts';

/** What a kubeconfig says of a program that prints credentials (client.authentication.k8s.io, ExecConfig). */
export type Program = {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly apiVersion?: string;
  readonly installHint?: string;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
  readonly provideClusterInfo?: boolean;
};

export type Credential = {
  readonly token: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly until: number;
};

export function programOf({ user }: Pick<Chosen, 'user'>): Program | undefined {
  const { exec } = user;
  return typeof exec === 'object' && exec !== null && 'command' in exec ? (exec as Program) : undefined;
}

const patience = 60_000;
/** A person looks for the second factor. */
const interactivePatience = 300_000;

/**
 * Runs the program, which may talk to a person where there is a terminal. Throws an OperationError; what it printed as
 * credentials is in none.
 */
export async function runProgram(program: Program, cluster: Chosen['cluster'], env: Environment): Promise<Credential> {
  const { command, args = [], interactiveMode } = program;
  const interactive = interactiveMode !== 'Never' && process.stdin.isTTY === true;
  const own = Object.fromEntries((program.env ?? []).map(({ name, value }) => [name, value]));
  const child = spawn(command, args, {
    env: { ...env, ...own, KUBERNETES_EXEC_INFO: told(program, cluster, interactive) },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    timeout: interactive ? interactivePatience : patience,
  });
  const [printed, said] = [collect(child.stdout, false), collect(child.stderr, interactive)];
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const outcome = await ended.catch((error: NodeJS.ErrnoException) => ({ error }));
  if ('error' in outcome)
    throw failed(program, outcome.error.code === 'ENOENT' ? 'the program was not found' : (outcome.error.code ?? ''));
  if (outcome.signal !== null) throw failed(program, 'it did not end in time');
  if (outcome.code !== 0) throw failed(program, lastLine(said()) || 'it ended with an error and said nothing');
  return readCredential(printed()) ?? fail(program);
}

/** Both ends of client-go’s contract. */
function told({ apiVersion, provideClusterInfo }: Program, cluster: Chosen['cluster'], interactive: boolean): string {
  const about = { server: cluster.server, 'certificate-authority-data': cluster['certificate-authority-data'] };
  const spec = { interactive, ...(provideClusterInfo === true ? { cluster: about } : {}) };
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
}

function readCredential(text: string): Credential | undefined {
  const status = statusOf(text);
  const field = (name: string) => (typeof status[name] === 'string' && status[name] !== '' ? status[name] : undefined);
  const [token, certificate, key] = ['token', 'clientCertificateData', 'clientKeyData'].map(field);
  if (token === undefined && (certificate === undefined || key === undefined)) return undefined;
  const expires = Date.parse(field('expirationTimestamp') ?? '');
  return { token: token?.trim(), certificate, key, until: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires };
}

/** Not what the parser says of it: that quotes the text. */
function statusOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text)?.status ?? {};
  } catch {
    return {};
  }
}

function collect(stream: NodeJS.ReadableStream, shown: boolean): () => string {
  let text = '';
  stream.on('data', (part: Buffer) => {
    if (shown) process.stderr.write(part);
    if (text.length < 1_000_000) text += part.toString();
  });
  return () => text;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim().replace(/\.$/, '') ?? '';

function fail(program: Program): never {
  throw failed(program, 'what it printed is no ExecCredential');
}

/** Arguments may be long, and hold what is nobody’s business: the first two say which program it is. */
function failed({ command, args = [], installHint }: Program, reason: string): OperationError {
  return new OperationError(
    'KUBE_CREDENTIALS_FAILED',
    `“${[command, ...args.slice(0, 2)].join(' ')}” gave no credentials: ${shorten(reason)}.`,
    shorten(installHint ?? 'run it by itself and see what it says; `kubectl get nodes` needs it too.'),
  );
}
