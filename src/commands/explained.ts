import { CallError } from '../diagnostics/call-error.ts';
import { explainCall } from '../rollout/explain-call.ts';
import type { Cluster } from '../spec/resolve.ts';

/** Waits for work on the AWS side; a call that failed becomes what a person can do about it. `server`: of the api-server. */
export async function explained<R>(work: () => Promise<R>, cluster: Cluster, server?: string): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CallError ? explainCall(error, { aws: cluster.aws, server }) : error;
  }
}
