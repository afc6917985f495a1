import { bucketKey, type IamSubject, namesOf, type Policy, policy } from './names.ts';

/** Who may take the role: an EC2 instance. */
export function nodeTrust(subject: IamSubject): Policy {
  return policy([
    {
      Sid: 'Instances',
      Effect: 'Allow',
      Principal: { Service: namesOf(subject).ec2Service },
      Action: ['sts:AssumeRole'],
    },
  ]);
}

/**
 * What a node may do: read archives and binaries, nothing else; above all not list, so that a name that is not known opens
 * nothing. With instance-scoped delivery it reads what lies below its own instance’s ARN alone.
 */
export function nodeRole(subject: IamSubject): Policy {
  const { binaries, secrets } = namesOf(subject);
  const readable = [ownSecrets(subject), binaries];
  return policy([
    { Sid: 'ReadSecretsAndBinaries', Effect: 'Allow', Action: ['s3:GetObject'], Resource: readable },
    {
      Sid: 'DecryptThroughS3',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      // S3 asks KMS in the role’s name; that the instance’s ARN is known there is not documented, so the cluster’s prefix stands.
      ...bucketKey(subject, [secrets, binaries]),
    },
  ]);
}

export function ownSecrets(subject: IamSubject): string {
  const { secrets } = namesOf(subject);
  if (subject.cluster.aws.delivery === 'content-addressed') return secrets;
  return secrets.replace(/\*$/, '${ec2:SourceInstanceARN}/*');
}
