import { OperationError } from '../../diagnostics/operation-error.ts';
import { broken, type Kubeconfig } from './kubeconfig-files.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The cluster and the user of the current context. */
export type Chosen = {
  readonly cluster: Fields & { readonly server: string };
  readonly user: Fields;
};

/** What the client would leave out without a word; with it, another would be asked, or as another. */
const unsupported = ['as-uid', 'as-groups', 'as-user-extra'];

export function chooseContext(files: Kubeconfig): Chosen {
  const { source, currentContext, contexts } = files;
  const known = contexts.map(({ name }) => name);
  if (currentContext === undefined) throw contextMissing(`the kubeconfig ${source} has no current-context.`, known);
  const context = contexts.find(({ name }) => name === currentContext);
  if (context === undefined)
    throw contextMissing(`the kubeconfig ${source} has no context “${currentContext}”, its current-context.`, known);
  const cluster = named(files, 'clusters', context.fields.cluster, currentContext);
  const user = context.fields.user === undefined ? {} : named(files, 'users', context.fields.user, currentContext);
  const refused = unsupported.find(field => user[field] !== undefined);
  if (refused !== undefined)
    throw broken(source, `its user sets ${refused}, which is not supported`, 'impersonate a user alone, by `as`.');
  return { cluster: { ...cluster, server: serverOf(cluster, source) }, user };
}

function named({ source, ...lists }: Kubeconfig, list: 'clusters' | 'users', name: unknown, context: string): Fields {
  const found = lists[list].find(one => one.name === name);
  const what = list === 'clusters' ? 'cluster' : 'user';
  if (found !== undefined) return found.fields;
  throw contextMissing(
    `the kubeconfig ${source} has no ${what} “${String(name)}”, which context “${context}” names.`,
    lists.contexts.map(one => one.name).filter(one => one !== context),
  );
}

function contextMissing(message: string, known: readonly string[]): OperationError {
  const hint =
    known.length > 0
      ? `there is ${known.slice(0, 5).join(', ')}; choose one by \`kubectl config use-context\`.`
      : 'name another file by --kubeconfig or KUBECONFIG.';
  return new OperationError('KUBE_CONTEXT_MISSING', message, hint);
}

function serverOf(cluster: Fields, source: string): string {
  const { server } = cluster;
  if (typeof server !== 'string' || !URL.canParse(server))
    throw broken(source, 'its cluster has no server, or none that is a URL', 'a server reads https://HOST:PORT.');
  const { protocol } = new URL(server);
  if (protocol !== 'https:')
    throw broken(source, `its server is ${server}, which is not encrypted`, 'an api-server is reached by https.');
  return server.replace(/\/+$/, '');
}
