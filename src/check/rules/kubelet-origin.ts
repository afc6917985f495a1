import type { KubeletConfiguration } from '../../compile/bundle.ts';
import type { Origin, Path } from '../../diagnostics/origin.ts';
import { isJsonMap, valueAt } from '../../tree/merge.ts';

/** The fields that the spec sets outside of kubelet.config, and where. */
const ofCluster: Readonly<Record<string, string>> = { clusterDNS: 'dns', clusterDomain: 'domain' };

/**
 * Index of the topmost layer that decides a field: it sets it, or replaces what the field stands in (`authentication: null`).
 * -1 when none does and the kubelet's default holds.
 */
export function layerOf(kubelet: KubeletConfiguration, path: Path): number {
  return kubelet.layers.findLastIndex(
    ({ config }) =>
      valueAt(config, path) !== undefined ||
      path.some((_, length) => {
        const above = length === 0 ? undefined : valueAt(config, path.slice(0, length));
        return above !== undefined && !isJsonMap(above);
      }),
  );
}

/**
 * The place of a field: the topmost layer that sets it. Of several fields that together make a fault, the one of the topmost
 * layer: who added the last of them made the fault. Of a field that no layer sets, the base.
 */
export function originOf(kubelet: KubeletConfiguration, paths: readonly Path[], atKey = false): Origin {
  let top: { readonly layer: number; readonly path: Path } | undefined;
  for (const path of paths) {
    const layer = layerOf(kubelet, path);
    if (!top || layer > top.layer) top = { layer, path };
  }
  const layer = kubelet.layers[Math.max(top?.layer ?? 0, 0)];
  const path = top?.path ?? [];
  const origin = layer?.origin ?? { file: kubelet.path };
  const field = ofCluster[String(path[0])];
  const inCluster = top?.layer === 1 && origin.path?.[0] === 'cluster' && field !== undefined;
  return {
    file: origin.file,
    path: [...(origin.path ?? []), ...(inCluster ? [field] : path)],
    ...(atKey ? { atKey } : {}),
  };
}
