import { CallError } from '../../src/diagnostics/call-error.ts';

/** Code and message with which a call was refused; fails when it was not. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; message: string; status: unknown }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return { code: error.code, message: error.message, status: error.status };
  }
  throw new Error('the call was not refused');
}

/** “ok”, or the code of the refusal. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return error.code;
  }
}
