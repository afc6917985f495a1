import { CallError } from '../diagnostics/call-error.ts';

/**
 * Waits for a call on an archive; what it throws says nothing of the object’s name. S3’s messages may quote it (AccessDenied
 * names the resource), and so may what caused them.
 */
export async function withoutNames<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new CallError(error.service, error.call, error.code, hideNames(error.message), error.status);
  }
}

/** An object id or a digest, as the last part of a key of an archive. */
export function hideNames(text: string): string {
  return text.replace(/[0-9a-f]{64}(?=\.tar)/gi, '…');
}
