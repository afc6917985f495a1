import { looking } from './deployer.ts';
import { listing } from './deployer-bucket.ts';
import { bucketKey, type IamSubject, namesOf, type Policy, policy } from './names.ts';

/** What `plan` and `status` need, as in a pipeline on a pull request: they look, read the journal, and change nothing. */
export function planner(subject: IamSubject): Policy {
  const { state } = namesOf(subject);
  const { Resource, Condition } = bucketKey(subject, [state]);
  return policy([
    ...looking(subject),
    { Sid: 'Journal', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [state] },
    ...listing(subject),
    { Sid: 'BucketKey', Effect: 'Allow', Action: ['kms:Decrypt'], Resource, Condition },
  ]);
}
