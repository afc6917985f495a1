import type { Ec2 } from '../cloud/ec2.ts';
import { type Ask, type Handler, type Reply, readBody } from '../http.ts';
import { answerEc2, ec2Refusal } from '../shell/ec2-shell.ts';
import type { Owner } from '../shell/ec2-views.ts';
import { answerSsm } from '../shell/ssm-shell.ts';
import { answerSts } from '../shell/sts-shell.ts';
import { sameText } from '../sigv4-check.ts';
import { authenticate, type Keys, type QueryService } from './authenticate.ts';
import type { OpenCloud } from './open-cloud.ts';
import type { CloudSeed } from './seed.ts';

type Served = OpenCloud & {
  readonly owner: Owner;
  readonly keys: () => readonly Keys[];
  /** S3, which reads its own bodies. */
  readonly objects: Handler;
  readonly token: string;
};

/** What firstboot alone asks for; no bucket has such a name. */
export const seedPath = '/-/seed';
const formLimit = 1 << 20;
const seedLimit = 16 << 20;

/** All of the cloud on one port: which service is meant stands in the signature, as there is no host name to tell them apart. */
export function dispatch(served: Served): Handler {
  const answer = answerer(served);
  return async ask => {
    const reply = await answer(ask);
    // The SDK sets its clock by it when the two are far apart.
    const date = new Date(served.owner.now()).toUTCString();
    return reply && { ...reply, headers: { date, ...reply.headers } };
  };
}

function answerer(served: Served): Handler {
  return async ask => {
    if (ask.url === seedPath) return takeSeed(ask, served);
    const service = serviceOf(ask);
    if (service === 's3') return served.objects(ask);
    const body = await readBody(ask, formLimit);
    if (body === undefined) return ec2Refusal(413, 'RequestEntityTooLarge', 'Request entity too large');
    const { owner, keys } = served;
    const signed = authenticate(ask, body, service, { credentials: keys(), region: owner.region, now: owner.now() });
    if ('refusal' in signed) return signed.refusal;
    return answerQuery(service, ask, body.toString(), served, signed.instanceId);
  };
}

async function answerQuery(
  service: QueryService,
  ask: Ask,
  form: string,
  { ec2, owner, save }: Served,
  instanceId: string | undefined,
): Promise<Reply | undefined> {
  switch (service) {
    case 'ec2': {
      const reply = await answerEc2(form, ec2, owner);
      // What was answered must be known after a crash.
      if (!/(?:^|&)Action=(?:Describe|Get)/.test(form)) await save();
      return reply;
    }
    case 'ssm':
      return answerSsm(ask, form, ec2, owner);
    case 'sts':
      return answerSts(form, ec2, instanceId === undefined ? undefined : roleOf(instanceId, ec2));
  }
}

function roleOf(instanceId: string, ec2: Ec2) {
  return { instanceId, role: ec2.roles().find(one => one.instanceId === instanceId)?.name ?? '' };
}

/** Of an unsigned request, by what it looks like; S3 is what looks like nothing else. */
function serviceOf({ headers }: Ask): QueryService | 's3' {
  const scoped = /^AWS4-HMAC-SHA256 .*Credential=[^/]+\/\d{8}\/[^/]*\/([a-z0-9-]+)\//.exec(
    headers.authorization ?? '',
  )?.[1];
  if (scoped === 'ec2' || scoped === 'ssm' || scoped === 'sts') return scoped;
  if (scoped !== undefined) return 's3';
  if (headers['x-amz-target']?.startsWith('AmazonSSM.')) return 'ssm';
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? 'ec2' : 's3';
}

/** What a spec names may have changed since the server began. */
async function takeSeed(ask: Ask, { seed, token }: Served): Promise<Reply> {
  if (ask.method !== 'PUT' || !sameText(ask.headers.authorization ?? '', `Bearer ${token}`)) return { status: 403 };
  const body = await readBody(ask, seedLimit);
  if (body === undefined) return { status: 413 };
  await seed(JSON.parse(body.toString()) as CloudSeed);
  return { status: 204 };
}
