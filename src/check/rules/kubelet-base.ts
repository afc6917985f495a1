import type { Component } from '../../compile/component.ts';
import { kubeletBase, kubeletConfigPath, readKubeletBase } from '../../compile/kubelet.ts';
import { finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';
import { originOf } from './kubelet-origin.ts';
import { read as fieldOf, type KubeletConcern, show } from './kubelet-subject.ts';

/** The lowest layer is there when it is needed, and is a YAML map. */
export const kubeletBaseFile: ClusterRule = ({ cluster, inputs: { components } }) => {
  if (!components) return [];
  const base = kubeletBase(components);
  if (base) {
    const read = readKubeletBase(base);
    return read.ok ? [] : [finding('KUBELET_BASE_INVALID', { file: base.name, path: [] }, { reason: read.reason })];
  }
  const overrides = [
    { config: cluster.kubeletConfig, path: ['kubelet', 'config'] },
    ...cluster.workers.map(worker => ({
      config: worker.kubeletConfig,
      path: ['workers', worker.name, 'kubelet', 'config'],
    })),
  ].find(({ config }) => Object.keys(config).length > 0);
  return overrides
    ? [finding('KUBELET_BASE_MISSING', { file: cluster.file, path: overrides.path }, { path: kubeletConfigPath })]
    : [];
};

/** Whether the base can be judged at all: without it every other finding would be noise. */
export function hasUsableBase(components: readonly Component[]): boolean {
  const base = kubeletBase(components);
  return base !== undefined && readKubeletBase(base).ok;
}

const expected = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' } as const;

/** apiVersion and kind are the only ones that the kubelet decodes. */
export const kubeletKind: KubeletConcern = ({ kubelet, config }) =>
  Object.entries(expected).flatMap(([field, wanted]) => {
    const found = fieldOf(config, field);
    return found === wanted
      ? []
      : [finding('KUBELET_KIND', originOf(kubelet, [[field]]), { field, found: show(found), expected: wanted })];
  });
