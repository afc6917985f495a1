import type { Kube } from '../../ports/kube.ts';
import { checkCertificates } from './certificates.ts';
import { type Chosen, chooseContext } from './context.ts';
import { programOf } from './credential-program.ts';
import { ownCredentials, programCredentials, tryCredentials } from './credentials.ts';
import { createKube } from './kube.ts';
import { type Environment, readKubeconfig } from './kubeconfig-files.ts';
import { proxyFor } from './proxy.ts';
import { KubeConfig } from './sdk.ts';

/**
 * The api-server by --kubeconfig, else KUBECONFIG (several files joined, as kubectl does), else ~/.kube/config; undefined where
 * none of them is there and none was asked for. Nothing is asked of the api-server, but a program that gets the credentials
 * is run. Throws an OperationError: KUBE_….
 */
export async function openKube(
  kubeconfig: string | undefined,
  cwd: string,
  env: Environment = process.env,
): Promise<Kube | undefined> {
  const files = readKubeconfig(kubeconfig, cwd, env);
  if (files === undefined) return undefined;
  // A kubeconfig of nothing in the usual place is what is left when the last cluster was taken out of it.
  const asked = kubeconfig !== undefined || (env.KUBECONFIG ?? '') !== '';
  if (!asked && files.contexts.length + files.clusters.length === 0) return undefined;
  const chosen = chooseContext(files);
  checkCertificates(chosen, files.source, Date.now());
  const config = clientConfig(chosen, env);
  const program = programOf(chosen);
  const authenticate =
    program === undefined ? ownCredentials(config) : programCredentials(config, program, chosen.cluster, env);
  await tryCredentials(config, authenticate);
  return createKube(config, { authenticate });
}

function clientConfig({ cluster, user }: Chosen, env: Environment): KubeConfig {
  const proxy = cluster['proxy-url'] ?? proxyFor(cluster.server, env);
  const client = new KubeConfig();
  const text = JSON.stringify({
    clusters: [{ name: 'cluster', cluster: { ...cluster, ...(proxy === undefined ? {} : { 'proxy-url': proxy }) } }],
    users: [{ name: 'user', user: clientUser(user) }],
    contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
    'current-context': 'context',
  });
  client.loadFromString(text);
  return client;
}

/** Where the client reads a kubeconfig in another way than kubectl does: the token and its file; programs are run here. */
function clientUser(user: Chosen['user']): Chosen['user'] {
  const { tokenFile, token, exec, ...rest } = user;
  if (typeof token === 'string' && token.trim() !== '') return { ...rest, token: token.trim() };
  if (typeof tokenFile === 'string') return { ...rest, 'auth-provider': { name: 'file', config: { tokenFile } } };
  return rest;
}
