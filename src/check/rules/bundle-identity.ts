import { finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';

/** What a kubeconfig names by path is on the node: its CA, certificate and key. */
export const bundleIdentity: ClusterRule = ({ inputs }) => {
  const components = inputs.components ?? [];
  const brought = new Set(components.flatMap(({ identity }) => identity.map(({ from, of }) => keyOf(from, of))));
  return components.flatMap(({ name, file, identity }) =>
    identity.flatMap(({ from, of, path }, index) => {
      if (from !== 'kubeconfig') return [];
      const missing = (['ca', 'certificate', 'key'] as const).filter(one => !brought.has(keyOf(one, of)));
      const origin = { file, path: ['identity', index, 'from'] };
      return missing.length > 0
        ? [finding('BUNDLE_IDENTITY_INCOMPLETE', origin, { component: name, path, missing })]
        : [];
    }),
  );
};

/** There is one CA for all owners. */
function keyOf(from: string, of: string | undefined): string {
  return from === 'ca' ? from : `${from} ${of ?? ''}`;
}
