import { type Failure, failureOf } from './call-errors.ts';

/** Performs a call; what it throws becomes a CallError. `call` as in “delete nodes”. */
export async function ask<T>(call: string, work: () => Promise<T>): Promise<T> {
  return attempt(call, work, () => undefined);
}

/** What a failure means after all: an answer, or another error. Undefined: what it is. */
export type Refusal<T> = (failure: Failure) => { readonly answer: T } | { readonly error: Error } | undefined;

/** The same for a call some of whose failures are answers. */
export async function attempt<T, U>(call: string, work: () => Promise<T>, meaning: Refusal<U>): Promise<T | U> {
  try {
    return await work();
  } catch (thrown) {
    const failure = failureOf(call, thrown);
    const meant = meaning(failure);
    if (meant !== undefined && 'answer' in meant) return meant.answer;
    throw meant?.error ?? failure.error;
  }
}
