import { expect, test } from 'vitest';
import { archOf } from '../../src/check/rules/spec-machines.ts';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';

/** What looks like a mistake and is none. */
function accepts(title: string, change: (cluster: TestCluster) => void | Promise<void>): void {
  test(`nothing is said of ${title}`, async () => {
    const cluster = await makeCluster();
    await change(cluster);
    const { json } = await run(cluster, 'check', '--json');
    expect(json.diagnostics ?? []).toEqual([]);
  });
}

const spec = (change: (spec: any) => void) => (cluster: TestCluster) => cluster.spec(change);

/** A component of the user's with these files below files/. */
const component = (bundle: string, files: Readonly<Record<string, string>>) => (cluster: TestCluster) => {
  cluster.write('bundles/agent/bundle.yaml', bundle);
  for (const [name, text] of Object.entries(files)) cluster.write(`bundles/agent/files${name}`, text, 0o644);
  cluster.spec(one => one.components.push('agent'));
};

accepts('CRLF and a byte order mark', c =>
  c.write('cluster.yaml', `\ufeff${c.read('cluster.yaml').replaceAll('\n', '\r\n')}`),
);
accepts(
  'a subnet that is not given',
  spec(one => delete one.aws.subnetCidr),
);
accepts('an address in a subnet of the worker’s own', async c => {
  await c.issue({ ips: ['10.0.2.20'] });
  c.spec(one => Object.assign(one.workers['worker-0'], { privateIp: '10.0.2.20', subnet: 'subnet-0fedcba9876543210' }));
});
accepts(
  'a mirror on the node itself',
  spec(one => Object.assign(one, { registries: { 'docker.io': { mirrors: ['http://127.0.0.1:5000'] } } })),
);
for (const noProxy of [['*'], ['10.0.1.10', '10.32.0.0/16'], ['10.0.0.0/8']]) {
  accepts(
    `noProxy ${noProxy}`,
    spec(one => Object.assign(one, { node: { proxy: { https: 'http://proxy.example.com:3128', noProxy } } })),
  );
}
accepts(
  'a tag of the user’s',
  spec(one => Object.assign(one.aws, { tags: { name: 'x', 'example.com/aws:x': 'y' } })),
);
accepts('a version of a key that only looks like a number', c => {
  c.edit('pins.yaml', text => text.replace('    1.4.3:', '    "1.10":').replaceAll('/v1.4.3/', '/v1.10/'));
  c.spec(one => Object.assign(one.versions, { runc: '1.10' }));
});

const service = '[Unit]\nDescription=Agent\n[Service]\nType=oneshot\nExecStart=/usr/bin/true\n';
accepts(
  'a service that its timer starts',
  component('units: [agent.timer]\n', {
    '/etc/systemd/system/agent.service': service,
    '/etc/systemd/system/agent.timer': '[Timer]\nOnBootSec=60\n[Install]\nWantedBy=timers.target\n',
  }),
);
accepts('an empty component', component('{}\n', {}));
accepts(
  'a file beside another in one folder',
  component('{}\n', { '/etc/containerd/extra.toml': '', '/opt/cni/bin/own': '' }),
);

test.each([
  ['t4g.medium', 'arm64'],
  ['a1.large', 'arm64'],
  ['g5g.xlarge', 'arm64'],
  ['is4gen.large', 'arm64'],
  ['g4dn.xlarge', 'amd64'],
  ['gr6.4xlarge', 'amd64'],
  ['p4d.24xlarge', 'amd64'],
  ['m7i-flex.large', 'amd64'],
  ['mac2.metal', undefined],
  ['p6e-gb200.36xlarge', undefined],
  ['u-6tb1.metal', undefined],
])('%s is of %s', (type, arch) => {
  expect(archOf(type)).toBe(arch);
});
