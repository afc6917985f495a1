import { randomUUID } from 'node:crypto';
import { CallError } from '../../diagnostics/call-error.ts';
import type { CloudCompute } from '../cloud/cloud.ts';
import type { Reply } from '../http.ts';
import { readParams, refuse } from './ec2-params.ts';
import { stsAnswer, stsError } from './ec2-xml.ts';

/** One request of STS (Query protocol), whose signature was found good. `instanceId`: whose role asks, if not the operator. */
export async function answerSts(
  form: string,
  { compute }: CloudCompute,
  instance: { readonly instanceId: string; readonly role: string } | undefined,
): Promise<Reply | undefined> {
  const requestId = randomUUID();
  try {
    const params = readParams(form);
    if (params.action !== 'GetCallerIdentity')
      throw refuse(params.action, 'InvalidAction', `Could not find operation ${params.action} for version 2011-06-15`);
    const { accountId, arn } = await compute.caller();
    const identity = instance
      ? {
          Arn: `arn:aws:sts::${accountId}:assumed-role/${instance.role}/${instance.instanceId}`,
          UserId: `AROAIOSFODNN7EXAMPLE:${instance.instanceId}`,
        }
      : { Arn: arn, UserId: 'AIDAIOSFODNN7EXAMPLE' };
    const body = stsAnswer(params.action, requestId, { ...identity, Account: accountId });
    return xmlReply(200, requestId, body);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code === 'NoResponse') return undefined;
    return stsRefusal(error.status ?? 400, error.code, error.message, requestId);
  }
}

export function stsRefusal(status: number, code: string, message: string, requestId: string = randomUUID()): Reply {
  return xmlReply(status, requestId, stsError(requestId, code, message));
}

function xmlReply(status: number, requestId: string, body: string): Reply {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body };
}
