import type { JsonMap } from '../../tree/merge.ts';
import { deployerName } from './names.ts';

/** What a replacement asks of the api-server. A right to ask for one’s own rights everybody who is authenticated has. */
export const clusterRole: readonly JsonMap[] = [
  role(deployerName, [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'], verbs: ['create'] },
  ]),
  binding(deployerName),
];

const healthzName = `${deployerName}-healthz`;

/** For the proof by healthz alone; to get nodes/proxy also permits to run commands in pods. */
export const clusterRoleHealthz: readonly JsonMap[] = [
  role(healthzName, [{ apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }]),
  binding(healthzName),
];

function role(name: string, rules: readonly JsonMap[]): JsonMap {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules };
}

/** The group of whom the operator’s kubeconfig names: the O of a client certificate, or of a token. */
function binding(name: string): JsonMap {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: deployerName }],
  };
}
