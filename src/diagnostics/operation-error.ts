import type { OperationCode } from './operations.ts';

/** A broken world: a file that cannot be written, a command that fails. Names what was tried; the hint says what to do. */
export class OperationError extends Error {
  readonly code: OperationCode;
  readonly hint: string;

  constructor(code: OperationCode, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OperationError';
    this.code = code;
    this.hint = hint;
  }
}
