import type { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { Cluster } from '../spec/resolve.ts';
import { actionOf } from './iam-action.ts';
import { isPassing, isThrottling } from './retry.ts';

/** Where the calls go. `server`: of the api-server. */
export type CallPlace = {
  readonly aws: Pick<Cluster['aws'], 'region' | 'bucket'>;
  readonly server?: string | undefined;
};

type Explain = (error: CallError, place: CallPlace) => OperationError;

/** What a person can do about a call that failed: names the call, the permission, the region or the clock. */
export function explainCall(error: CallError, place: CallPlace): OperationError {
  if (error.service === 'Kubernetes') return explainKube(error, place);
  // STS has no code of its own for it.
  if (/^Signature (expired|not yet current)/.test(error.message)) return skewed(error, place);
  const known = byCode[error.code];
  if (known) return known(error, place);
  if (isThrottling(error)) return throttled(error);
  if (isPassing(error)) return unanswered(error, place);
  return failed(error);
}

function nameOf({ service, call }: CallError): string {
  return service === 'Kubernetes' ? `“${call}”` : `${service} ${call}`;
}

const denied: Explain = (error, { aws }) => {
  const needs = `the operator needs ${actionOf(error)};`;
  return error.service === 'S3'
    ? new OperationError(
        'CALL_DENIED',
        `${nameOf(error)} is not allowed in ${aws.bucket} (${error.code}): ${sentence(error.message)}`,
        `${needs} \`firstboot iam deployer-bucket\` prints the whole policy. A bucket of another account is denied, too: \`aws sts get-caller-identity\` says whose the credentials are.`,
        error,
      )
    : new OperationError(
        'CALL_DENIED',
        `${nameOf(error)} is not allowed (${error.code}): ${sentence(error.message)}`,
        `${needs} \`firstboot iam deployer\` prints the whole policy.`,
        error,
      );
};

const expired: Explain = error =>
  new OperationError(
    'CALL_CREDENTIALS',
    `${nameOf(error)} was refused: the credentials have expired or are not known (${error.code}).`,
    'get new ones (`aws sso login`, or what your CI does) and run the same command again: it goes on where it was.',
    error,
  );

const noCredentials: Explain = error =>
  new OperationError(
    'CALL_CREDENTIALS',
    `${nameOf(error)} was not sent, since there are no credentials to sign it with: ${sentence(error.message)}`,
    'log in (`aws sso login`), set AWS_PROFILE or what else the SDK reads, or see to the role of your CI; then run the same command again.',
    error,
  );

const damaged: Explain = error =>
  new OperationError(
    'CALL_DAMAGED',
    `${nameOf(error)}: what arrived is not what was sent (${error.code}): ${sentence(error.message)}`,
    'run the same command again; when it stays, something on the way (a proxy) changes what passes, or the object is damaged: put back an older version of it.',
    error,
  );

const skewed: Explain = error =>
  new OperationError(
    'CALL_CLOCK',
    `${nameOf(error)} was refused: this machine’s clock is wrong by more than five minutes (${error.code}).`,
    'set the clock (timedatectl set-ntp true) and run the same command again.',
    error,
  );

/** EC2 says the same of a session that is over and of a clock that is wrong. */
const expiredOrSkewed: Explain = error =>
  new OperationError(
    'CALL_CREDENTIALS',
    `${nameOf(error)} was refused: the credentials have expired, or this machine’s clock is wrong (${error.code}).`,
    'get new ones (`aws sso login`, or what your CI does) and run the same command again: it goes on where it was. If they are new, set the clock (timedatectl set-ntp true).',
    error,
  );

const elsewhere: Explain = (error, { aws }) =>
  new OperationError(
    'CALL_REGION',
    `${nameOf(error)}: ${aws.bucket} is not in ${aws.region} (${error.code}).`,
    'correct aws.region in the spec, or name a bucket of that region.',
    error,
  );

const noBucket: Explain = (error, { aws }) =>
  new OperationError(
    'CALL_NO_BUCKET',
    `${nameOf(error)}: there is no bucket ${aws.bucket} in ${aws.region}.`,
    'create it, private, versioned and with SSE-KMS (docs/security.md), or correct aws.bucket in the spec.',
    error,
  );

const notThere: Explain = (error, { aws }) =>
  new OperationError(
    'CALL_NOT_FOUND',
    `${nameOf(error)}: ${sentence(error.message)}`,
    `what is named is not in ${aws.region} of this account: correct the spec (image, subnet, security groups, profile, key), or AWS_PROFILE.`,
    error,
  );

const quota: Explain = error =>
  new OperationError(
    'CALL_QUOTA',
    `${nameOf(error)}: ${sentence(error.message)} (${error.code})`,
    'raise the quota in Service Quotas, free what is not needed, or enlarge the subnet.',
    error,
  );

function throttled(error: CallError): OperationError {
  return new OperationError(
    'CALL_THROTTLED',
    `${nameOf(error)} was throttled for minutes (${error.code}).`,
    'something else uses up the account’s API limits; run the same command again when it is over: it goes on where it was.',
    error,
  );
}

function unanswered(error: CallError, { aws, server }: CallPlace): OperationError {
  const whom = error.service === 'Kubernetes' ? (server ?? 'the api-server') : `${error.service} in ${aws.region}`;
  return new OperationError(
    'CALL_UNANSWERED',
    `${nameOf(error)} had no answer from ${whom} (${error.code}): ${sentence(error.message)}`,
    'see to the network, proxy and endpoint; run the same command again: it finds what was done and goes on.',
    error,
  );
}

function failed(error: CallError): OperationError {
  const status = error.status === undefined ? '' : `, status ${error.status}`;
  return new OperationError(
    'CALL_FAILED',
    `${nameOf(error)} failed (${error.code}${status}): ${sentence(error.message)}`,
    'the code is the service’s own, and its documentation says more; run the same command again when it is mended.',
    error,
  );
}

const explainKube: Explain = (error, { server, aws }) => {
  if (error.code === 'Forbidden' || error.status === 403)
    return new OperationError(
      'CALL_DENIED',
      `${nameOf(error)} is not allowed at ${server ?? 'the api-server'}: ${sentence(error.message)}`,
      '`firstboot iam` prints the ClusterRole that the operator needs.',
      error,
    );
  if (error.code === 'Unauthorized' || error.status === 401)
    return new OperationError(
      'CALL_CREDENTIALS',
      `${nameOf(error)} was refused by ${server ?? 'the api-server'}: the credentials of the kubeconfig are not valid.`,
      'renew them, or give another --kubeconfig.',
      error,
    );
  return isPassing(error) || isThrottling(error) ? unanswered(error, { server, aws }) : failed(error);
};

const byCode: Readonly<Record<string, Explain>> = {
  UnauthorizedOperation: denied,
  AccessDenied: denied,
  AccessDeniedException: denied,
  AllAccessDisabled: denied,
  AuthFailure: expired,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: expired,
  UnrecognizedClientException: expired,
  InvalidSignatureException: expired,
  CredentialsMissing: noCredentials,
  ChecksumMismatch: damaged,
  BadDigest: damaged,
  XAmzContentSHA256Mismatch: damaged,
  RequestExpired: expiredOrSkewed,
  RequestTimeTooSkewed: skewed,
  InvalidClientTokenId: expired,
  InvalidAccessKeyId: expired,
  SignatureDoesNotMatch: expired,
  PermanentRedirect: elsewhere,
  TemporaryRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  NoSuchBucket: noBucket,
  'InvalidAMIID.NotFound': notThere,
  'InvalidAMIID.Unavailable': notThere,
  'InvalidSubnetID.NotFound': notThere,
  'InvalidGroup.NotFound': notThere,
  'KMS.NotFoundException': notThere,
  'KMS.DisabledException': notThere,
  'InvalidGroupId.Malformed': notThere,
  InvalidInstanceType: notThere,
  ParameterNotFound: notThere,
  InsufficientFreeAddressesInSubnet: quota,
  VcpuLimitExceeded: quota,
  InstanceLimitExceeded: quota,
  MaxSpotInstanceCountExceeded: quota,
  VolumeLimitExceeded: quota,
  NetworkInterfaceLimitExceeded: quota,
};

/** Services end their messages by a full stop or not. Encoded messages of EC2 are long and tell nobody anything. */
function sentence(message: string): string {
  const text = message.replace(/\s*Encoded authorization failure message:.*$/s, '').trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
