import { didYouMean } from '../../tree/did-you-mean.ts';
import type { FaultRule } from './cloud.ts';

/** Calls that the embedded cloud answers; a fault can hit each. */
export const faultCalls: readonly string[] = [
  ...['RunInstances', 'RunInstances:DryRun', 'TerminateInstances', 'ModifyInstanceAttribute', 'GetConsoleOutput'],
  ...['DescribeInstances', 'DescribeInstanceAttribute', 'DescribeVolumes', 'DescribeImages', 'DescribeSubnets'],
  ...[
    'DescribeInstanceTypes',
    'DescribeNetworkInterfaces',
    'CreateNetworkInterface',
    'ModifyNetworkInterfaceAttribute',
    'DeleteNetworkInterface',
  ],
  ...['CreateCapacityReservation', 'DescribeCapacityReservations', 'CancelCapacityReservation', 'CreateTags'],
  ...['GetParameter', 'GetCallerIdentity'],
  ...['PutObject', 'GetObject', 'HeadObject', 'DeleteObject', 'DeleteObjects', 'ListObjectsV2', 'ListObjectVersions'],
  ...['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'AbortMultipartUpload', 'ListParts'],
  ...['ListMultipartUploads', 'CreateBucket', 'DeleteBucket', 'HeadBucket', 'GetBucketLocation'],
  ...['GetBucketVersioning', 'PutBucketVersioning', 'GetObjectLockConfiguration', 'GetBucketReplication'],
  ...['Policy', 'Encryption', 'OwnershipControls'].flatMap(part => [`GetBucket${part}`, `PutBucket${part}`]),
  ...['GetBucketLifecycleConfiguration', 'PutBucketLifecycleConfiguration', 'GetPublicAccessBlock'],
  ...['PutPublicAccessBlock', 'DeleteBucketEncryption', 'DeleteBucketLifecycle', 'DeleteBucketOwnershipControls'],
  ...['DeleteBucketPolicy', 'DeletePublicAccessBlock'],
];

const form = 'a fault is CALL[@N]=CODE, CALL[@N]=lost or CALL[@N]=delay:TIME, as RunInstances@1=lost.';

/** Reads `CALL[@N]=CODE|lost|delay:TIME`; TIME as 250ms, 10s or 5m. */
export function parseFaultRule(text: string): FaultRule | { readonly problem: string; readonly hint: string } {
  const match = /^([A-Za-z0-9:]+)(?:@([1-9]\d{0,8}))?=(.+)$/.exec(text);
  if (!match) return { problem: `“${text}” is not a fault`, hint: form };
  const [, call = '', nth, effect = ''] = match;
  if (!faultCalls.includes(call)) {
    const meant = didYouMean(call, faultCalls);
    return {
      problem: `there is no call “${call}” in the embedded cloud`,
      hint: meant ? `did you mean ${meant}?` : `among the calls are ${faultCalls.slice(0, 8).join(', ')}.`,
    };
  }
  const parsed = parseEffect(effect);
  if (!parsed) return { problem: `“${effect}” is not an effect`, hint: form };
  return { call, ...(nth === undefined ? {} : { nth: Number(nth) }), effect: parsed };
}

function parseEffect(text: string): FaultRule['effect'] | undefined {
  if (text === 'lost') return { kind: 'lost' };
  const delay = /^delay:(\d{1,7})(ms|s|m)$/.exec(text);
  if (delay) return { kind: 'delay', milliseconds: Number(delay[1]) * { ms: 1, s: 1000, m: 60_000 }[delay[2] as 'ms'] };
  return /^[A-Z][A-Za-z0-9.]*$/.test(text) ? { kind: 'error', code: text } : undefined;
}

/** The rules that hit a call. `nth`: how often it was made, this time included. */
export function faultsOf(rules: readonly FaultRule[], call: string, nth: number): readonly FaultRule['effect'][] {
  return rules.filter(rule => rule.call === call && (rule.nth ?? nth) === nth).map(({ effect }) => effect);
}

/** EC2 API Reference, and S3’s, “Error codes”: what is not answered with 400. */
const statuses: Readonly<Record<string, number>> = {
  RequestLimitExceeded: 503,
  Unavailable: 503,
  ServiceUnavailable: 503,
  SlowDown: 503,
  InternalError: 500,
  InternalFailure: 500,
  InsufficientInstanceCapacity: 500,
  InsufficientCapacity: 500,
  UnauthorizedOperation: 403,
  AccessDenied: 403,
  AuthFailure: 401,
  InvalidClientTokenId: 403,
  SignatureDoesNotMatch: 403,
  RequestTimeTooSkewed: 403,
  InvalidAccessKeyId: 403,
  PermanentRedirect: 301,
  OptInRequired: 401,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  PreconditionFailed: 412,
  DryRunOperation: 412,
  ConditionalRequestConflict: 409,
  OperationAborted: 409,
};

/** HTTP status that goes with an error code; undefined for NoResponse. */
export function statusOf(code: string): number | undefined {
  return code === 'NoResponse' ? undefined : (statuses[code] ?? 400);
}
