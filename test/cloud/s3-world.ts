import type { CloudOptions } from '../../src/local/cloud/cloud.ts';
import { type CloudS3, createS3, type S3Options } from '../../src/local/cloud/s3.ts';

export const bucket = 'example-firstboot';
export const operator = { kind: 'operator' } as const;
export const start = Date.parse('2026-03-01T12:00:00.250Z');
export const accountId = '123456789012';
export const region = 'eu-west-1';

/** An S3 with one bucket, on a clock that stands until it is moved. */
export function s3World(more: Partial<S3Options> = {}) {
  let now = start;
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const options: CloudOptions = {
    accountId,
    region,
    clock: { now: () => now, sleep: async milliseconds => pass(milliseconds) },
    pace: { pendingFor: 0, shuttingDownFor: 0, describeLag: 0, terminatedShownFor: 0, interfaceHeldFor: 0 },
    throttled: false,
    faults: [],
  };
  const s3: CloudS3 = createS3({ ...options, ...more });
  s3.createBucket(bucket);
  return { s3, store: s3.store(bucket, operator), pass, now: () => now };
}

/** “412 PreconditionFailed” of a CallError, the name of an SDK's error with its status, or “done”. */
export async function codeOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => 'done',
    (error: any) => `${error.$metadata ? error.$metadata.httpStatusCode : error.status} ${error.code ?? error.name}`,
  );
}
