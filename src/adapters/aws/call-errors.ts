import { CallError, type CalledService } from '../../diagnostics/call-error.ts';

/** What an exception of the SDK may carry; its own classes differ between services and versions. */
type Thrown = Error & {
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  /** Of a file that was to be read: the SDK reads its configuration, tokens and nothing else. */
  readonly path?: string;
  readonly $fault?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
};

/** Runs a call of the SDK; whatever the world does wrong comes out as a CallError, a bug of ours as it is. */
export async function called<R>(service: CalledService, call: string, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    throw callErrorOf(service, call, error);
  }
}

/** Undefined where the call failed with one of these codes, which mean that there is no such thing. */
export async function absentAs<R>(codes: readonly string[], ask: () => Promise<R>): Promise<R | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CallError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/**
 * The SDK’s exception is not kept as the cause: it holds request and response, and with them user-data, keys of objects and
 * signatures.
 */
export function callErrorOf(service: CalledService, call: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CallError) return error;
  const thrown = error as Thrown;
  const fail = (code: string, message: string, status?: number) => new CallError(service, call, code, message, status);
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  if (isCredentialsError(thrown)) return fail(credentialsCode(thrown.message), credentialsMessage(thrown.message));
  if (thrown.$fault !== undefined) return fail(serviceCode(thrown, status), serviceMessage(thrown, status), status);
  // Something that is not the service answered, a proxy for example: whether the service was reached is not known.
  if (thrown.$response !== undefined) return fail('NoResponse', `the answer cannot be read (HTTP ${status})`, status);
  if (thrown.message.startsWith('Checksum mismatch'))
    return fail('ChecksumMismatch', 'the object does not have the checksum that was stored with it', status);
  if (thrown.name === 'TimeoutError' || connectionCodes.test(String(thrown.code)))
    return fail('NoResponse', unansweredMessage(thrown));
  if (thrown.path !== undefined)
    return fail('CredentialsMissing', `${thrown.path} cannot be read (${String(thrown.code)})`);
  return error;
}

function isCredentialsError({ name }: Thrown): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError';
}

/** Of a chain that found something out of date; the codes of the services for the same are ExpiredToken too. */
function credentialsCode(message: string): string {
  return /expired|re-?authenticate|aws sso login/i.test(message) ? 'ExpiredToken' : 'CredentialsMissing';
}

/** A failed credential_process is told by its command line, which may hold anything. */
function credentialsMessage(message: string): string {
  if (message.startsWith('Command failed')) return 'the credential_process of the profile failed';
  return message.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
}

/** S3 answers HEAD without a body, so without its code. */
const headCodes: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  304: 'NotModified',
  400: 'BadRequest',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'SlowDown',
};

function serviceCode({ name, Code }: Thrown, status: number | undefined): string {
  const code = typeof Code === 'string' && Code !== '' ? Code : name;
  const named = !['Unknown', 'UnknownError', 'Error', ''].includes(code) && !/^\d+$/.test(code);
  return named ? code : (headCodes[status ?? 0] ?? 'Unknown');
}

function serviceMessage({ message }: Thrown, status: number | undefined): string {
  if (message === '' || message === 'UnknownError') return `HTTP ${status}`;
  return redacted(message).replaceAll(/\s+/g, ' ').trim();
}

/** S3’s refusals name the object, so its id; EC2’s end with a long text that only EC2 can decode. */
export function redacted(message: string): string {
  return message
    .replaceAll(/\b[0-9a-f]{64}(?=\.tar\b)/gi, '[object id]')
    .replace(/\s*Encoded authorization failure message:.*$/s, '');
}

/** Of sockets, of names, of TLS and of Node’s parser of HTTP. */
const connectionCodes =
  /^(ECONN|EPIPE|EPROTO|ENOTFOUND|EAI_|EHOST|ENET|EADDR|ETIMEDOUT|HPE_|ERR_PROXY|ERR_TLS|ERR_SSL|ERR_SOCKET|ERR_STREAM|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

const unreached: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be resolved',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

/** The SDK names all of these TimeoutError. */
const cut = new Set(['ECONNRESET', 'EPIPE']);

/** Never the SDK’s own message alone: with several addresses of a host Node leaves it empty. */
function unansweredMessage(thrown: Thrown): string {
  const code = String(thrown.code ?? '');
  const first = (thrown as { readonly errors?: readonly Thrown[] }).errors?.[0] ?? thrown;
  const port = first.port === undefined ? '' : `:${first.port}`;
  const host = first.hostname ?? (first.address === undefined ? undefined : `${first.address}${port}`);
  const why = unreached[code];
  if (why !== undefined) return `cannot reach ${host ?? 'the host'}: ${why} (${code})`;
  if (cut.has(code)) return `the connection was cut (${code})`;
  if (thrown.name === 'TimeoutError') return 'no answer in time';
  return `the connection failed: ${thrown.message || code}`;
}
