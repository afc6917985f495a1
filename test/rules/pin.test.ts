import { expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;
const kubelet = '7efa1780c73d9fb3a464002864e582eb2d15aa691e475eaae323093d08feae14';
const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const replace = (from: string | RegExp, to: string) => (cluster: TestCluster) => {
  expect(cluster.read('pins.yaml')).toMatch(from);
  cluster.edit('pins.yaml', text => text.replace(from, to));
};
const digest = (to: string) => replace(kubelet, to);
const url = (to: string) => replace('https://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet', to);

provokes('PIN_BINARY_MISSING', 'misspelt', replace('  kubelet:', '  kublet:'), { at: 'pins.yaml:3:1', only });
provokes(
  'PIN_VERSION_MISSING',
  'after an upgrade of the spec alone',
  c =>
    c.spec(spec => {
      spec.versions.kubernetes = '1.36.2';
    }),
  { at: 'pins.yaml:36:3', only },
);
provokes(
  'PIN_ARCH_MISSING',
  'a worker of the other architecture',
  c => {
    c.edit('pins.yaml', text => text.replace(/ {6}arm64:\n {8}url: \S+runc\.arm64\n.*\n/, ''));
    c.spec(spec => {
      Object.assign(spec.workers['worker-1'], { arch: 'arm64', instanceTypes: ['t4g.medium'] });
    });
  },
  { only },
);
provokes('PIN_DIGEST_MISSING', 'not pinned yet', replace(/ +sha256: 7efa.*\n/, ''), { at: 'pins.yaml:38:7', only });

for (const [title, text] of [
  ['too short', kubelet.slice(1)],
  ['a SHA-512', kubelet + kubelet],
  ['a SHA-1', kubelet.slice(24)],
  ['upper case', kubelet.toUpperCase()],
  ['with its algorithm', `sha256:${kubelet}`],
  ['with its file', `${kubelet}  kubelet`],
  ['not hex', `"${kubelet.replace('7', 'g')}"`],
  ['empty', '""'],
] as const) {
  provokes('PIN_DIGEST_INVALID', title, digest(text), { at: 'pins.yaml:40:17', only });
}
provokes('PIN_DIGEST_EMPTY_FILE', 'curl failed before sha256sum', digest(ofNothing), { only });
provokes(
  'PIN_DIGEST_SHARED',
  'the digest of the other architecture',
  digest('bf274dd3affbf2543d20465dee1f763f668f78c6fbd56197794f81337a49d687'),
  {
    at: 'pins.yaml:40:17',
    only,
  },
);
provokes(
  'PIN_DIGEST_SHARED',
  'the digest of another binary',
  digest('f6ae8efc0fa40079e1475e97cbe9d1bd3f106a28d6af78a11d9f1bd565515e60'),
  { only },
);
provokes('PIN_URL_HTTP', 'plain http', url('http://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet'), { only });
for (const [title, text] of [
  ['no scheme', 'dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet'],
  ['ftp', 'ftp://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet'],
  ['a placeholder', '"https://dl.k8s.io/v${VERSION}/bin/linux/amd64/kubelet"'],
  ['a blank', '"https://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet "'],
  ['no file', 'https://dl.k8s.io/'],
  ['no port', 'https://dl.k8s.io:99999/kubelet'],
  ['signed, of another bucket', 's3+https://other.s3.us-east-1.amazonaws.com/bin/1.36.1/kubelet'],
  ['signed, not below bin/', 's3+https://example-firstboot.s3.us-east-1.amazonaws.com/state/1.36.1/kubelet'],
] as const) {
  provokes('PIN_URL_INVALID', title, url(text), { only });
}
provokes('PIN_URL_ARCH', 'arm64’s under amd64', url('https://dl.k8s.io/v1.36.1/bin/linux/arm64/kubelet'), { only });
provokes('PIN_URL_ARCH', 'as the kernel spells it', url('https://example.com/1.36.1/kubelet-aarch64'), { only });
provokes('PIN_URL_VERSION', 'only the key was changed', url('https://dl.k8s.io/v1.35.4/bin/linux/amd64/kubelet'), {
  only,
});
provokes('PIN_URL_CREDENTIAL', 'a password', url('https://ci:hunter2@mirror.example.com/1.36.1/amd64/kubelet'), {
  only,
});
provokes(
  'PIN_URL_CREDENTIAL',
  'a presigned URL',
  url('"https://b.s3.amazonaws.com/1.36.1/amd64/kubelet?X-Amz-Signature=abc"'),
  { only },
);
provokes('PIN_FORM', 'an archive as a program', url('https://dl.k8s.io/v1.36.1/kubernetes-node-linux-amd64.tar.gz'), {
  only,
});
provokes(
  'PIN_FORM',
  'a zip to unpack',
  replace('containerd-2.3.1-linux-amd64.tar.gz', 'containerd-2.3.1-linux-amd64.zip'),
  { only },
);

const withFiles = (files: string) => replace(/( +)sha256: 628448bd.*\n/, `$&$1files: ${files}\n`);
provokes('PIN_MEMBER_DIGEST', 'too short', withFiles('{bin/containerd: abcd}'), { at: 'pins.yaml:9:33' });
provokes('PIN_MEMBER_MISSING', 'one of three', withFiles(`{bin/containerd: ${kubelet.replace('7', '8')}}`), {
  at: 'pins.yaml:9:9',
  only,
});
provokes('PIN_MEMBER_UNKNOWN', 'without its folder', withFiles(`{containerd: ${kubelet.replace('7', '8')}}`));

test('a credential in a URL is not printed', async () => {
  const cluster = await makeCluster();
  url('http://ci:hunter2@mirror.example.com/1.35.1/arm64/kubelet')(cluster);
  const { out, err } = await run(cluster, 'check', '--json');
  expect(out + err).not.toContain('hunter2');
  expect(out).toContain('PIN_URL_VERSION');
});

test.each([
  ['several URLs', url('["https://dl.k8s.io/v1.36.1/bin/linux/amd64/kubelet", "https://mirror.example.com/kubelet"]')],
  ['a mirror that speaks of no version', url('https://mirror.example.com/kubelet')],
  [
    'a mistake in an entry that nobody needs',
    replace('https://dl.k8s.io/v1.36.1/bin/linux/arm64/kubelet', 'http://nowhere'),
  ],
])('nothing is said of %s', async (_, change) => {
  const cluster = await makeCluster();
  change(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics ?? []).toEqual([]);
});
