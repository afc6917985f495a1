import { type Call, failure } from './calls.ts';

/** Ends the call with an error as EC2 gives it. */
export type Fail = (code: string, message: string) => never;

export function failer(call: Call): Fail {
  return (code, message) => {
    throw failure(call, code, message);
  };
}

/** EC2 tells an ID that cannot be one (`….Malformed`) from one that it does not know. */
export function checkId(fail: Fail, kind: string, code: string, id: string): void {
  if (!new RegExp(`^${kind}-[0-9a-f]{8,17}$`).test(id))
    fail(`${code}.Malformed`, `Invalid id: "${id}" (expecting "${kind}-...")`);
}
