import { partitionOf } from '../../spec/bucket-url.ts';
import type { Cluster } from '../../spec/resolve.ts';
import type { Json } from '../../tree/merge.ts';

/** Whose policies are printed. The roles may have any names; these are the ones that the documents speak of. */
export type IamSubject = {
  readonly cluster: Cluster;
  /** Twelve digits, or the placeholder, which AWS refuses. */
  readonly account: string;
};

export const accountPlaceholder = 'ACCOUNT_ID';
export const deployerName = 'firstboot-deployer';
export const plannerName = 'firstboot-planner';

export type Statement = {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Json;
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: Json } };
};

export type Policy = { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] };

export function policy(statements: readonly Statement[]): Policy {
  return { Version: '2012-10-17', Statement: statements };
}

/** ARNs and names of a spec, in its partition, region and account. */
export function namesOf({ cluster, account }: IamSubject) {
  const { aws, name, workers } = cluster;
  const partition = partitionOf(aws.region);
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const bucket = `arn:${partition}:s3:::${aws.bucket}`;
  const below = (folder: string) => `${bucket}/${aws.prefix}${folder}`;
  const regional = (service: string, resource: string) =>
    `arn:${partition}:${service}:${aws.region}:${account}:${resource}`;
  const iam = (resource: string) => `arn:${partition}:iam::${account}:${resource}`;
  const kmsService = (service: string) => `${service}.${aws.region}.${domain}`;
  const unique = (values: readonly (string | null)[]) => [...new Set(values)].filter(value => value !== null).sort();
  return {
    bucket,
    secrets: below(`secrets/${name}/*`),
    state: below(`state/${name}/*`),
    binaries: below('bin/*'),
    regional,
    /** A public image, snapshot or parameter belongs to no account of ours. */
    ownerless: (service: string, resource: string) => `arn:${partition}:${service}:${aws.region}::${resource}`,
    account: iam('root'),
    nodeRole: iam(`role/${aws.instanceProfile}`),
    instanceProfile: iam(`instance-profile/${aws.instanceProfile}`),
    deployer: iam(`role/${deployerName}`),
    planner: iam(`role/${plannerName}`),
    policyOf: (name: string) => iam(`policy/${name}`),
    spotRole: iam('role/aws-service-role/spot.amazonaws.com/*'),
    ec2Service: `ec2.${domain}`,
    kmsService,
    subnets: unique(workers.map(worker => worker.launch.subnet)),
    images: unique(workers.map(worker => worker.launch.image)),
  };
}

/**
 * Use of the bucket’s key through S3, for objects of these ARNs. The encryption context is the bucket’s ARN with Bucket Keys,
 * else the object’s (S3 User Guide, “Encryption context”). An alias, and a default key that the bucket alone knows, are not
 * named by an ARN.
 */
export function bucketKey(subject: IamSubject, objects: readonly string[]) {
  const { kmsKey } = subject.cluster.aws;
  const { regional, kmsService, bucket } = namesOf(subject);
  const Condition = {
    StringEquals: { 'kms:ViaService': kmsService('s3') },
    StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucket, ...objects] },
  };
  if (kmsKey === null) return { Resource: [regional('kms', 'key/*')], Condition };
  const { Resource, byAlias } = keyNamed(kmsKey);
  return { Resource, Condition: { ...Condition, ...byAlias } };
}

/** A statement’s resource for a key that may be named by an alias: IAM compares with the key’s own ARN, so an alias is a condition. */
export function keyNamed(kmsKey: string) {
  const [, owner, alias] = /^(.*:)(alias\/.*)$/.exec(kmsKey) ?? [];
  if (alias === undefined) return { Resource: [kmsKey], byAlias: {} };
  return { Resource: [`${owner}key/*`], byAlias: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } } };
}
