import { parse, stringify } from 'yaml';
import type { TestCluster } from '../support/cluster.ts';

export const file = 'pki/worker-0.kubeconfig';

/** Tests change it in whatever way is wrong. */
type Loose = { [key: string]: any };

/** A kubeconfig as a value, with its one cluster and user at hand. */
export type Parts = { readonly root: Loose; readonly cluster: Loose; readonly user: Loose; readonly context: Loose };

/** Changes a kubeconfig as a value. */
export function editKubeconfig(cluster: TestCluster, change: (parts: Parts) => void, name: string = file): void {
  cluster.edit(name, text => {
    const root = parse(text);
    change({ root, cluster: root.clusters[0].cluster, user: root.users[0].user, context: root.contexts[0].context });
    return stringify(root, { lineWidth: 0 });
  });
}

export function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64');
}
