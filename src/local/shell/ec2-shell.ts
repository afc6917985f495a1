import { randomUUID } from 'node:crypto';
import { CallError } from '../../diagnostics/call-error.ts';
import type { CloudCompute } from '../cloud/cloud.ts';
import type { Reply } from '../http.ts';
import { type Action, instanceActions } from './ec2-instances.ts';
import { otherActions } from './ec2-others.ts';
import { readParams, refuse } from './ec2-params.ts';
import type { Owner } from './ec2-views.ts';
import { ec2Answer, ec2Error } from './ec2-xml.ts';

const actions: Readonly<Record<string, Action>> = { ...instanceActions, ...otherActions };
const version = '2016-11-15';

/**
 * One request of EC2’s Query protocol (Amazon EC2 API Reference, “Query requests”), whose signature was found good. Undefined:
 * nobody is to hear whether it was carried out.
 */
export async function answerEc2(form: string, cloud: CloudCompute, owner: Owner): Promise<Reply | undefined> {
  const requestId = randomUUID();
  try {
    const params = readParams(form);
    const action = Object.hasOwn(actions, params.action) ? actions[params.action] : undefined;
    if (!action)
      throw refuse(params.action, 'InvalidAction', `The action ${params.action} is not valid for this web service.`);
    const asked = new URLSearchParams(form).get('Version');
    if (asked !== version)
      throw refuse(
        params.action,
        'NoSuchVersion',
        `The requested version (${asked}) of service AmazonEC2 does not exist`,
      );
    return xmlReply(200, requestId, ec2Answer(params.action, requestId, await action(params, cloud, owner)));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code === 'NoResponse') return undefined;
    return ec2Refusal(error.status ?? 400, error.code, error.message, requestId);
  }
}

export function ec2Refusal(status: number, code: string, message: string, requestId: string = randomUUID()): Reply {
  return xmlReply(status, requestId, ec2Error(requestId, code, message));
}

function xmlReply(status: number, requestId: string, body: string): Reply {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId }, body };
}
