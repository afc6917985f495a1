import type { Kubeconfig } from '../pki/kubeconfig.ts';
import { writeYaml } from '../pki/kubeconfig-write.ts';

export type KubeconfigSource = {
  readonly clusterName: string;
  readonly server: string;
  /** For example "system:node:worker-0". */
  readonly user: string;
  /** Absolute paths on the node. */
  readonly paths: { readonly ca: string; readonly certificate: string; readonly key: string };
  /** The user's file: its names and what it says of the way to the server stay. */
  readonly from?: Kubeconfig;
};

/**
 * The kubeconfig of the node, as YAML: CA, certificate and key by path, so that it holds no secret. It is compiled and
 * never
 * copied: what it could bring along unseen (other contexts, tokens, exec plugins) stays behind.
 */
export function compileKubeconfig({ clusterName, server, user, paths, from }: KubeconfigSource): string {
  const cluster = from?.cluster.name ?? clusterName;
  const userName = from?.user.name ?? user;
  const context = from?.context.name ?? 'default';
  return writeYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: {
          server,
          'certificate-authority': paths.ca,
          'tls-server-name': from?.cluster.tlsServerName,
          'proxy-url': from?.cluster.proxyUrl,
          'disable-compression': from?.cluster.disableCompression || undefined,
        },
      },
    ],
    users: [{ name: userName, user: { 'client-certificate': paths.certificate, 'client-key': paths.key } }],
    contexts: [{ name: context, context: { cluster, user: userName, namespace: from?.context.namespace } }],
    'current-context': context,
  });
}
