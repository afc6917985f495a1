import { parse, stringify } from 'yaml';
import type { Cluster, Worker } from '../spec/resolve.ts';
import { isJsonMap, type JsonMap, mergeDeep } from '../tree/merge.ts';
import { sortedEntries } from '../tree/order.ts';
import { decodeText } from '../tree/text.ts';
import type { KubeletConfiguration } from './bundle.ts';
import type { Component, OverlayFile } from './component.ts';
import { flagValue, parseUnit, valuesOf } from './unit-file.ts';

export const kubeletConfigPath = '/var/lib/kubelet/kubelet-config.yaml';
export const kubeletUnitPath = '/etc/systemd/system/kubelet.service';
/** The kubelet's labels are a flag, so they travel in a drop-in that the unit's command line refers to. */
export const labelsDropInPath = '/etc/systemd/system/kubelet.service.d/10-labels.conf';
export const labelsVariable = 'KUBELET_LABELS';

/** The overlay file that is the lowest layer of the KubeletConfiguration. */
export function kubeletBase(components: readonly Component[]): OverlayFile | undefined {
  return components.flatMap(component => component.overlay).find(file => file.path === kubeletConfigPath);
}

/**
 * Base file, then what the spec says of the cluster, then the cluster's overrides, then the worker's.
 * Undefined when there is no base; a base that is no YAML map counts as empty here and is reported by a rule.
 */
export function layersOf(base: OverlayFile, cluster: Cluster, worker: Worker): KubeletConfiguration {
  const fromSpec: JsonMap = {
    clusterDNS: cluster.dns,
    clusterDomain: cluster.domain,
    ...(worker.taints.length > 0
      ? { registerWithTaints: worker.taints.map(taint => ({ ...taint })) as unknown as JsonMap[] }
      : {}),
  };
  const read = readKubeletBase(base);
  const layers = [
    { config: read.ok ? read.config : {}, origin: { file: base.name, path: [] } },
    { config: fromSpec, origin: { file: cluster.file, path: ['cluster'] } },
    { config: cluster.kubeletConfig, origin: { file: cluster.file, path: ['kubelet', 'config'] } },
    {
      config: worker.kubeletConfig,
      origin: { file: cluster.file, path: ['workers', worker.name, 'kubelet', 'config'] },
    },
  ];
  return {
    path: kubeletConfigPath,
    layers,
    config: layers.reduce((config, layer) => mergeDeep(config, layer.config), {}),
  };
}

/** The base file's fields, or why it has none. */
export type KubeletBase =
  | { readonly ok: true; readonly config: JsonMap }
  | { readonly ok: false; readonly reason: string };

/** One base serves every worker and several rules, and parsing it is most of what a small build does: each is parsed once. */
const parsedBases = new WeakMap<OverlayFile, KubeletBase>();

export function readKubeletBase(base: OverlayFile): KubeletBase {
  const known = parsedBases.get(base) ?? parseBase(base);
  parsedBases.set(base, known);
  return known;
}

function parseBase({ bytes, parsed }: OverlayFile): KubeletBase {
  if (isJsonMap(parsed)) return { ok: true, config: parsed };
  const text = decodeText(bytes);
  if (!text.ok) return text;
  try {
    const value: unknown = parse(text.text);
    return isJsonMap(value) ? { ok: true, config: value } : { ok: false, reason: 'it is not a map of fields' };
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    return { ok: false, reason: `it is not YAML (${line.replace(/:$/, '')})` };
  }
}

/** The configuration file as the kubelet reads it. */
export function writeKubeletConfig({ config }: KubeletConfiguration): string {
  return stringify(config, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** A systemd drop-in with the node's labels, sorted. */
export function writeLabels(labels: Readonly<Record<string, string>>): string {
  const list = sortedEntries(labels).map(([key, value]) => `${key}=${value}`);
  return `[Service]\nEnvironment=${labelsVariable}=--node-labels=${list.join(',')}\n`;
}

/** The folder of the node's own KubeletConfiguration drop-ins, as the unit's command line names it. */
export function dropInFolder(components: readonly Component[]): string | undefined {
  const unit = components.flatMap(component => component.overlay).find(file => file.path === kubeletUnitPath);
  const text = unit ? decodeText(unit.bytes) : undefined;
  if (!text?.ok) return undefined;
  return valuesOf(parseUnit(text.text), 'Service', 'ExecStart')
    .map(entry => flagValue(entry.value, 'config-dir'))
    .find(folder => folder !== undefined);
}
