import { CallError } from '../../diagnostics/call-error.ts';
import type { CloudS3 } from '../cloud/s3.ts';
import type { Ask, Handler, Reply } from '../http.ts';
import { identify, s3Error } from '../s3-replies.ts';
import { emptyPayload, isRefusal, payloadMismatch, type Refusal, signedForS3 } from '../sigv4.ts';
import type { Credentials } from '../sigv4-check.ts';
import { type Address, addressOf } from './s3-address.ts';
import { bucketRoutes } from './s3-bucket-routes.ts';
import { incomingOf } from './s3-incoming.ts';
import { listRoutes } from './s3-list-routes.ts';
import { multipartRoutes } from './s3-multipart-routes.ts';
import { objectRoutes } from './s3-object-routes.ts';
import { operationOf } from './s3-operation.ts';
import type { Route } from './s3-request.ts';

export type S3ShellOptions = {
  readonly s3: Pick<CloudS3, 'operations'>;
  /** Whose requests are answered: keys of operators, and with an instance those of its role. */
  readonly credentials: () => readonly (Credentials & { readonly instanceId?: string | undefined })[];
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const routes: Readonly<Record<string, Route>> = { ...objectRoutes, ...listRoutes, ...multipartRoutes, ...bucketRoutes };

const invalidUri: Refusal = { status: 400, code: 'InvalidURI', message: "Couldn't parse the specified URI." };
const notImplemented: Refusal = {
  status: 501,
  code: 'NotImplemented',
  message: 'The embedded cloud does not have this operation, or an option of it that was asked for',
};
const broken: Refusal = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
};

/** S3's REST API on the state machine, path style and virtual-host style. */
export function createS3Shell(options: S3ShellOptions): Handler {
  return async ask => {
    const address = addressOf(ask);
    if (!address) return s3Error(ask, invalidUri);
    try {
      const reply = await answer(ask, address, options);
      return { ...reply, headers: { ...identify(), date: new Date(options.now()).toUTCString(), ...reply.headers } };
    } catch (error) {
      if (!(error instanceof CallError)) return s3Error(ask, broken);
      // Done or not, nobody is to hear of it.
      if (error.code === 'NoResponse') return undefined;
      return s3Error(ask, refusalOf(error, ask, address), { date: new Date(options.now()).toUTCString() });
    }
  };
}

async function answer(ask: Ask, address: Address, options: S3ShellOptions): Promise<Reply> {
  const { s3, region, credentials, now } = options;
  const signed = signedForS3(ask, { credentials: credentials(), region, service: 's3', now: now() });
  if (isRefusal(signed)) return s3Error(ask, signed);
  const call = operationOf(ask, address);
  const route = call && routes[call];
  if (!route) return s3Error(ask, notImplemented);
  if (['GET', 'HEAD', 'DELETE'].includes(ask.method) && isOfAnother(ask)) return s3Error(ask, payloadMismatch);
  const { instanceId } = signed.credentials;
  return route({
    ask,
    call,
    region,
    operations: s3.operations,
    target: {
      bucket: address.bucket,
      caller: instanceId === undefined ? { kind: 'operator' } : { kind: 'instance', instanceId },
      expectedOwner: ask.headers['x-amz-expected-bucket-owner'],
    },
    key: address.key,
    query: address.query,
    incoming: () => incomingOf(call, ask, signed),
  });
}

/** A digest of a body where there is none. */
function isOfAnother({ headers }: Ask): boolean {
  const payload = headers['x-amz-content-sha256'] ?? '';
  return /^[0-9a-f]{64}$/.test(payload) && payload !== emptyPayload;
}

/** What S3's errors name beside code and message. */
function refusalOf({ code, message, status = 400 }: CallError, ask: Ask, { bucket, key }: Address): Refusal {
  const condition = ask.headers['if-none-match'] === undefined ? 'If-Match' : 'If-None-Match';
  const elements: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    NoSuchBucket: { BucketName: bucket },
    NoSuchBucketPolicy: { BucketName: bucket },
    NoSuchKey: { Key: key },
    PreconditionFailed: { Condition: condition },
    ConditionalRequestConflict: { Condition: condition, Key: key },
  };
  return { status, code, message, elements: elements[code] ?? {} };
}
