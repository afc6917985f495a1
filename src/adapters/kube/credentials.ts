import { OperationError } from '../../diagnostics/operation-error.ts';
import { shorten } from './call-errors.ts';
import type { Chosen } from './context.ts';
import { type Credential, type Program, runProgram } from './credential-program.ts';
import type { Environment } from './kubeconfig-files.ts';
import { type KubeConfig, RequestContext } from './sdk.ts';

/** Puts the credentials onto a request. True: they are others than those of the request before. Throws an OperationError. */
export type Authenticate = (request: RequestContext) => Promise<boolean>;

/** A token is asked for again so long before it ends. */
const margin = 30_000;

/** What the kubeconfig itself holds or names. */
export function ownCredentials(config: KubeConfig): Authenticate {
  return async request => {
    try {
      await config.applySecurityAuthentication(request);
      return false;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Only the system’s words: others may quote what was read.
      throw new OperationError(
        'KUBE_CREDENTIALS_FAILED',
        `the kubeconfig’s credentials cannot be had: ${code === undefined ? 'it is not known why' : shorten(message)}.`,
        'see what `kubectl get nodes` says of the same kubeconfig.',
      );
    }
  };
}

/**
 * Those that a program prints, asked for anew when they end. The client could run it too, but neither lets a person answer it
 * nor gives up on one that hangs.
 */
export function programCredentials(
  config: KubeConfig,
  program: Program,
  cluster: Chosen['cluster'],
  env: Environment,
): Authenticate {
  const own = ownCredentials(config);
  let running: Promise<Credential> | undefined;
  let current: Credential | undefined;

  /** Requests that go out together wait for one run of it. */
  async function credential(): Promise<Credential> {
    if (current !== undefined && Date.now() < current.until - margin) return current;
    running ??= runProgram(program, cluster, env).finally(() => {
      running = undefined;
    });
    return running;
  }

  return async request => {
    const newest = await credential();
    const renewed = newest !== current;
    current = newest;
    if (renewed) Object.assign(config.getCurrentUser() ?? {}, userOf(newest));
    await own(request);
    return renewed;
  };
}

function userOf({ token, certificate, key }: Credential) {
  const inBase64 = (pem: string | undefined) => (pem === undefined ? undefined : Buffer.from(pem).toString('base64'));
  return { token, certData: inBase64(certificate), keyData: inBase64(key) };
}

/** Gets the credentials once, so that a broken program or file is told of before anything is done. */
export async function tryCredentials(config: KubeConfig, authenticate: Authenticate): Promise<void> {
  await authenticate(new RequestContext(config.getCurrentCluster()?.server ?? '', 'GET'));
}
