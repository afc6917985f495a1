// The instance metadata of net.sh's two workers (IMDSv2: a token is required), told apart by who asks, as EC2 does.
// usage: node imds.mjs HOST PORT FOLDER     FOLDER/<address>/user-data is a worker's user-data. Requests are logged to stdout.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';

const [host, port, folder] = process.argv.slice(2);
const versions = ['1.0', '2009-04-04', '2016-09-02', '2018-09-24', '2021-03-23', 'latest'];
/** token -> when it ends */
const tokens = new Map();

/** Credentials as AWS's own documentation prints them: nothing takes them. */
const role = JSON.stringify({
  Code: 'Success',
  Type: 'AWS-HMAC',
  LastUpdated: '2026-01-01T00:00:00Z',
  AccessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  Token: 'EXAMPLETOKEN',
  Expiration: '2036-01-01T00:00:00Z',
});

/** What is below /latest/ for the worker of an address: objects are folders. */
function metadataOf(address) {
  const n = Number(address.split('.')[3]) - 20;
  const id = `i-0123456789abcdef${n}`;
  const mac = `02:00:0a:00:01:${(20 + n).toString(16)}`;
  const hostname = `ip-${address.replaceAll('.', '-')}.ec2.internal`;
  const image = 'ami-0123456789abcdef0';
  const nic = {
    'device-number': '0',
    'interface-id': `eni-0123456789abcdef${n}`,
    'local-hostname': hostname,
    'local-ipv4s': address,
    mac,
    'owner-id': '123456789012',
    'security-groups': 'kubernetes',
    'subnet-id': 'subnet-0123456789abcdef0',
    'subnet-ipv4-cidr-block': '10.0.1.0/24',
    'vpc-id': 'vpc-0123456789abcdef0',
    'vpc-ipv4-cidr-block': '10.0.0.0/16',
    'vpc-ipv4-cidr-blocks': '10.0.0.0/16',
  };
  const metadata = {
    'ami-id': image,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: '/dev/vda', root: '/dev/vda' },
    hostname,
    iam: { 'security-credentials': { 'firstboot-worker': role } },
    'instance-action': 'none',
    'instance-id': id,
    'instance-life-cycle': 'on-demand',
    'instance-type': 't3.medium',
    'local-hostname': hostname,
    'local-ipv4': address,
    mac,
    network: { interfaces: { macs: { [mac]: nic } } },
    placement: { 'availability-zone': 'us-east-1a', region: 'us-east-1' },
    profile: 'default-hvm',
    'reservation-id': 'r-0123456789abcdef0',
    'security-groups': 'kubernetes',
    services: { domain: 'amazonaws.com', partition: 'aws' },
  };
  const document = JSON.stringify({
    accountId: '123456789012',
    architecture: 'x86_64',
    availabilityZone: 'us-east-1a',
    imageId: image,
    instanceId: id,
    instanceType: 't3.medium',
    pendingTime: '2026-01-01T00:00:00Z',
    privateIp: address,
    region: 'us-east-1',
    version: '2017-09-30',
  });
  const file = `${folder}/${address}/user-data`;
  const userData = fs.existsSync(file) ? { 'user-data': fs.readFileSync(file) } : {};
  return { 'meta-data': metadata, dynamic: { 'instance-identity': { document } }, ...userData };
}

const isFolder = node => typeof node === 'object' && !Buffer.isBuffer(node);
const list = node =>
  Object.entries(node)
    .map(([name, child]) => (isFolder(child) ? `${name}/` : name))
    .join('\n');

/** [status, body] */
function answer({ method, url, headers, socket }) {
  const path = decodeURIComponent(url.split('?')[0]);
  if (path === '/latest/api/token') return method === 'PUT' ? issueToken(headers) : [405];
  if (!(tokens.get(headers['x-aws-ec2-metadata-token']) > Date.now())) return [401];
  const [, ...names] = path.split('/').filter(Boolean);
  if (path === '/') return [200, versions.join('\n')];
  let node = metadataOf(socket.remoteAddress.replace('::ffff:', ''));
  for (const name of names) {
    if (!isFolder(node) || !Object.hasOwn(node, name)) return [404];
    node = node[name];
  }
  return [200, isFolder(node) ? list(node) : node];
}

function issueToken(headers) {
  const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
  if (!(seconds >= 1 && seconds <= 21600)) return [400];
  const token = crypto.randomBytes(42).toString('base64');
  tokens.set(token, Date.now() + seconds * 1000);
  return [200, token];
}

http
  .createServer((request, response) => {
    const [status, content = ''] = answer(request);
    const body = Buffer.from(content);
    console.log(request.socket.remoteAddress, request.method, request.url, status, body.length);
    response.writeHead(status, { server: 'EC2ws', 'content-length': body.length, connection: 'close' }).end(body);
  })
  .listen(Number(port), host);
