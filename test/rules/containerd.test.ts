import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeCluster, root, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;
const toml = 'bundles/containerd/files/etc/containerd/config.toml';
const ours = readFileSync(join(root, toml), 'utf8');

/** The cluster's own copy of firstboot's containerd, with another config.toml (undefined: none). */
function containerd(cluster: TestCluster, config: string | undefined): void {
  for (const name of ['bundle.yaml', 'files/etc/crictl.yaml', 'files/etc/systemd/system/containerd.service']) {
    cluster.write(`bundles/containerd/${name}`, readFileSync(join(root, 'bundles/containerd', name)));
  }
  if (config !== undefined) cluster.write(toml, config);
  else cluster.edit('bundles/containerd/bundle.yaml', text => text.replace(/.*config\.toml.*\n/, ''));
}

const kubelet = (config: object) => (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.kubelet = { config };
  });

const withRegistry = (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.registries = { 'docker.io': { mirrors: ['https://mirror.example.com'] } };
  });

const version2 = `version = 2
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
`;

provokes(
  'BUNDLE_CONTAINERD_CONFIG',
  'an unclosed string',
  c => containerd(c, ours.replace("= 'io.containerd.runc.v2'", "= 'io")),
  {
    at: `${toml}:13`,
    only,
  },
);
provokes(
  'BUNDLE_CONTAINERD_CONFIG',
  'a key twice',
  c => containerd(c, `${ours}version = 3\n    SystemdCgroup = true\n`),
  { only },
);
provokes(
  'BUNDLE_CONTAINERD_CONFIG',
  'UTF-16',
  c => {
    containerd(c, ours);
    c.write(toml, Buffer.from(`\ufeff${ours}`, 'utf16le'));
  },
  {
    only,
  },
);
const withContainerd = (c: TestCluster, version: string, config: string) => {
  containerd(c, config);
  c.spec(spec => {
    Object.assign(spec.versions, { containerd: version, kubernetes: '1.35.0' });
  });
};

provokes(
  'BUNDLE_CONTAINERD_CONFIG_VERSION',
  'of the future',
  c => containerd(c, ours.replace('version = 3', 'version = 5')),
  { at: `${toml}:1:1`, only },
);
provokes('BUNDLE_CONTAINERD_CONFIG_VERSION', 'containerd 1.7 and version 3', c => withContainerd(c, '1.7.28', ours));
provokes(
  'BUNDLE_CONTAINERD_PLUGIN',
  'the old name in containerd 2.2’s own version',
  c => withContainerd(c, '2.2.0', version2.replace('version = 2', 'version = 3')),
  { at: `${toml}:2:1` },
);
provokes('BUNDLE_CONTAINERD_PLUGIN', 'the new name in containerd 1.7', c =>
  withContainerd(c, '1.7.28', ours.replace('version = 3', 'version = 2')),
);
provokes(
  'BUNDLE_CRI_DISABLED',
  'as Docker ships it',
  c => containerd(c, ours.replace('version = 3', 'version = 3\ndisabled_plugins = ["cri"]')),
  {
    at: `${toml}:2:1`,
    only,
  },
);
provokes('BUNDLE_CGROUP_DRIVER', 'the kubelet on cgroupfs', kubelet({ cgroupDriver: 'cgroupfs' }), {
  at: 'cluster.yaml:37:19',
});
provokes(
  'BUNDLE_CGROUP_DRIVER',
  'SystemdCgroup false',
  c => containerd(c, ours.replace('SystemdCgroup = true', 'SystemdCgroup = false')),
  { only },
);
provokes(
  'BUNDLE_CGROUP_DRIVER',
  'SystemdCgroup not set',
  c => containerd(c, ours.replace('SystemdCgroup = true', '')),
  { only },
);
provokes('BUNDLE_CGROUP_DRIVER', 'set for another runtime than the default', c =>
  containerd(
    c,
    ours.replace(
      "[plugins.'io.containerd.cri.v1.runtime'.cni]",
      "[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = 'crun'\n\n$&",
    ),
  ),
);
provokes('BUNDLE_CGROUP_DRIVER', 'no config.toml at all', c => containerd(c, undefined), { only });
provokes('BUNDLE_CGROUP_DRIVER', 'one worker alone', c =>
  c.spec(spec => {
    spec.workers['worker-1'].kubelet = { config: { cgroupDriver: 'cgroupfs' } };
  }),
);
provokes(
  'BUNDLE_RUNTIME_SOCKET',
  'Docker’s shim',
  kubelet({ containerRuntimeEndpoint: 'unix:///run/cri-dockerd.sock' }),
);
provokes('BUNDLE_RUNTIME_SOCKET', 'containerd listens elsewhere', c =>
  containerd(c, `${ours}\n[grpc]\n  address = '/run/k3s/containerd.sock'\n`),
);
provokes(
  'BUNDLE_CRICTL_SOCKET',
  'crictl asks Docker’s shim',
  c => {
    containerd(c, ours);
    c.edit('bundles/containerd/files/etc/crictl.yaml', text =>
      text.replace('/run/containerd/containerd.sock', '/run/cri-dockerd.sock'),
    );
  },
  { at: 'bundles/containerd/files/etc/crictl.yaml:1:19', only },
);
provokes(
  'BUNDLE_REGISTRIES_UNUSED',
  'config_path not set',
  c => {
    containerd(c, ours.replace("config_path = '/etc/containerd/certs.d'", ''));
    withRegistry(c);
  },
  { only },
);
provokes(
  'BUNDLE_REGISTRIES_UNUSED',
  'config_path elsewhere',
  c => {
    containerd(c, ours.replace('certs.d', 'registries'));
    withRegistry(c);
  },
  { at: `${toml}:7:3`, only },
);
provokes(
  'BUNDLE_CNI_FOLDER',
  'the tutorial’s folder and another',
  c => containerd(c, ours.replace('/opt/cni/bin', '/usr/lib/cni')),
  { only },
);

test.each([
  ['firstboot’s own', ours],
  ['version 2, which containerd 2 migrates', version2],
  ['the old name in a version that containerd 2.3 migrates', version2.replace('version = 2', 'version = 3')],
  ['no version', ours.replace('version = 3\n', '')],
  ['streaming keys below the old name', `${ours}\n[plugins.'io.containerd.grpc.v1.cri']\n  stream_server_port = '0'\n`],
  ['the socket written out, by its old path', `${ours}\n[grpc]\n  address = '/var/run/containerd/containerd.sock'\n`],
  [
    'several folders of registries',
    ours.replace('/etc/containerd/certs.d', '/etc/containerd/certs.d:/etc/docker/certs.d'),
  ],
])('nothing is said of %s', async (_, config) => {
  const cluster = await makeCluster();
  containerd(cluster, config);
  withRegistry(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics ?? []).toEqual([]);
});
