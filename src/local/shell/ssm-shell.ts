import { randomUUID } from 'node:crypto';
import { CallError } from '../../diagnostics/call-error.ts';
import type { CloudCompute } from '../cloud/cloud.ts';
import type { Ask, Reply } from '../http.ts';
import type { Owner } from './ec2-views.ts';

/** One request of SSM (JSON 1.1), whose signature was found good: public parameters, which name images. */
export async function answerSsm(ask: Ask, body: string, cloud: CloudCompute, owner: Owner): Promise<Reply | undefined> {
  const target = ask.headers['x-amz-target'] ?? '';
  try {
    if (target === 'AmazonSSM.GetParameter') return ok(await getParameter(namesIn(body, 'Name'), cloud, owner));
    if (target === 'AmazonSSM.GetParameters') return ok(await getParameters(namesIn(body, 'Names'), cloud, owner));
    return ssmRefusal(400, 'UnknownOperationException', `the embedded cloud does not know ${target}`);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return error.code === 'NoResponse' ? undefined : ssmRefusal(error.status ?? 400, error.code, error.message);
  }
}

export function ssmRefusal(status: number, code: string, message: string): Reply {
  return jsonReply(status, { __type: code, message });
}

/** What is asked for; nothing where the document is another. */
function namesIn(body: string, field: 'Name' | 'Names'): readonly string[] {
  try {
    const value = (JSON.parse(body) as Readonly<Record<string, unknown>>)[field];
    return [value].flat().filter((one): one is string => typeof one === 'string');
  } catch {
    throw new CallError('SSM', 'GetParameter', 'SerializationException', 'The request is not JSON', 400);
  }
}

async function getParameter([name]: readonly string[], { calls }: CloudCompute, owner: Owner) {
  const value = name === undefined ? undefined : await calls.readParameter(name);
  if (name === undefined || value === undefined)
    throw new CallError('SSM', 'GetParameter', 'ParameterNotFound', '', 400);
  return { Parameter: parameter(name, value, owner) };
}

async function getParameters(names: readonly string[], { calls }: CloudCompute, owner: Owner) {
  const found = await Promise.all(names.map(async name => ({ name, value: await calls.readParameter(name) })));
  return {
    Parameters: found.flatMap(({ name, value }) => (value === undefined ? [] : [parameter(name, value, owner)])),
    InvalidParameters: found.flatMap(({ name, value }) => (value === undefined ? [name] : [])),
  };
}

function parameter(name: string, value: string, { region }: Owner) {
  return {
    ARN: `arn:aws:ssm:${region}::parameter${name.startsWith('/') ? '' : '/'}${name}`,
    DataType: 'aws:ec2:image',
    Name: name,
    Type: 'String',
    Value: value,
    Version: 1,
  };
}

function ok(document: Readonly<Record<string, unknown>>): Reply {
  return jsonReply(200, document);
}

function jsonReply(status: number, document: Readonly<Record<string, unknown>>): Reply {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(document),
  };
}
