import type { CodeEntry } from '../codes.ts';
import { nodeCodes } from './kubelet-node.ts';

type Entries = Record<`KUBELET_${string}`, CodeEntry>;

const crashLoop = 'The kubelet exits at once and systemd starts it again every five seconds; the node never registers.';

/** What can be wrong in the KubeletConfiguration itself; kubelet-node.ts has what its values mean for the node. */
export const kubeletCodes = {
  KUBELET_BASE_INVALID: {
    severity: 'error',
    title: 'The kubelet’s base configuration is not a YAML map',
    message: (a: { reason: string }) => `the lowest layer of the KubeletConfiguration cannot be used: ${a.reason}.`,
    hint: 'make it one YAML document with `apiVersion: kubelet.config.k8s.io/v1beta1` and `kind: KubeletConfiguration`.',
    explain:
      'The component’s file is the lowest layer; what the spec says of the cluster and kubelet.config of cluster.yaml are merged over it. ' +
      'Without it the kubelet would lack its certificate, its authentication and its container runtime.',
  },
  KUBELET_BASE_MISSING: {
    severity: 'error',
    title: 'Overrides of a KubeletConfiguration that no component has',
    message: (a: { path: string }) => `kubelet.config is set, but no component brings ${a.path}.`,
    hint: (a: { path: string }) => `add files${a.path} to your kubelet component, or remove the overrides.`,
    explain:
      'Overrides are merged over the file that a component brings. A component of your own that has none (its unit may use flags or another path) would leave them without effect, in silence.',
  },
  KUBELET_KIND: {
    severity: 'error',
    title: 'Not a KubeletConfiguration of v1beta1',
    message: (a: { field: string; found: string; expected: string }) =>
      `${a.field} is ${a.found}, but the kubelet reads ${a.expected}.`,
    hint: (a: { field: string; expected: string }) => `write \`${a.field}: ${a.expected}\`.`,
    explain: `The kubelet refuses the file with “no kind … is registered”. ${crashLoop}`,
  },
  KUBELET_FIELD_UNKNOWN: {
    severity: 'error',
    title: 'A field that a KubeletConfiguration does not have',
    message: (a: { field: string; version: string; meant: string | undefined }) =>
      `the kubelet of ${a.version} has no field ${a.field}.`,
    hint: (a: { meant: string | undefined }) =>
      a.meant
        ? `did you mean ${a.meant}?`
        : 'remove it, or look up its name in the reference of KubeletConfiguration v1beta1.',
    explain:
      'The kubelet ignores a field that it does not know and logs a line of it (“Using lenient decoding”), so the setting would have no effect. Names are case-sensitive: clusterDns is not clusterDNS.',
  },
  KUBELET_FIELD_VERSION: {
    severity: 'error',
    title: 'A field of another Kubernetes version',
    message: (a: { field: string; version: string; added: string | undefined; removed: string | undefined }) =>
      a.added
        ? `${a.field} comes with ${a.added}; versions.kubernetes is ${a.version}.`
        : `${a.field} is gone since ${a.removed}; versions.kubernetes is ${a.version}.`,
    hint: (a: { added: string | undefined }) =>
      a.added
        ? `remove it, or raise versions.kubernetes to ${a.added}.`
        : 'remove it; the release notes of that version name what replaced it.',
    explain:
      'The kubelet ignores a field that its version does not know, with a line in its log (“Using lenient decoding”), so what it says would not hold.',
  },
  KUBELET_FIELD_TYPE: {
    severity: 'error',
    title: 'A value of the wrong type in the KubeletConfiguration',
    message: (a: { field: string; expected: string; found: string }) =>
      `${a.field} should be ${a.expected}, but is ${a.found}.`,
    hint: (a: { expected: string }) =>
      a.expected.startsWith('a duration')
        ? 'write a number and a unit, such as 30s, 15m or 1h30m; or leave the field out.'
        : a.expected.startsWith('text')
          ? 'put the value in quotes.'
          : 'write a value of that type.',
    explain: `The kubelet decodes into typed fields and refuses the whole file (“failed to decode: json: cannot unmarshal …”). ${crashLoop}`,
  },
  KUBELET_FEATURE_GATE_UNKNOWN: {
    severity: 'error',
    title: 'A feature gate that this Kubernetes does not know',
    message: (a: {
      gate: string;
      version: string;
      removed: string | undefined;
      added: string | undefined;
      meant: string | undefined;
    }) =>
      a.removed
        ? `the feature gate ${a.gate} is gone since ${a.removed}; versions.kubernetes is ${a.version}.`
        : a.added
          ? `the kubelet of ${a.version} has no feature gate ${a.gate}: ${a.added} brings it.`
          : `the kubelet of ${a.version} has no feature gate ${a.gate}.`,
    hint: (a: { removed: string | undefined; added: string | undefined; meant: string | undefined }) =>
      a.removed || a.added
        ? 'remove the gate; where it is gone its feature is always on, or was given up.'
        : a.meant
          ? `did you mean ${a.meant}?`
          : 'remove it; names of gates are case-sensitive.',
    explain: `An unknown gate is fatal: “unrecognized feature gate”. Gates disappear a few releases after their feature is stable, so it comes up with an upgrade. ${crashLoop}`,
  },
  KUBELET_FEATURE_GATE_LOCKED: {
    severity: 'error',
    title: 'A feature gate that can no longer be changed',
    message: (a: { gate: string; value: string; locked: string; version: string }) =>
      `the feature gate ${a.gate} cannot be ${a.value}: ${a.version} locks it to ${a.locked}.`,
    hint: 'remove the gate.',
    explain: `A stable feature’s gate is locked to its default before it goes: “cannot set feature gate …, feature is locked”. ${crashLoop}`,
  },
  KUBELET_FEATURE_GATE_NEEDS: {
    severity: 'error',
    title: 'A feature gate whose requirement is off',
    message: (a: { gate: string; needs: string }) =>
      `the feature gate ${a.gate} is on, but ${a.needs}, which it needs, is off.`,
    hint: (a: { gate: string; needs: string }) => `turn ${a.needs} on, or ${a.gate} off.`,
    explain: `Since 1.35 the kubelet checks what gates need (“… is enabled, but depends on features that are disabled”). ${crashLoop}`,
  },
  KUBELET_FEATURE_GATE_GA: {
    severity: 'warning',
    title: 'A feature gate that says what is so anyway',
    message: (a: { gate: string; stage: string; version: string }) =>
      `the feature gate ${a.gate} is ${a.stage} in ${a.version}, and will be removed.`,
    hint: 'remove it before an upgrade does: a gate that is gone stops the kubelet.',
    explain:
      'A few releases after a feature is stable, or deprecated, its gate is removed, and a kubelet that is given it exits with “unrecognized feature gate”.',
  },
  KUBELET_VALUE_REFUSED: {
    severity: 'error',
    title: 'A value with which the kubelet does not start',
    message: (a: { field: string; value: string; reason: string }) =>
      `${a.field} is ${a.value}, and the kubelet refuses to start: ${a.reason}.`,
    hint: (a: { field: string }) => `change ${a.field}, or leave it out for the default.`,
    explain: `The kubelet validates its configuration after its own defaults are filled in (“failed to validate kubelet configuration”); some values it judges a little later, when it sets up TLS, evictions and the resource managers. ${crashLoop}`,
  },
  ...nodeCodes,
} satisfies Entries;
