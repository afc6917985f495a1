import { bucketKey, type IamSubject, namesOf, type Policy, policy } from './names.ts';

/** As the console’s default for administrators of a key, but for CreateGrant, by which they could use it after all. */
const administration = [
  'kms:CreateAlias',
  'kms:Describe*',
  'kms:Enable*',
  'kms:List*',
  'kms:Put*',
  'kms:Update*',
  'kms:Revoke*',
  'kms:Disable*',
  'kms:Get*',
  'kms:Delete*',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:ScheduleKeyDeletion',
  'kms:CancelKeyDeletion',
];

/**
 * The policy of the bucket’s key. The account administers it, but its IAM policies alone let nobody decrypt: node role, deployer
 * and planner are named, through S3 and for this bucket’s objects only.
 */
export function keyPolicy(subject: IamSubject): Policy {
  const { account, nodeRole, deployer, planner, secrets, state, binaries } = namesOf(subject);
  const used = (objects: readonly string[]) => {
    const { StringEquals, StringLike } = bucketKey(subject, objects).Condition;
    return { StringEquals, StringLike };
  };
  return policy([
    {
      Sid: 'AdministerButNotUse',
      Effect: 'Allow',
      Principal: { AWS: account },
      Action: administration,
      Resource: ['*'],
    },
    {
      Sid: 'NodesDecryptThroughS3',
      Effect: 'Allow',
      Principal: { AWS: nodeRole },
      Action: ['kms:Decrypt'],
      Resource: ['*'],
      Condition: used([secrets, binaries]),
    },
    {
      Sid: 'DeployerUsesItThroughS3',
      Effect: 'Allow',
      Principal: { AWS: deployer },
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: ['*'],
      Condition: used([secrets, state, binaries]),
    },
    {
      // By a condition, since KMS refuses a policy that names a role which is not there, and the planner is optional.
      Sid: 'PlannerReadsTheJournal',
      Effect: 'Allow',
      Principal: { AWS: account },
      Action: ['kms:Decrypt'],
      Resource: ['*'],
      Condition: { ...used([state]), ArnEquals: { 'aws:PrincipalArn': planner } },
    },
  ]);
}
