import { CallError } from '../../diagnostics/call-error.ts';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { ApiException } from './sdk.ts';

/** What the api-server says of a failure, as far as we look at it (meta/v1 Status). */
export type Status = {
  readonly reason: string;
  readonly message: string;
  /** Kind of the object that it is about: “nodes”. */
  readonly kind: string | undefined;
  readonly causes: readonly { readonly reason: string; readonly message: string }[];
};

/** A failed call with its parts; undefined status: whoever answered was not the api-server, or nobody did. */
export type Failure = { readonly error: CallError; readonly status: Status | undefined; readonly retryAfter?: number };

const longest = 300;

/** Makes a CallError of whatever the client threw; `call` as in “delete nodes”. An OperationError stays what it is. */
export function failureOf(call: string, thrown: unknown): Failure {
  if (thrown instanceof OperationError) throw thrown;
  if (thrown instanceof CallError) return { error: thrown, status: undefined };
  if (!(thrown instanceof ApiException)) return { error: noResponse(call, thrown), status: undefined };
  const status = readStatus(thrown.body);
  const code = status?.reason || reasonOf(thrown.code);
  const message = status?.message || `HTTP ${thrown.code} ${plainText(thrown.body)}`.trim();
  const retryAfter = Number.parseInt(String(thrown.headers['retry-after'] ?? ''), 10);
  const error = new CallError('Kubernetes', call, code, shorten(message), thrown.code);
  return Number.isNaN(retryAfter) ? { error, status } : { error, status, retryAfter };
}

function readStatus(body: unknown): Status | undefined {
  const parsed = typeof body === 'string' ? parseJson(body) : body;
  if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed) || parsed.kind !== 'Status')
    return undefined;
  const { reason, message, details } = parsed as {
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly kind?: string; readonly causes?: readonly { reason?: string; message?: string }[] };
  };
  const causes = (details?.causes ?? []).map(cause => ({ reason: cause.reason ?? '', message: cause.message ?? '' }));
  return { reason: reason ?? '', message: message ?? '', kind: details?.kind, causes };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As the api-server names them, for an answer that has no Status: of a proxy, or a 401, whose body the client drops. */
function reasonOf(code: number): string {
  switch (code) {
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 409:
      return 'Conflict';
    case 429:
      return 'TooManyRequests';
    case 503:
      return 'ServiceUnavailable';
    case 504:
      return 'Timeout';
    default:
      return code >= 500 ? 'InternalError' : 'BadRequest';
  }
}

/** Only the words of the system are passed on: other errors may quote what was sent, credentials too. */
function noResponse(call: string, thrown: unknown): CallError {
  return new CallError('Kubernetes', call, 'NoResponse', networkWords(thrown), undefined);
}

function networkWords(thrown: unknown): string {
  const errors = chain(thrown);
  if (errors.some(({ name }) => name === 'TimeoutError')) return 'no answer within the time limit';
  const system = errors.find(({ code }) => code !== undefined);
  if (system?.code === undefined) return 'the request could not be made';
  if (/CERT|SIGNATURE|ALTNAME|ISSUER/.test(system.code)) return `its certificate is not trusted: ${system.message}`;
  return shorten(`${system.message || system.code}`);
}

type SystemError = { readonly name: string; readonly message: string; readonly code: string | undefined };

/** fetch wraps the error of the system once or twice; several addresses that fail come as an AggregateError. */
function chain(thrown: unknown): readonly SystemError[] {
  const found: SystemError[] = [];
  let error: unknown = thrown;
  for (let depth = 0; depth < 5 && error instanceof Error; depth++) {
    const { code } = error as NodeJS.ErrnoException;
    found.push({ name: error.name, message: error.message, code: typeof code === 'string' ? code : undefined });
    error = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  }
  // The innermost names the address.
  return found.reverse();
}

/** The first line of an answer that is no Status: “Bad Gateway”. A page of HTML says nothing here. */
function plainText(body: unknown): string {
  if (typeof body !== 'string' || body.trimStart().startsWith('<')) return '';
  return body.trim().split('\n')[0] ?? '';
}

export const shorten = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
