import type { OperationCode } from '../diagnostics/operations.ts';
import type { BucketPosture } from '../ports/object-store.ts';
import { partitionOf } from '../spec/bucket-url.ts';
import type { Cluster } from '../spec/resolve.ts';
import { allowedWithoutTls, parsePolicy, publicStatements } from './bucket-policy.ts';
import { lifecycleFindings } from './posture-lifecycle.ts';
import { mendBy } from './posture-mends.ts';

/** What is wrong with a bucket. With an error nothing is put there, unless by --allow-weak-bucket. */
export type PostureFinding = {
  readonly code: OperationCode;
  readonly severity: 'error' | 'warning';
  /** One sentence. */
  readonly message: string;
  /** What to do; commands, where there are, on lines of their own. */
  readonly hint: string;
};

export type PostureSubject = {
  readonly aws: Pick<Cluster['aws'], 'region' | 'bucket' | 'prefix' | 'kmsKey'>;
  readonly posture: BucketPosture;
};

type Judge = (subject: PostureSubject) => readonly PostureFinding[];

/** Errors and warnings, the weightiest first. Of what could not be asked nothing is concluded, but that it is not known. */
export function judgePosture(posture: BucketPosture, { aws }: Pick<Cluster, 'aws'>): readonly PostureFinding[] {
  const subject: PostureSubject = { aws, posture };
  const foreign = owner(subject);
  if (foreign.length > 0) return foreign;
  const judges: readonly Judge[] = [region, publicAccess, publicPolicy, tls, encryption, ownership, copies];
  const findings = [...judges, lifecycleFindings, unknown].flatMap(judge => judge(subject));
  return [...findings.filter(one => one.severity === 'error'), ...findings.filter(one => one.severity === 'warning')];
}

/** Calls that ask for a posture. */
const calls = 9;

/** Every request names the expected owner, and another’s bucket denies every one of them, as it does without any right. */
const owner: Judge = ({ aws, posture }) => {
  const answers = Object.values(posture.unknown);
  const denied = answers.length >= calls && answers.every(code => code === 'AccessDenied');
  if (!denied) return [];
  return [
    {
      code: 'STAGE_BUCKET_OWNER',
      severity: 'error',
      message: `S3 denies every question about ${aws.bucket}: it is another account’s, or these credentials have no right to it.`,
      hint: `see whose it is and who you are; \`firstboot iam deployer\` has the rights:\n${mendBy('owner', aws)}`,
    },
  ];
};

const region: Judge = ({ aws, posture }) =>
  posture.region === undefined || posture.region === aws.region
    ? []
    : [
        {
          code: 'STAGE_BUCKET_REGION',
          severity: 'error',
          message: `${aws.bucket} is in ${posture.region}, and the spec’s region is ${aws.region}.`,
          hint: 'name a bucket in that region (aws.bucket), or correct aws.region.',
        },
      ];

const switches = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;

const publicAccess: Judge = ({ aws, posture }) => {
  if (Object.hasOwn(posture.unknown, 'GetPublicAccessBlock')) return [];
  const off = switches.filter((_, index) => !posture.publicAccessBlock?.[index]);
  if (off.length === 0) return [];
  const what = posture.publicAccessBlock ? `has ${off.join(', ')} off` : 'is missing';
  return [
    {
      code: 'STAGE_BUCKET_PUBLIC',
      severity: 'error',
      message: `the public access block of ${aws.bucket} ${what}.`,
      hint: `turn on all four:\n${mendBy('public-access-block', aws)}`,
    },
  ];
};

const publicPolicy: Judge = ({ aws, posture }) =>
  publicStatements(parsePolicy(posture.policy ?? '') ?? []).map(statement => ({
    code: 'STAGE_BUCKET_PUBLIC',
    severity: 'error',
    message: `the policy of ${aws.bucket} allows everybody (${statement}).`,
    hint: `take that statement out; this puts firstboot’s own policy in its place:\n${mendBy('bucket-policy', aws)}`,
  }));

const tls: Judge = ({ aws, posture }) => {
  if (Object.hasOwn(posture.unknown, 'GetBucketPolicy')) return [];
  const statements = parsePolicy(posture.policy ?? '') ?? [];
  const allowed = allowedWithoutTls(statements, `arn:${partitionOf(aws.region)}:s3:::${aws.bucket}`);
  if (allowed.length === 0) return [];
  return [
    {
      code: 'STAGE_BUCKET_TLS',
      severity: 'error',
      message: `${posture.policy === undefined ? `${aws.bucket} has no policy, so nothing denies` : `the policy of ${aws.bucket} does not deny`} ${allowed.join(', ')} without TLS.`,
      hint: `deny all that comes with aws:SecureTransport false, on bucket and objects:\n${mendBy('bucket-policy', aws)}`,
    },
  ];
};

const encryption: Judge = ({ aws, posture }) => {
  if (Object.hasOwn(posture.unknown, 'GetBucketEncryption')) return [];
  const { algorithm, kmsKey } = posture.encryption ?? { algorithm: 'AES256', kmsKey: undefined };
  const mend = { code: 'STAGE_BUCKET_ENCRYPTION' as const, hint: `make it so:\n${mendBy('encryption', aws)}` };
  if (!algorithm.startsWith('aws:kms'))
    return [
      aws.kmsKey === null
        ? { ...mend, severity: 'error', message: `${aws.bucket} encrypts by ${algorithm}, not by KMS (aws:kms).` }
        : {
            ...mend,
            severity: 'warning',
            message: `${aws.bucket} encrypts by ${algorithm} what firstboot puts without a key of its own, as user-data in state/; archives are put with aws.kmsKey.`,
          },
    ];
  if (aws.kmsKey === null || aws.kmsKey.includes(':alias/') || kmsKey?.includes('alias/')) return [];
  const same = kmsKey !== undefined && aws.kmsKey.endsWith(`/${kmsKey.split('/').at(-1)}`);
  const other = kmsKey ?? 'the AWS managed key aws/s3';
  return same
    ? []
    : [
        {
          ...mend,
          severity: 'warning',
          message: `${aws.bucket} encrypts state/ with ${other}, and archives are put with another key, aws.kmsKey.`,
        },
      ];
};

const ownership: Judge = ({ aws, posture }) =>
  Object.hasOwn(posture.unknown, 'GetBucketOwnershipControls') || posture.ownership === 'BucketOwnerEnforced'
    ? []
    : [
        {
          code: 'STAGE_BUCKET_OWNERSHIP',
          severity: 'error',
          message: `the object ownership of ${aws.bucket} is ${posture.ownership ?? 'not set (ObjectWriter)'}, so that ACLs count.`,
          hint: `turn ACLs off:\n${mendBy('ownership', aws)}`,
        },
      ];

const copies: Judge = ({ aws, posture }) => {
  const kinds = [
    posture.replication && 'is replicated to another bucket, where staged secrets stay',
    posture.objectLock && 'has Object Lock, which may forbid to delete staged secrets',
  ];
  return kinds
    .filter(kind => kind !== false)
    .map(kind => ({
      code: 'STAGE_BUCKET_COPIES',
      severity: 'error',
      message: `${aws.bucket} ${kind}.`,
      hint: 'use a bucket of its own for firstboot (aws.bucket), without either.',
    }));
};

/** Without these it is not known whether private keys may lie there. */
const vital = ['GetPublicAccessBlock', 'GetBucketPolicy', 'GetBucketEncryption'];

const unknown: Judge = ({ aws, posture }) => {
  const unanswered = Object.entries(posture.unknown);
  const told = (severity: 'error' | 'warning', wanted: boolean): readonly PostureFinding[] => {
    const some = unanswered.filter(([call]) => vital.includes(call) === wanted);
    if (some.length === 0) return [];
    return [
      {
        code: 'STAGE_BUCKET_UNKNOWN',
        severity,
        message: `of ${aws.bucket} it is not known what ${some.map(([call, code]) => `${call} (${code})`).join(', ')} would say.`,
        hint: 'give these credentials the right to ask: `firstboot iam deployer-bucket` has it.',
      },
    ];
  };
  return [...told('error', true), ...told('warning', false)];
};
