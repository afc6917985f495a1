import { CallError } from '../../diagnostics/call-error.ts';
import type { Eviction } from '../../ports/kube.ts';
import type { Refusal } from './attempt.ts';
import { type Failure, shorten } from './call-errors.ts';

/** 404 of the api-server itself: a proxy in between may say 404 of anything. */
const isGone = ({ error, status }: Failure): boolean => status !== undefined && error.code === 'NotFound';

export const unknownName: Refusal<undefined> = failure => (isGone(failure) ? { answer: undefined } : undefined);

/** Deleted with a precondition of its UID: it is gone, or there is another of its name. */
export const goneAlready: Refusal<undefined> = failure =>
  isGone(failure) || isOther(failure) ? { answer: undefined } : undefined;

/** “Precondition failed: UID in precondition: …, UID in object meta: …”; other conflicts are of two writers at once. */
const isOther = ({ error, status }: Failure): boolean =>
  status !== undefined && error.code === 'Conflict' && /UID/.test(error.message);

/** registry/core/pod/storage/eviction.go: the budget’s 429 has a cause of its own, unlike that of a busy api-server. */
export const evictionRefused: Refusal<Eviction> = failure => {
  const { error, status, retryAfter } = failure;
  if (isGone(failure) || isOther(failure)) return { answer: 'gone' };
  if (error.status === 500 && /more than one PodDisruptionBudget/.test(error.message))
    return { answer: { refused: error.message } };
  const budget = status?.causes.find(({ reason }) => reason === 'DisruptionBudget');
  if (error.status === 429 && budget !== undefined)
    return { answer: { blocked: shorten(budget.message || error.message), retryAfter } };
  // Pods of a namespace that is being deleted are deleted with it, if not at once (as kubectl drain has it).
  if (error.status === 403 && status?.causes.some(({ reason }) => reason === 'NamespaceTerminating'))
    return { answer: { blocked: 'its namespace is being deleted', retryAfter } };
  return undefined;
};

/** A JSON patch whose test fails is answered with 422. */
export function uidConflict(name: string): Refusal<never> {
  return ({ error, status }) =>
    status !== undefined && error.status === 422
      ? { error: new CallError('Kubernetes', error.call, 'Conflict', `Node ${name} has another UID by now`, 409) }
      : undefined;
}

type Healthz = { readonly kind: 'answer'; readonly text: string } | { readonly kind: 'denied' };

/** The api-server’s own refusal is about nodes; what else comes is the kubelet’s, or about the way to it. */
export const healthzRefused: Refusal<Healthz> = ({ error, status }) => {
  if (error.code === 'NoResponse' || (status !== undefined && error.code === 'NotFound')) return undefined;
  if (status !== undefined && error.code === 'Forbidden') return { answer: { kind: 'denied' } };
  return { answer: { kind: 'answer', text: error.message } };
};
