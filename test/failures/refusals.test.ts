import { expect, test, vi } from 'vitest';
import type { Posture } from '../../src/local/cloud/s3-types.ts';
import type { Ask, Reply } from '../../src/local/http.ts';
import { type FailureCase, testFailures } from './cases.ts';
import { codeIn, expectText } from './texts.ts';
import { type FailureWorld, failureWorld } from './world.ts';

const applying = ['apply', '--wait', 'booted', '--yes'];
const faults =
  (...rules: string[]) =>
  (world: FailureWorld) =>
    rules.forEach(world.cloud.fault);
const isFor = ({ headers }: Ask, service: string) => headers.authorization?.includes(`/${service}/`);
const stranger: Reply = {
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::210987654321:user/eve</Arn><UserId>AIDA</UserId><Account>210987654321</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`,
};
const deny = (call: string, live = 0): FailureCase => ({
  name: `17-denied-${call.replace(':', '-')}`,
  provoke: faults(`${call}=${/Object|Bucket/.test(call) ? 'AccessDenied' : 'UnauthorizedOperation'}`),
  code: 'CALL_DENIED',
  live,
});

testFailures([
  { name: '17-wrong-region', provoke: faults('ListObjectVersions=PermanentRedirect'), code: 'CALL_REGION' },
  ...['DescribeInstances', 'GetParameter', 'RunInstances:DryRun', 'RunInstances', 'ListObjectsV2', 'PutObject'].map(
    call => deny(call),
  ),
  deny('GetConsoleOutput', 1),
  {
    name: '17-wrong-account',
    provoke: world => {
      world.meddle = ask => (isFor(ask, 'sts') ? stranger : undefined);
    },
    code: 'CALL_DENIED',
  },
  {
    name: '17-clock-skew',
    provoke: world => {
      world.skew = 3_600_000;
    },
    code: 'CALL_CLOCK',
  },
  { name: '17-expired-at-the-start', provoke: faults('GetCallerIdentity=ExpiredToken'), code: 'CALL_CREDENTIALS' },
  { name: '17-expired-in-the-middle', provoke: faults('RunInstances=ExpiredToken'), code: 'CALL_CREDENTIALS' },
  {
    name: 'no-credentials',
    provoke: () => vi.stubEnv('AWS_ACCESS_KEY_ID', undefined),
    mend: () => vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE'),
    code: 'AWS_CREDENTIALS_MISSING',
  },
  {
    name: 'unknown-credentials',
    provoke: () => vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAANOTHER'),
    mend: () => vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE'),
    code: 'CALL_CREDENTIALS',
  },
  {
    name: 'no-such-bucket',
    provoke: ({ folder }) => folder.edit('cluster.yaml', text => text.replace('example-firstboot', 'example-other')),
    mend: ({ folder }) => folder.edit('cluster.yaml', text => text.replace('example-other', 'example-firstboot')),
    code: 'CALL_NO_BUCKET',
  },
  {
    name: 'endpoint-does-not-answer',
    provoke: () => vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9'),
    mend: ({ endpoint }) => vi.stubEnv('AWS_ENDPOINT_URL', endpoint),
    code: 'CALL_UNANSWERED',
  },
  {
    name: 'private-key-missing',
    provoke: ({ folder }) => folder.write('pki/worker-0-key.pem', folder.read('pki/worker-0-key.pem').slice(0, 0)),
    mend: ({ folder }) => folder.write('pki/worker-0-key.pem', folder.identities['worker-0'].key, 0o600),
    code: 'PKI_NOT_PEM',
    wide: true,
  },
]);

test('17: a clock that the SDK may ask twice about is put right by the answer', async () => {
  const world = await failureWorld();
  vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
  world.skew = -3_600_000;
  expect((await world.run('plan')).code).toBe(0);
});

const postures: Readonly<Record<string, { readonly posture: Partial<Posture>; readonly code: string }>> = {
  public: { posture: { publicAccessBlock: [true, true, false, true] }, code: 'STAGE_BUCKET_PUBLIC' },
  tls: { posture: { policy: undefined }, code: 'STAGE_BUCKET_TLS' },
  encryption: { posture: { encryption: undefined }, code: 'STAGE_BUCKET_ENCRYPTION' },
  ownership: { posture: { ownership: 'ObjectWriter' }, code: 'STAGE_BUCKET_OWNERSHIP' },
  replicated: { posture: { replication: true }, code: 'STAGE_BUCKET_COPIES' },
  'object-lock': { posture: { objectLock: true }, code: 'STAGE_BUCKET_COPIES' },
};

test.each(Object.entries(postures))('18-weak-bucket-%s', async (name, { posture, code }) => {
  const world = await failureWorld();
  const bucket = 'example-firstboot';
  world.cloud.s3.setPosture(bucket, posture);
  const told = await world.run('stage');
  await expectText(`18-weak-bucket-${name}`, ['stage'], told);
  const again = await world.run(...applying, '--json');
  expect([told.code, again.code, codeIn(again)]).toEqual([1, 1, code]);
  expect(await world.cloud.store().list('')).toEqual([]);
  expect(world.cloud.ec2.callCounts().RunInstances).toBeUndefined();
  expect((await world.run('stage', '--allow-weak-bucket')).code).toBe(0);
});
