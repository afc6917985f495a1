import type { ClusterRule, FleetRule, WorkerRule } from './context.ts';
import { bundleBinaries, bundleBinaryNames } from './rules/bundle-binaries.ts';
import { bundleIdentity } from './rules/bundle-identity.ts';
import { bundleKeys } from './rules/bundle-keys.ts';
import { bundleModes } from './rules/bundle-modes.ts';
import { bundlePaths } from './rules/bundle-paths.ts';
import { bundleSysctls } from './rules/bundle-sysctls.ts';
import { bundleUnits } from './rules/bundle-units.ts';
import { containerdConfig } from './rules/containerd-config.ts';
import { containerdKubelet, workerContainerdKubelet } from './rules/containerd-kubelet.ts';
import { sharedKubeconfigs, workerKubeconfig } from './rules/kubeconfig-rules.ts';
import { kubeletBaseFile } from './rules/kubelet-base.ts';
import { kubeletLabels } from './rules/kubelet-labels.ts';
import { clusterKubelet, workerKubelet } from './rules/kubelet-rules.ts';
import { kubeletTaints } from './rules/kubelet-taints.ts';
import { pinDigests, pinMembers, pinSharedDigests } from './rules/pin-digests.ts';
import { pinEntries } from './rules/pin-entries.ts';
import { pinUrls } from './rules/pin-urls.ts';
import { pkiCa } from './rules/pki-ca.ts';
import { pkiIssuer } from './rules/pki-issuer.ts';
import { pkiKey } from './rules/pki-key.ts';
import { pkiNames } from './rules/pki-names.ts';
import { pkiSharedIdentities } from './rules/pki-shared-identities.ts';
import { pkiSharedKey } from './rules/pki-shared-key.ts';
import { pkiSubject } from './rules/pki-subject.ts';
import { pkiUsage } from './rules/pki-usage.ts';
import { pkiValidity } from './rules/pki-validity.ts';
import { specAddresses } from './rules/spec-addresses.ts';
import { specPkiPatterns, specWorkerNames } from './rules/spec-identities.ts';
import { specMachines } from './rules/spec-machines.ts';
import { specDns, specServer, specServiceRange } from './rules/spec-network.ts';
import { specProxy } from './rules/spec-proxy.ts';
import { specMirrors } from './rules/spec-registries.ts';
import { specTags } from './rules/spec-tags.ts';
import { specVersions } from './rules/spec-versions.ts';
import { unitBehaviour, unitFiles } from './rules/unit-rules.ts';
import { userDataCommands } from './rules/user-data-commands.ts';
import { userDataDeprecated } from './rules/user-data-deprecated.ts';
import { userDataEntries } from './rules/user-data-entries.ts';
import { userDataFiles } from './rules/user-data-files.ts';
import { userDataJinja } from './rules/user-data-jinja.ts';
import { userDataKeys } from './rules/user-data-keys.ts';
import { userDataSecrets } from './rules/user-data-secrets.ts';
import { userDataTypes } from './rules/user-data-types.ts';
import { userDataUrls } from './rules/user-data-urls.ts';
import { userDataValues } from './rules/user-data-values.ts';

/** Rules about the cluster, in the order of the files that they read. */
export const clusterRules: readonly ClusterRule[] = [
  specServiceRange,
  specDns,
  specServer,
  specVersions,
  specPkiPatterns,
  specWorkerNames,
  specMirrors,
  specProxy,
  specMachines,
  specTags,
  specAddresses,
  bundlePaths,
  bundleKeys,
  bundleIdentity,
  bundleModes,
  bundleUnits,
  bundleBinaries,
  bundleBinaryNames,
  bundleSysctls,
  unitFiles,
  unitBehaviour,
  containerdConfig,
  containerdKubelet,
  pinEntries,
  pinDigests,
  pinMembers,
  pinSharedDigests,
  pinUrls,
  pkiCa,
  pkiSharedIdentities,
  sharedKubeconfigs,
  kubeletBaseFile,
  clusterKubelet,
  kubeletLabels,
  kubeletTaints,
  userDataKeys,
  userDataDeprecated,
  userDataCommands,
  userDataFiles,
  userDataTypes,
  userDataEntries,
  userDataValues,
  userDataJinja,
  userDataSecrets,
  userDataUrls,
];

/** Rules about one worker: who it is, whether it is trusted, what it is configured to do. */
export const workerRules: readonly WorkerRule[] = [
  pkiSubject,
  pkiValidity,
  pkiKey,
  pkiIssuer,
  pkiUsage,
  pkiNames,
  workerKubeconfig,
  workerKubelet,
  workerContainerdKubelet,
];

/** Rules that compare workers. */
export const fleetRules: readonly FleetRule[] = [pkiSharedKey];
