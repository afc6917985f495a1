import type { KubeConfig } from '@kubernetes/client-node';
import type { Eviction, Kube, NodeName, PodName } from '../../ports/kube.ts';
import { ask, attempt } from './attempt.ts';
import { connect } from './connection.ts';
import { type Authenticate, ownCredentials } from './credentials.ts';
import { allPages } from './pages.ts';
import { evictionRefused, goneAlready, healthzRefused, uidConflict, unknownName } from './refusals.ts';
import { neededRights, type Right, rightWords } from './rights.ts';
import { budgetView, nodeView, podView } from './views.ts';

export type KubeOptions = {
  /** Milliseconds for one request. */
  readonly timeout?: number;
  /** Objects in one answer to a list. */
  readonly pageSize?: number;
  /** How requests are authenticated; by default as the kubeconfig says, but for programs. */
  readonly authenticate?: Authenticate;
};

/** The port on the official client, with the current context of a kubeconfig. */
export function createKube(config: KubeConfig, options: KubeOptions = {}): Kube {
  const { timeout = 20_000, pageSize = 500, authenticate = ownCredentials(config) } = options;
  const { server, core, proxied, policy, authorization } = connect(config, timeout, authenticate);

  async function mayNot(right: Right): Promise<string | undefined> {
    const { verb, group, resource, subresource } = right;
    const resourceAttributes = { verb, group, resource, ...(subresource === undefined ? {} : { subresource }) };
    const { status } = await ask('create selfsubjectaccessreviews', () =>
      authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
    );
    return status?.allowed === true ? undefined : rightWords(right);
  }

  async function evict({ namespace, name, uid }: PodName): Promise<Eviction> {
    const body = { metadata: { namespace, name }, deleteOptions: { preconditions: { uid } } };
    return attempt(
      'create pods/eviction',
      async () => {
        await core.createNamespacedPodEviction({ namespace, name, body });
        return 'evicted' as const;
      },
      evictionRefused,
    );
  }

  async function setUnschedulable({ name, uid }: NodeName, unschedulable: boolean): Promise<void> {
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/spec/unschedulable', value: unschedulable },
    ];
    await attempt('patch nodes', () => core.patchNode({ name, body }), uidConflict(name));
  }

  return {
    server,
    missingRights: async () => {
      const missing = await Promise.all(neededRights.map(mayNot));
      return missing.filter(right => right !== undefined);
    },
    node: name => attempt('get nodes', async () => nodeView(await core.readNode({ name })), unknownName),
    nodes: async () => (await allPages('list nodes', pageSize, page => core.listNode(page))).map(nodeView),
    setUnschedulable,
    podsOn: async node => {
      const fieldSelector = `spec.nodeName=${node}`;
      const pods = await allPages('list pods', pageSize, page =>
        core.listPodForAllNamespaces({ ...page, fieldSelector }),
      );
      return pods.map(podView);
    },
    disruptionBudgets: async () =>
      (
        await allPages('list poddisruptionbudgets', pageSize, page =>
          policy.listPodDisruptionBudgetForAllNamespaces(page),
        )
      ).map(budgetView),
    evict,
    deleteNode: ({ name, uid }) =>
      attempt(
        'delete nodes',
        async () => void (await core.deleteNode({ name, body: { preconditions: { uid } } })),
        goneAlready,
      ),
    healthz: name =>
      attempt(
        'get nodes/proxy',
        async () => ({
          kind: 'answer' as const,
          text: await proxied.connectGetNodeProxyWithPath({ name, path: 'healthz' }),
        }),
        healthzRefused,
      ),
  };
}
