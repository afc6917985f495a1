import { CallError } from '../../diagnostics/call-error.ts';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compute } from '../../ports/compute.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { explainCall } from '../../rollout/explain-call.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { systemClock } from '../system-clock.ts';
import { type Clients, openClients, openClientsAt, type Stand } from './clients.ts';
import { createEc2Compute } from './ec2.ts';
import { createS3Store } from './s3.ts';

/** As commands take it (src/commands/aws-side.ts). */
export type RealSide = {
  readonly store: ObjectStore;
  readonly compute: Compute;
  readonly clock: Clock;
  readonly place: string;
  readonly close: () => Promise<void>;
};

/**
 * AWS in the region of the spec, with the caller’s own credentials. Who the caller is, is asked at once: every request to the
 * bucket says that it must belong to this account. Throws an OperationError where there are no credentials, or AWS does
 * not answer or refuses.
 */
export async function openRealSide({ aws }: Pick<Cluster, 'aws'>): Promise<RealSide> {
  return sideOf(await openClients(aws), aws);
}

/** Something on this machine that stands for AWS. */
export async function openSideAt(stand: Stand, { aws }: Pick<Cluster, 'aws'>): Promise<RealSide> {
  return sideOf(openClientsAt(stand), aws);
}

async function sideOf(
  clients: Clients,
  { bucket, region }: Pick<Cluster['aws'], 'bucket' | 'region'>,
): Promise<RealSide> {
  try {
    const compute = createEc2Compute(clients);
    const identity = await compute.caller();
    const accountId = clients.bucketHasAccount ? identity.accountId : undefined;
    return {
      store: createS3Store(clients.s3, { bucket, accountId }),
      compute: { ...compute, caller: async () => identity },
      clock: systemClock,
      place: `AWS account ${identity.accountId}, ${region}`,
      close: async () => clients.close(),
    };
  } catch (error) {
    clients.close();
    if (!(error instanceof CallError)) throw error;
    throw error.code === 'CredentialsMissing' ? noCredentials(error) : explainCall(error, { aws: { bucket, region } });
  }
}

function noCredentials({ message }: CallError): OperationError {
  return new OperationError(
    'AWS_CREDENTIALS_MISSING',
    `There are no AWS credentials: ${message}.`,
    'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `--local` needs none.',
  );
}
