import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { openRealSide } from '../../src/adapters/aws/aws-side.ts';
import type { CallError } from '../../src/diagnostics/call-error.ts';
import { OperationError } from '../../src/diagnostics/operation-error.ts';
import { exampleCluster, launchRequest } from '../support/cloud.ts';
import { adaptersAt, answering, environment, keys } from './aws-world.ts';

const cluster = exampleCluster();

async function thrownBy<T extends Error = CallError>(work: Promise<unknown>): Promise<T> {
  return work.then(
    () => expect.fail('it was not refused'),
    (error: T) => error,
  );
}

const s3Error = (code: string, message: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
const ec2Error = (code: string, message: string) =>
  `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`;

test('a service’s code, message and status are kept', async () => {
  const text = ec2Error('InvalidSubnetID.NotFound', 'The subnet ID does not exist');
  const { endpoint } = await answering((_, reply) => reply.writeHead(400).end(text));
  expect(await thrownBy(adaptersAt(endpoint).compute.subnet('subnet-0'))).toMatchObject({
    name: 'CallError',
    service: 'EC2',
    call: 'DescribeSubnets',
    code: 'InvalidSubnetID.NotFound',
    status: 400,
    message: 'The subnet ID does not exist',
  });
});

test('a host that refuses the connection is named, and it is not known whether the call was carried out', async () => {
  const error = await thrownBy(adaptersAt('http://127.0.0.1:1').store.get('a'));
  expect(error).toMatchObject({ service: 'S3', call: 'GetObject', code: 'NoResponse', status: undefined });
  expect(error.message).toBe('cannot reach 127.0.0.1:1: the connection is refused (ECONNREFUSED)');
});

test('a host without an address is named', async () => {
  const error = await thrownBy(adaptersAt('http://nowhere.invalid').store.get('a'));
  expect(error).toMatchObject({ code: 'NoResponse', status: undefined });
  expect(error.message).toMatch(/^cannot reach nowhere\.invalid: .+ \((ENOTFOUND|EAI_AGAIN)\)$/);
});

test('a connection that is cut is asked for again, then it is NoResponse', async () => {
  const { endpoint, asked } = await answering(ask => ask.socket.destroy());
  expect(await thrownBy(adaptersAt(endpoint).compute.subnet('subnet-0'))).toMatchObject({ code: 'NoResponse' });
  expect(asked()).toBe(3);
});

test('an answer that is not the service’s is NoResponse, with its status', async () => {
  const { endpoint } = await answering((_, reply) => reply.writeHead(502).end('<html><p>Bad gateway<br></html>'));
  const { compute } = adaptersAt(endpoint);
  expect(await thrownBy(compute.subnet('subnet-0'))).toMatchObject({ code: 'NoResponse', status: 502 });
});

test.each([
  [301, 'PermanentRedirect'],
  [400, 'BadRequest'],
  [403, 'AccessDenied'],
  [500, 'InternalError'],
])('HEAD has no body: %i is %s', async (status, code) => {
  const { endpoint } = await answering((_, reply) => reply.writeHead(status).end());
  expect(await thrownBy(adaptersAt(endpoint).store.head('a'))).toMatchObject({ call: 'HeadObject', code, status });
});

test('an object’s id is in no part of an error', async () => {
  const id = '0123456789abcdef'.repeat(4);
  const message = `User: arn:aws:iam::123456789012:user/op is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::example-firstboot/secrets/from-scratch/worker-0/${id}.tar"`;
  const { endpoint } = await answering((_, reply) => reply.writeHead(403).end(s3Error('AccessDenied', message)));
  const put = adaptersAt(endpoint).store.put({
    key: `secrets/from-scratch/worker-0/${id}.tar`,
    bytes: new Uint8Array(1),
  });
  const error = await thrownBy(put);
  expect(error.message).toContain('worker-0/[object id].tar');
  expect(inspect(error, { depth: 10 })).not.toContain(id);
});

test('user-data is in no part of an error, nor what only EC2 can decode', async () => {
  const text = ec2Error('UnauthorizedOperation', 'You may not. Encoded authorization failure message: abc-DEF');
  const { endpoint } = await answering((_, reply) => reply.writeHead(403).end(text));
  const request = launchRequest({ cluster }, { userData: new TextEncoder().encode('a kubelet’s private key') });
  const error = await thrownBy(adaptersAt(endpoint).compute.launch(request));
  expect(error).toMatchObject({ code: 'UnauthorizedOperation', message: 'You may not.' });
  const everything = inspect(error, { depth: 10 });
  expect(everything).not.toContain(Buffer.from(request.userData).toString('base64').slice(0, 20));
  expect(everything).not.toContain('private key');
});

test('bytes that do not have their checksum are refused', async () => {
  const { endpoint } = await answering((_, reply) =>
    reply.writeHead(200, { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }).end('something'),
  );
  expect(await thrownBy(adaptersAt(endpoint).store.get('a'))).toMatchObject({ code: 'ChecksumMismatch' });
});

test('versions that are refused one by one are an error, those that are gone are not', async () => {
  const refusals = (code: string) => `<DeleteResult><Error><Key>a</Key><Code>${code}</Code></Error></DeleteResult>`;
  for (const [code, expected] of [
    ['AccessDenied', 'AccessDenied'],
    ['NoSuchVersion', undefined],
  ] as const) {
    const { endpoint } = await answering((_, reply) => reply.writeHead(200).end(refusals(code)));
    const removed = adaptersAt(endpoint).store.remove([{ key: 'a', versionId: '1' }]);
    const outcome = await removed.then(
      () => undefined,
      (error: CallError) => error.code,
    );
    expect(outcome).toBe(expected);
  }
});

test('a posture has what could not be asked in `unknown`, and passes on what went wrong', async () => {
  const denied = await answering((_, reply) => reply.writeHead(403).end(s3Error('AccessDenied', 'Access Denied')));
  const posture = await adaptersAt(denied.endpoint).store.posture();
  expect(Object.values(posture.unknown)).toEqual(Array.from({ length: 9 }, () => 'AccessDenied'));
  expect(posture).toMatchObject({ region: undefined, policy: undefined, encryption: undefined });
  const absent = await answering((_, reply) => reply.writeHead(404).end(s3Error('NoSuchBucket', 'no')));
  expect(await thrownBy(adaptersAt(absent.endpoint).store.posture())).toMatchObject({ code: 'NoSuchBucket' });
});

test('without credentials nothing is asked, and the hint says where they are looked for', async () => {
  const { endpoint, asked } = await answering((_, reply) => reply.end());
  environment({ AWS_ENDPOINT_URL: endpoint });
  const error = await thrownBy<OperationError>(openRealSide(cluster));
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({ code: 'AWS_CREDENTIALS_MISSING', hint: expect.stringContaining('AWS_PROFILE') });
  expect(asked()).toBe(0);
});

test('a failing credential_process is not told with its command line', async () => {
  const home = environment({ AWS_PROFILE: 'ops' });
  writeFileSync(path.join(home, 'config'), '[profile ops]\ncredential_process = false --token hunter2\n');
  const error = await thrownBy<OperationError>(openRealSide(cluster));
  expect(error.code).toBe('AWS_CREDENTIALS_MISSING');
  expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
});

test('a token file that is not there is named', async () => {
  const file = path.join(environment(), 'token');
  environment({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/ci' });
  const error = await thrownBy<OperationError>(openRealSide(cluster));
  expect(error).toMatchObject({ code: 'AWS_CREDENTIALS_MISSING', message: expect.stringContaining(file) });
});

test('a session that has expired says so', async () => {
  const text = `<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>`;
  const { endpoint } = await answering((_, reply) => reply.writeHead(403).end(text));
  environment({ ...keys, AWS_SESSION_TOKEN: 'old', AWS_ENDPOINT_URL: endpoint });
  const error = await thrownBy<OperationError>(openRealSide(cluster));
  expect(error).toMatchObject({ code: 'CALL_CREDENTIALS', message: expect.stringContaining('STS GetCallerIdentity') });
});

test('AWS_CA_BUNDLE must be there', async () => {
  environment({ ...keys, AWS_CA_BUNDLE: '/nowhere/ca.pem' });
  const error = await thrownBy<OperationError>(openRealSide(cluster));
  expect(error).toMatchObject({ code: 'AWS_CA_NOT_READ', message: expect.stringContaining('/nowhere/ca.pem') });
});
