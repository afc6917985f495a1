import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBytes } from '../../src/local/file-content.ts';
import { type Handler, listen } from '../../src/local/http.ts';
import { createImds } from '../../src/local/imds.ts';
import { createObjectServer } from '../../src/local/object-server.ts';
import { newRole } from '../../src/local/role.ts';
import { instance } from '../local/handlers.ts';
import { lab, need, needs, type Release, releases } from './lab.ts';

const bucket = 'bucket.s3.eu-west-1.amazonaws.com';
const key = `secrets/from-scratch/arn%3Aaws%3Aec2%3Aeu-west-1/worker-0/01.tar`;
const archive = randomBytes(100_000);

async function serve(handler: Handler): Promise<string> {
  const { port, close } = await listen(handler, '127.0.0.1');
  onTestFinished(close);
  return `http://127.0.0.1:${port}`;
}

/** In a process beside this one, which goes on serving. */
async function runBeside(argv: readonly string[], input = ''): Promise<string> {
  const [program, ...args] = argv as [string, ...string[]];
  const running = promisify(execFile)(program, args, { maxBuffer: 1 << 24, encoding: 'latin1' });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

describe('curl signs what the object server takes', () => {
  const worker = instance({ role: newRole(Date.now()) });
  const { accessKeyId, secretAccessKey, token } = worker.role;
  const server = createObjectServer({
    stored: [{ url: `https://${bucket}/${key}`, signed: true, size: archive.length, open: openBytes(archive) }],
    roles: [worker.role],
    region: worker.region,
    now: Date.now,
  });
  /** Status and body. curl before 8 signs no payload hash of its own, so it is given. */
  const get = async (more: { path?: string; region?: string; secret?: string; payload?: string } = {}) => {
    const base = await serve(server);
    const { path = key, region = worker.region, secret = secretAccessKey, payload = 'UNSIGNED-PAYLOAD' } = more;
    const lines = {
      url: `${base}/${bucket}/${path}`,
      'aws-sigv4': `aws:amz:${region}:s3`,
      user: `${accessKeyId}:${secret}`,
      'write-out': '%{http_code}',
    };
    const headers = { 'x-amz-content-sha256': payload, 'x-amz-security-token': token };
    const config = [
      ...Object.entries(lines).map(([name, text]) => `${name} = "${text}"\n`),
      ...Object.entries(headers).map(([name, text]) => `header = "${name}: ${text}"\n`),
    ].join('');
    const out = await runBeside(['curl', '-sS', '--config', '-'], config);
    return { status: Number(out.slice(-3)), body: Buffer.from(out.slice(0, -3), 'latin1') };
  };

  test('a signed request gets the object', async () => {
    expect(await get()).toEqual({ status: 200, body: archive });
  });

  test.each([
    ['another secret', { secret: 'another' }, 403, 'SignatureDoesNotMatch'],
    ['another region', { region: 'us-east-1' }, 400, 'AuthorizationHeaderMalformed'],
    ['another payload', { payload: 'a'.repeat(64) }, 400, 'XAmzContentSHA256Mismatch'],
    ['an object that is absent', { path: 'secrets/none' }, 403, 'AccessDenied'],
  ])('%s is refused', async (_, more, status, code) => {
    const answer = await get(more);
    expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
  });
});

/** What its Ec2 datasource calls (cloudinit/sources/DataSourceEc2.py), with a token of IMDSv2. */
const crawl = `
import json, sys, urllib.request
from cloudinit.sources.helpers import ec2

base = sys.argv[1]
ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}
token = urllib.request.urlopen(urllib.request.Request(base + "/latest/api/token", headers=ttl, method="PUT")).read().decode()
more = {"headers_cb": lambda _: {"X-aws-ec2-metadata-token": token}, "retries": 0}
version = "2021-03-23"
print(json.dumps({
    "metadata": ec2.get_instance_metadata(version, base, **more),
    "identity": ec2.get_instance_identity(version, base, **more),
    "userData": list(ec2.get_instance_userdata(version, base, **more)),
}))
`;

describe.each(Object.keys(releases) as Release[])('cloud-init of Debian %s crawls the metadata', release => {
  test('to what an instance shows', async context => {
    need(context, needs.root, needs.release(release));
    const worker = instance();
    const base = await serve(createImds({ instanceAt: () => worker, now: Date.now }));
    const root = join(lab, 'cloud-init', release);
    const { metadata, identity, userData } = JSON.parse(
      await runBeside(['chroot', root, 'python3', '-B', '-c', crawl, base]),
    );
    expect(metadata).toMatchObject({
      'instance-id': worker.instanceId,
      'local-ipv4': worker.privateIp,
      placement: { 'availability-zone': worker.availabilityZone, region: worker.region },
      network: { interfaces: { macs: { [worker.mac]: { 'local-ipv4s': worker.privateIp, 'device-number': '0' } } } },
      iam: { info: { Code: 'Success' } },
    });
    expect(metadata.iam).not.toHaveProperty('security-credentials');
    expect(identity).toMatchObject({ document: { instanceId: worker.instanceId, architecture: 'x86_64' } });
    expect(Buffer.from(userData)).toEqual(Buffer.from(worker.userData));
  });
});
