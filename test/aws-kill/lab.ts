import { RbacAuthorizationV1Api, type V1ClusterRole, type V1ClusterRoleBinding } from '@kubernetes/client-node';
import { createKube } from '../../src/adapters/kube/kube.ts';
import { clusterRole } from '../../src/rollout/iam/cluster-role.ts';
import { deployerName } from '../../src/rollout/iam/names.ts';
import { type KubeLab, openKubeLab } from '../real/kube-lab.ts';
import { until } from './nodes.ts';

/** A real api-server whose operator has the rights that `firstboot iam` prints, but for healthz: these nodes have no kubelet. */
export async function openLab(): Promise<KubeLab> {
  const lab = await openKubeLab();
  lab.sign('operator', deployerName);
  const rbac = lab.as('admin').makeApiClient(RbacAuthorizationV1Api);
  const [role, binding] = clusterRole as unknown as readonly [V1ClusterRole, V1ClusterRoleBinding];
  await rbac.createClusterRole({ body: role });
  await rbac.createClusterRoleBinding({ body: binding });
  const kube = createKube(lab.as('operator'));
  await until(async () => (await kube.missingRights()).length === 0);
  return lab;
}
