import type { Step } from './record.ts';

/** Steps of an operation whose launch is proven: what is left to be done then is no reason to end its instance. */
const afterProof: readonly Step[] = ['uncordon', 'delete-secrets', 'release', 'close'];

export function isProvenAt(step: Step): boolean {
  return afterProof.includes(step);
}
