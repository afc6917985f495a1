import type { Json } from '../../tree/merge.ts';
import { bucketPolicy, encryption, lifecycle, ownership, publicAccessBlock } from './bucket.ts';
import { clusterRole, clusterRoleHealthz } from './cluster-role.ts';
import { deployer } from './deployer.ts';
import { deployerBucket } from './deployer-bucket.ts';
import { keyPolicy } from './key-policy.ts';
import { deployerName, type IamSubject, namesOf, type Policy, plannerName } from './names.ts';
import { nodeRole, nodeTrust } from './node-role.ts';
import { planner } from './planner.ts';

/** One document to be applied as it is. */
export type IamDocument = {
  /** What `firstboot iam NAME` takes, and the name of the file in `apply`. */
  readonly name: string;
  readonly format: 'json' | 'yaml';
  /** Whose, or what of, in one line. */
  readonly title: string;
  /** Command lines. */
  readonly apply: readonly string[];
  /** A list: several YAML documents. */
  readonly content: Json;
};

/** In the order in which they are applied: the roles before the policies that name them. */
export function iamDocuments(subject: IamSubject): readonly IamDocument[] {
  const { bucket, instanceProfile: nodes } = subject.cluster.aws;
  const ofBucket = (name: string, call: string, option: string, title: string, content: Json): IamDocument => ({
    name,
    format: 'json',
    title,
    apply: [`aws s3api ${call} --bucket ${bucket} \\`, `  --${option} file://${name}.json`],
    content,
  });
  const ofRole = (name: string, role: string, title: string, content: Policy): IamDocument => ({
    name,
    format: 'json',
    title,
    apply: [
      `aws iam create-policy --policy-name firstboot-${name} \\`,
      `  --policy-document file://${name}.json`,
      `aws iam attach-role-policy --role-name ${role} \\`,
      `  --policy-arn ${namesOf(subject).policyOf(`firstboot-${name}`)}`,
    ],
    content: content as unknown as Json,
  });
  return [
    {
      name: 'node-trust',
      format: 'json',
      title: `who may take the nodes’ role ${nodes}: instances`,
      apply: [
        `aws iam create-role --role-name ${nodes} \\`,
        '  --assume-role-policy-document file://node-trust.json',
        `aws iam create-instance-profile --instance-profile-name ${nodes}`,
        `aws iam add-role-to-instance-profile --role-name ${nodes} \\`,
        `  --instance-profile-name ${nodes}`,
      ],
      content: nodeTrust(subject) as unknown as Json,
    },
    {
      name: 'node-role',
      format: 'json',
      title: 'what a node may do: read archives and binaries',
      apply: [
        `aws iam put-role-policy --role-name ${nodes} \\`,
        '  --policy-name firstboot-node --policy-document file://node-role.json',
      ],
      content: nodeRole(subject) as unknown as Json,
    },
    ofRole('deployer', deployerName, 'what whoever runs firstboot may do on EC2', deployer(subject)),
    ofRole(
      'deployer-bucket',
      deployerName,
      'what whoever runs firstboot may do with the bucket',
      deployerBucket(subject),
    ),
    ofRole('planner', plannerName, 'optional, for `plan` and `status` alone: nothing is changed', planner(subject)),
    ofBucket(
      'public-access-block',
      'put-public-access-block',
      'public-access-block-configuration',
      'no public access to the bucket, in all four ways',
      publicAccessBlock,
    ),
    ofBucket(
      'ownership',
      'put-bucket-ownership-controls',
      'ownership-controls',
      'no ACLs: policies alone decide',
      ownership,
    ),
    ofBucket(
      'encryption',
      'put-bucket-encryption',
      'server-side-encryption-configuration',
      'KMS for all that says nothing else',
      encryption(subject),
    ),
    ofBucket(
      'lifecycle',
      'put-bucket-lifecycle-configuration',
      'lifecycle-configuration',
      'one day for staged secrets, as a backstop',
      lifecycle(subject),
    ),
    ofBucket(
      'bucket-policy',
      'put-bucket-policy',
      'policy',
      'no request without TLS, no other encryption, no other readers',
      bucketPolicy(subject) as unknown as Json,
    ),
    {
      name: 'key-policy',
      format: 'json',
      title: 'a KMS key of the bucket’s own, where aws.kmsKey names one',
      apply: ['aws kms put-key-policy --key-id KEY_ID --policy-name default \\', '  --policy file://key-policy.json'],
      content: keyPolicy(subject) as unknown as Json,
    },
    {
      name: 'cluster-role',
      format: 'yaml',
      title: `what the group ${deployerName} may ask of the api-server`,
      apply: ['kubectl apply -f cluster-role.yaml'],
      content: clusterRole,
    },
    {
      name: 'cluster-role-healthz',
      format: 'yaml',
      title: 'optional, for the proof by healthz; also permits exec in pods',
      apply: ['kubectl apply -f cluster-role-healthz.yaml'],
      content: clusterRoleHealthz,
    },
  ];
}
