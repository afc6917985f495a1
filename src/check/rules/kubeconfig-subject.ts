import type { Certificate } from '../../pki/certificate.ts';
import type { Identity } from '../../pki/identity.ts';
import type { Kubeconfig } from '../../pki/kubeconfig.ts';
import type { ClusterContext } from '../context.ts';

/**
 * A kubeconfig with what it is held against; `of` is undefined for a worker's own, else the component that has an
 * identity.
 */
export type KubeconfigSubject = {
  readonly kubeconfig: Kubeconfig;
  readonly identity: Identity;
  readonly of: string | undefined;
  readonly context: ClusterContext;
};

/** The cluster's CA, when it could be read. */
export function caOf({
  context,
}: KubeconfigSubject): { readonly file: string; readonly certificate: Certificate } | undefined {
  const { file, certificate } = context.inputs.ca;
  return certificate && { file, certificate };
}

/** Where the node has the CA, certificate or key; undefined when the components could not be read. */
export function nodePathsOf(
  { of, context }: KubeconfigSubject,
  from: 'ca' | 'certificate' | 'key',
): readonly string[] | undefined {
  return context.inputs.components?.flatMap(component =>
    component.identity
      .filter(entry => entry.from === from && (from === 'ca' || entry.of === of))
      .map(entry => entry.path),
  );
}

/** The first 16 digits of a SHA-256, enough to tell two apart. */
export function short(sha256: string): string {
  return sha256.slice(0, 16);
}
