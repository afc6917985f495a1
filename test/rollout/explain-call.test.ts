import { expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { explainCall } from '../../src/rollout/explain-call.ts';

const place = { aws: { region: 'us-east-1', bucket: 'example-firstboot' }, server: 'https://10.0.1.10:6443' };
const told = (service: CallError['service'], call: string, code: string, message: string, status?: number) => {
  const { code: ours, message: said, hint } = explainCall(new CallError(service, call, code, message, status), place);
  return `${ours}: ${said} (${hint})`;
};

test.each([
  [
    'a missing right in EC2',
    told(
      'EC2',
      'RunInstances',
      'UnauthorizedOperation',
      'You are not authorized to perform: iam:PassRole on resource x. Encoded authorization failure message: AbCd',
      403,
    ),
    /^CALL_DENIED: EC2 RunInstances is not allowed \(UnauthorizedOperation\).*\(the operator needs iam:PassRole; /,
  ],
  [
    'a missing right in S3',
    told('S3', 'ListObjectVersions', 'AccessDenied', 'Access Denied', 403),
    /^CALL_DENIED: S3 ListObjectVersions is not allowed in example-firstboot.*s3:ListBucketVersions/,
  ],
  [
    'a missing right in Kubernetes',
    told('Kubernetes', 'delete nodes', 'Forbidden', 'no', 403),
    /^CALL_DENIED: “delete nodes”.*ClusterRole/,
  ],
  [
    'an expired session',
    told('STS', 'GetCallerIdentity', 'ExpiredToken', 'x', 400),
    /^CALL_CREDENTIALS: STS GetCallerIdentity/,
  ],
  [
    'an expired session, as EC2 says it: of a wrong clock it says the same',
    told('EC2', 'DescribeInstances', 'RequestExpired', 'Request has expired.', 400),
    /^CALL_CREDENTIALS: .*have expired, or this machine’s clock is wrong .*timedatectl/,
  ],
  [
    'an expired kubeconfig',
    told('Kubernetes', 'list nodes', 'Unauthorized', 'x', 401),
    /^CALL_CREDENTIALS: .*https:\/\/10/,
  ],
  [
    'no credentials at all',
    told('EC2', 'DescribeInstances', 'CredentialsMissing', 'Could not load credentials from any providers'),
    /^CALL_CREDENTIALS: EC2 DescribeInstances was not sent.*Could not load credentials from any providers\. \(log in/,
  ],
  [
    'credentials that end on the way',
    told('EC2', 'TerminateInstances', 'RequestExpired', 'Request has expired.', 400),
    /^CALL_CREDENTIALS: .*goes on/,
  ],
  [
    'a damaged object',
    told('S3', 'GetObject', 'ChecksumMismatch', 'the checksum is another'),
    /^CALL_DAMAGED: S3 GetObject: what arrived is not what was sent/,
  ],
  ['a damaged upload', told('S3', 'PutObject', 'BadDigest', 'x', 400), /^CALL_DAMAGED: S3 PutObject/],
  ['a wrong clock', told('S3', 'PutObject', 'RequestTimeTooSkewed', 'x', 403), /^CALL_CLOCK: .*clock/],
  ['a wrong region', told('S3', 'PutObject', 'PermanentRedirect', 'x', 301), /^CALL_REGION: .*is not in us-east-1/],
  ['no such bucket', told('S3', 'PutObject', 'NoSuchBucket', 'x', 404), /^CALL_NO_BUCKET: .*example-firstboot/],
  [
    'an image that is not there',
    told('EC2', 'DescribeImages', 'InvalidAMIID.NotFound', 'The image id [ami-1] does not exist', 400),
    /^CALL_NOT_FOUND: .*ami-1/,
  ],
  [
    'a quota',
    told('EC2', 'RunInstances', 'VcpuLimitExceeded', 'You have requested more vCPU capacity', 400),
    /^CALL_QUOTA: /,
  ],
  ['throttling', told('EC2', 'RunInstances', 'RequestLimitExceeded', 'x', 503), /^CALL_THROTTLED: /],
  [
    'no answer',
    told('Kubernetes', 'list nodes', 'NoResponse', 'connect ECONNREFUSED'),
    /^CALL_UNANSWERED: .*10\.0\.1\.10/,
  ],
  [
    'a gateway in between that gives up',
    told('EC2', 'RunInstances', 'Unknown', 'HTTP 502', 502),
    /^CALL_UNANSWERED: EC2 RunInstances/,
  ],
  [
    'anything else',
    told('EC2', 'RunInstances', 'InvalidParameterValue', 'odd', 400),
    /^CALL_FAILED: EC2 RunInstances failed \(InvalidParameterValue, status 400\): odd\./,
  ],
])('%s', (_, said, expected) => {
  expect(said).toMatch(expected);
  expect(said).not.toContain('Encoded');
});
