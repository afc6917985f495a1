import type { Finding } from '../../diagnostics/diagnostic.ts';
import type { Identity } from '../../pki/identity.ts';
import type { ClusterContext, ClusterRule, WorkerRule } from '../context.ts';
import { kubeconfigCredentials } from './kubeconfig-credentials.ts';
import { kubeconfigCertificate, kubeconfigKey } from './kubeconfig-identity.ts';
import { kubeconfigPaths } from './kubeconfig-paths.ts';
import { kubeconfigServer } from './kubeconfig-server.ts';
import type { KubeconfigSubject } from './kubeconfig-subject.ts';
import { kubeconfigTrust } from './kubeconfig-trust.ts';

/** What a kubeconfig is held against, in the order of what a kubelet would trip over first. */
const concerns: readonly ((subject: KubeconfigSubject) => readonly Finding[])[] = [
  kubeconfigServer,
  kubeconfigTrust,
  kubeconfigCredentials,
  kubeconfigCertificate,
  kubeconfigKey,
  kubeconfigPaths,
];

/** A worker's kubeconfig agrees with the spec, the CA, and the worker's certificate and key. */
export const workerKubeconfig: WorkerRule = context => judge(context, context.identity, undefined);

/** So do the kubeconfigs that all workers share, such as kube-proxy's. */
export const sharedKubeconfigs: ClusterRule = context =>
  [...context.inputs.identities.values()].flatMap(identity => judge(context, identity, identity.owner));

function judge(context: ClusterContext, identity: Identity, of: string | undefined): readonly Finding[] {
  const { kubeconfig } = identity;
  return kubeconfig ? concerns.flatMap(concern => concern({ kubeconfig, identity, of, context })) : [];
}
