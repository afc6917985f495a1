import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, servedBy } from '../../src/local/cloud-server/server-file.ts';
import { makeCluster, type RunResult, run, type TestCluster } from '../support/cluster.ts';
import { compiled, eventually, launchOf, openSide } from '../support/local-cloud.ts';

type LocalCluster = TestCluster & { readonly state: string; readonly local: (...argv: string[]) => Promise<RunResult> };

/** A cluster whose embedded cloud is ended with the test. */
async function makeLocalCluster(): Promise<LocalCluster> {
  const cluster = await makeCluster();
  const local = (...argv: string[]) => run(cluster, 'local', ...argv);
  onTestFinished(async () => void (await local('down')));
  return { ...cluster, state: path.join(cluster.folder, '.firstboot-cloud'), local };
}

/** Without the line breaks of a terminal. */
const said = ({ err }: RunResult) => err.replace(/\s+/g, ' ');

/** What `eval` of the output would put into the environment. */
function environmentIn(out: string): Readonly<Record<string, string>> {
  const lines = out.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map(line => {
      const [, name = '', value = ''] = /^export (\w+)=(\S*)$/.exec(line) ?? [];
      return [name, value];
    }),
  );
}

function clientsFor(environment: Readonly<Record<string, string>>) {
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId = '' } = environment;
  const credentials = { accessKeyId, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '' };
  const config = { endpoint, region, credentials, maxAttempts: 1 } as object;
  return {
    ec2: new EC2Client(config),
    sts: new STSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
}

const modeOf = (file: string) => (fs.statSync(file).mode & 0o777).toString(8);

test('up prints what points an SDK at it, and answers; again it prints the same; down ends it', async () => {
  const { local, state } = await makeLocalCluster();
  const first = await local('up');
  expect(first.code, first.err).toBe(0);
  const environment = environmentIn(first.out);
  expect(Object.keys(environment)).toEqual([
    'AWS_ENDPOINT_URL',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_EC2_METADATA_DISABLED',
  ]);
  const { ec2, sts, s3 } = clientsFor(environment);
  expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
  expect((await ec2.send(new DescribeInstancesCommand({}))).Reservations).toEqual([]);
  const object = { Bucket: 'example-firstboot', Key: 'state/x' };
  await s3.send(new PutObjectCommand({ ...object, Body: 'kept' }));
  const again = await local('up');
  expect([again.out, again.code]).toEqual([first.out, 0]);
  expect((await local('up', '--json')).json.environment).toEqual(environment);
  const running = servedBy(state);
  expect([modeOf(state), modeOf(path.join(state, 'server.json')), modeOf(path.join(state, 'cloud.json'))]).toEqual([
    '700',
    '600',
    '600',
  ]);
  const down = await local('down');
  expect([down.code, said(down)]).toEqual([0, expect.stringContaining('has ended')]);
  expect([servedBy(state), running && isAlive(running)]).toEqual([undefined, false]);
  expect(said(await local('down'))).toContain('No embedded cloud runs');
  // The state is as it was, at the same address with the same keys.
  const third = await local('up');
  expect(environmentIn(third.out)).toEqual(environment);
  expect(await (await s3.send(new GetObjectCommand(object))).Body?.transformToString()).toBe('kept');
});

test('killed, it starts again with what it had answered', async () => {
  const cluster = await makeLocalCluster();
  await cluster.local('up');
  const subject = await compiled(cluster);
  const side = await openSide(subject);
  const { instanceId } = await side.compute.launch(launchOf(subject));
  const running = servedBy(cluster.state);
  process.kill(running?.pid ?? 0, 'SIGKILL');
  await eventually('its end', async () => running && !isAlive(running));
  // server.json of the dead one is still there.
  expect([fs.existsSync(path.join(cluster.state, 'server.json')), servedBy(cluster.state)]).toEqual([true, undefined]);
  const again = await cluster.local('up');
  expect(again.code, again.err).toBe(0);
  const found = await eventually('the instance', () => side.compute.instance(instanceId));
  expect(found).toMatchObject({ instanceId, privateIp: '10.0.1.20' });
});

test('of several that start at once in a new folder one serves, and all print the same', async () => {
  const { local } = await makeLocalCluster();
  const all = await Promise.all([1, 2, 3, 4].map(() => local('up')));
  for (const { code, err, out } of all) expect([code, out], err).toEqual([0, all[0]?.out]);
});

test('of several that start at once, after one that was killed, one serves, and all print the same', async () => {
  const { local, state } = await makeLocalCluster();
  await local('up');
  const killed = servedBy(state);
  process.kill(killed?.pid ?? 0, 'SIGKILL');
  await eventually('its end', async () => killed && !isAlive(killed));
  const all = await Promise.all([1, 2, 3].map(() => local('up')));
  const [pid] = [servedBy(state)?.pid];
  for (const { code, err, out } of all) expect([code, out], err).toEqual([0, all[0]?.out]);
  expect(servedBy(state)?.pid).toBe(pid);
});

test('another process with the number of a dead server is not taken for it', async () => {
  const cluster = await makeLocalCluster();
  await cluster.local('up');
  await cluster.local('down');
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void other.kill());
  const file = { pid: other.pid, began: '1', kind: 'server', instances: 'record', connection: null };
  fs.writeFileSync(path.join(cluster.state, 'server.json'), JSON.stringify(file));
  expect(said(await cluster.local('down'))).toContain('No embedded cloud runs');
  expect((await cluster.local('up')).code).toBe(0);
  expect(other.exitCode).toBeNull();
});

test('a folder of something else is left alone', async () => {
  const cluster = await makeLocalCluster();
  cluster.write('other/notes.txt', 'mine');
  const up = await cluster.local('up', '--state', 'other');
  expect([up.code, said(up)]).toEqual([1, expect.stringContaining('LOCAL_FOLDER_FOREIGN')]);
  const down = await cluster.local('down', '--state', 'other', '--purge');
  expect([down.code, said(down)]).toEqual([1, expect.stringContaining('LOCAL_FOLDER_FOREIGN')]);
  cluster.write('.firstboot-cloud/cloud.json', '{"version": 7}');
  expect(said(await cluster.local('up'))).toContain('this version cannot read');
  expect(cluster.read('other/notes.txt')).toBe('mine');
});

test('--purge removes the state, and nothing but it', async () => {
  const cluster = await makeLocalCluster();
  await cluster.local('up');
  expect((await cluster.local('down', '--purge', '--json')).json).toMatchObject({ purged: true });
  expect(fs.existsSync(cluster.state)).toBe(false);
  expect(cluster.read('cluster.yaml')).toContain('from-scratch');
});

test('wrong usage and other settings are said as such', async () => {
  const cluster = await makeLocalCluster();
  expect(said(await cluster.local('up', '--fault', 'RunInstance=lost'))).toContain('did you mean RunInstances?');
  expect((await cluster.local('up', '--instances', 'qemu')).code).toBe(2);
  expect((await cluster.local('up', '--image', 'x')).code).toBe(2);
  expect((await cluster.local('up', '--fault', 'GetCallerIdentity@1=lost')).code).toBe(0);
  const other = await cluster.local('up', '--instances', 'rehearse');
  expect([other.code, said(other)]).toEqual([1, expect.stringContaining('LOCAL_OTHER_SETTINGS')]);
  cluster.spec(spec => {
    spec.aws.region = 'eu-central-1';
  });
  expect(said(await cluster.local('up'))).toMatch(/is in us-east-1, and the spec says eu-central-1/);
});
