import { finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';

/** Mirrors are reached by TLS; one on the machine itself needs none. */
export const specMirrors: ClusterRule = ({ cluster }) =>
  Object.entries(cluster.registries).flatMap(([registry, { mirrors }]) =>
    mirrors.flatMap((url, index) => {
      if (!/^http:/i.test(url) || /^http:\/\/(localhost|127\.[\d.]+|\[::1\])([:/]|$)/i.test(url)) return [];
      const origin = { file: cluster.file, path: ['registries', registry, 'mirrors', index] };
      return [finding('SPEC_MIRROR_HTTP', origin, { registry, url })];
    }),
  );
