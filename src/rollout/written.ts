import { CallError } from '../diagnostics/call-error.ts';
import type { NewObject, ObjectStore } from '../ports/object-store.ts';

/** What became of a conditional write. `theirs`: the condition did not hold; `bytes` undefined: there is no object. */
export type Written =
  | { readonly kind: 'ours'; readonly etag: string; readonly versionId: string }
  | { readonly kind: 'theirs'; readonly bytes: Uint8Array | undefined };

/**
 * Writes a small object on a condition. When the answer to a write got lost, the next try finds its own bytes where the condition
 * no longer holds: that is ours too.
 */
export async function writeIf(
  store: ObjectStore,
  object: NewObject & Required<Pick<NewObject, 'onlyIf'>>,
): Promise<Written> {
  try {
    const { etag, versionId } = await store.put(object);
    return { kind: 'ours', etag, versionId };
  } catch (error) {
    if (!isRefused(error)) throw error;
    const stored = await store.get(object.key);
    if (stored && equal(stored.bytes, object.bytes))
      return { kind: 'ours', etag: stored.etag, versionId: stored.versionId };
    return { kind: 'theirs', bytes: stored?.bytes };
  }
}

/** An object that is to be overwritten and is not there at all is answered by 404. */
function isRefused(error: unknown): boolean {
  return error instanceof CallError && ['PreconditionFailed', 'NoSuchKey', 'NotFound'].includes(error.code);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
