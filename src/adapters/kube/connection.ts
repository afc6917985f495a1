import type { ResponseContext } from '@kubernetes/client-node';
import type { Authenticate } from './credentials.ts';
import {
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  type KubeConfig,
  PolicyV1Api,
  type RequestContext,
  ServerConfiguration,
} from './sdk.ts';

export type Connection = {
  readonly server: string;
  readonly core: CoreV1Api;
  /** For what a kubelet says through the api-server’s proxy, in whatever form. */
  readonly proxied: CoreV1Api;
  readonly policy: PolicyV1Api;
  readonly authorization: AuthorizationV1Api;
};

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** Certificates in a kubeconfig may be renewed while a long command runs: so long a connection’s own are used. */
const dispatcherLife = 300_000;

/** The parts of the client that the port uses, with a time limit on every request and connections that are kept. */
export function connect(config: KubeConfig, timeout: number, authenticate: Authenticate): Connection {
  const server = config.getCurrentCluster()?.server ?? '';
  const applySecurityAuthentication = keepingConnections(authenticate);
  const configure = (post: (response: ResponseContext) => ResponseContext) =>
    createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: { getName: () => 'kubeconfig', applySecurityAuthentication } },
      promiseMiddleware: [{ pre: async request => prepare(request, timeout), post: async response => post(response) }],
    });
  const strict = configure(requireJson);
  return {
    server,
    core: new CoreV1Api(strict),
    proxied: new CoreV1Api(configure(response => response)),
    policy: new PolicyV1Api(strict),
    authorization: new AuthorizationV1Api(strict),
  };
}

function prepare(request: RequestContext, timeout: number): RequestContext {
  request.setHeaderParam('User-Agent', 'firstboot');
  request.setSignal(AbortSignal.timeout(timeout));
  return request;
}

/** The client takes any text for success, as that of a network’s log-in page. */
function requireJson(response: ResponseContext): ResponseContext {
  const type = response.headers['content-type'] ?? 'nothing';
  if (response.httpStatusCode >= 300 || type.startsWith('application/json')) return response;
  throw Object.assign(new Error(`what answered is no api-server: it sent ${type}`), { code: 'ERR_NO_JSON' });
}

/** The client makes a new pool of connections for each request, so a TLS handshake too; here one is used for some time. */
function keepingConnections(authenticate: Authenticate): (request: RequestContext) => Promise<void> {
  let kept: { readonly dispatcher: Dispatcher; readonly until: number } | undefined;
  return async request => {
    if (await authenticate(request)) kept = undefined;
    const made = request.getDispatcher();
    if (made === undefined) return;
    if (kept === undefined || Date.now() >= kept.until) kept = { dispatcher: made, until: Date.now() + dispatcherLife };
    request.setDispatcher(kept.dispatcher);
  };
}
