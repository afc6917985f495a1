import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeCluster, root, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

/** kubelet.config of the cluster. */
const config = (fields: object) => (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.kubelet = { ...spec.kubelet, config: fields };
  });
/** kubelet.config of worker-1. */
const own = (fields: object) => (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.workers['worker-1'].kubelet = { config: fields };
  });
const labels = (entries: Record<string, string>) => (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.kubelet = { labels: entries };
  });
const taints =
  (...list: readonly object[]) =>
  (cluster: TestCluster) =>
    cluster.spec(spec => {
      spec.kubelet = { taints: list };
    });

const base = 'bundles/kubelet/files/var/lib/kubelet/kubelet-config.yaml';

/** A kubelet component of the user's own, made of firstboot's. */
function ownComponent(cluster: TestCluster): void {
  fs.cpSync(path.join(root, 'bundles/kubelet'), path.join(cluster.folder, 'bundles/kubelet'), { recursive: true });
}
const ownBase = (change: (text: string) => string) => (cluster: TestCluster) => {
  ownComponent(cluster);
  cluster.edit(base, change);
};

provokes(
  'KUBELET_BASE_INVALID',
  'the base is a list',
  ownBase(() => '- a\n- b\n'),
  { at: base },
);
provokes(
  'KUBELET_BASE_INVALID',
  'the base is no YAML',
  ownBase(() => 'a: [b\n'),
  { at: base },
);
provokes('KUBELET_BASE_MISSING', 'overrides without a base', cluster => {
  ownComponent(cluster);
  cluster.remove(base);
  cluster.edit('bundles/kubelet/bundle.yaml', text =>
    text.replace(/ {2}\/var\/lib\/kubelet\/kubelet-config.yaml.*\n/, ''),
  );
  config({ maxPods: 50 })(cluster);
});
provokes(
  'KUBELET_KIND',
  'a base of another version',
  ownBase(text => text.replace('/v1beta1', '/v1')),
  { at: `${base}:3:13`, only: true },
);
provokes('KUBELET_FIELD_UNKNOWN', 'a slip of case', config({ clusterDns: ['10.32.0.10'] }), { only: true });
provokes('KUBELET_FIELD_VERSION', 'a field of a later version', cluster => {
  config({ memoryReservationPolicy: 'None' })(cluster);
  cluster.edit('cluster.yaml', text => text.replace('kubernetes: 1.36.1', 'kubernetes: 1.34.12'));
});
provokes('KUBELET_FIELD_TYPE', 'a number where text is', config({ evictionHard: { 'memory.available': 100 } }));
provokes('KUBELET_FIELD_TYPE', 'null for a duration', config({ syncFrequency: null }), { only: true });
provokes('KUBELET_FEATURE_GATE_UNKNOWN', 'a gate that never was', config({ featureGates: { NodeSwop: true } }), {
  only: true,
});
provokes('KUBELET_FEATURE_GATE_LOCKED', 'a locked gate', config({ featureGates: { NodeSwap: false } }));
provokes(
  'KUBELET_FEATURE_GATE_NEEDS',
  'a gate without what it needs',
  config({ featureGates: { GracefulNodeShutdown: false } }),
  { only: true },
);
provokes('KUBELET_FEATURE_GATE_GA', 'a stable gate', config({ featureGates: { NodeSwap: true } }), { only: true });
provokes('KUBELET_VALUE_REFUSED', 'crossed thresholds', config({ imageGCHighThresholdPercent: 60 }), { only: true });
provokes('KUBELET_ANONYMOUS', 'anonymous access', config({ authentication: { anonymous: { enabled: true } } }), {
  only: true,
});
provokes('KUBELET_AUTHORIZATION', 'everything allowed', config({ authorization: { mode: 'AlwaysAllow' } }), {
  only: true,
});
for (const address of ['127.0.0.1', '::1'])
  provokes('KUBELET_ADDRESS', `it listens on ${address}`, config({ address }), { at: 'cluster.yaml', only: true });
provokes('KUBELET_READ_ONLY_PORT', 'an open port', config({ readOnlyPort: 10255 }), { only: true });
provokes(
  'KUBELET_CLIENT_CA',
  'another CA file',
  config({ authentication: { x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } } }),
  { only: true },
);
provokes(
  'KUBELET_CLIENT_CA',
  'an override takes all of authentication away, and is the place',
  cluster => {
    cluster.edit('cluster.yaml', text => `${text}kubelet:\n  config:\n    authentication: null\n`);
  },
  { at: 'cluster.yaml' },
);
provokes(
  'KUBELET_TLS_FILES',
  'a certificate that nothing brings',
  config({ tlsCertFile: '/var/lib/kubelet/pki/kubelet.crt' }),
  { only: true },
);
provokes(
  'KUBELET_TLS_FILES',
  'certificate and key swapped',
  config({ tlsCertFile: '/var/lib/kubelet/kubelet-key.pem', tlsPrivateKeyFile: '/var/lib/kubelet/kubelet.pem' }),
);
provokes(
  'KUBELET_CERTIFICATE_ROTATION',
  'rotation beside an issued certificate',
  config({ rotateCertificates: true }),
  { only: true },
);
provokes('KUBELET_HARDENING', 'no limit of processes', config({ podPidsLimit: -1 }), { only: true });
provokes('KUBELET_HARDENING', 'an old cipher suite', config({ tlsCipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }), {
  only: true,
});
provokes('KUBELET_DNS', 'another DNS than the cluster’s', config({ clusterDNS: ['10.32.0.11'] }), { only: true });
provokes('KUBELET_DNS', 'another domain', config({ clusterDomain: 'k8s.local' }), { only: true });
for (const [field, value] of Object.entries({ clusterDNS: '10.32.0.10', clusterDomain: 5, resolvConf: 5 }))
  provokes('KUBELET_FIELD_TYPE', `${field} of another type is not judged besides`, config({ [field]: value }), {
    only: true,
  });
provokes('KUBELET_RESOLV_CONF', 'the stub of systemd-resolved', config({ resolvConf: '/etc/resolv.conf' }), {
  only: true,
});
provokes(
  'KUBELET_PROVIDER_ID',
  'one providerID for all',
  config({ providerID: 'aws:///us-east-1a/i-0123456789abcdef0' }),
  { only: true },
);
provokes('KUBELET_EVICTION_PARTIAL', 'defaults dropped', config({ evictionHard: { 'memory.available': '200Mi' } }), {
  only: true,
});
provokes('KUBELET_UNREGISTERED', 'no registration', config({ registerNode: false }), { only: true });
provokes('KUBELET_SERVER_OFF', 'no health port', config({ healthzPort: 0 }), { only: true });
provokes('KUBELET_KERNEL_DEFAULTS', 'a component without the sysctls', cluster => {
  ownComponent(cluster);
  cluster.edit('bundles/kubelet/bundle.yaml', text => text.replace(/ {4}kernel\.panic: "10"\n/, ''));
});
provokes('KUBELET_CGROUP_V1', 'cgroup v1', config({ failCgroupV1: false }), { only: true });
provokes('KUBELET_SWAP', 'swap that stops the kubelet', config({ memorySwap: { swapBehavior: 'LimitedSwap' } }), {
  only: true,
});
provokes('KUBELET_STATIC_PODS', 'pods over http', config({ staticPodURL: 'http://10.0.1.5/pods' }), { only: true });
provokes(
  'KUBELET_SECRET_FIELD',
  'a token in a header',
  config({ staticPodURL: 'https://10.0.1.5/pods', staticPodURLHeader: { Authorization: ['Bearer abc'] } }),
  { only: true },
);
provokes('KUBELET_LABEL_FORBIDDEN', 'a role', labels({ 'node-role.kubernetes.io/worker': '' }), { only: true });
provokes('KUBELET_LABEL_INVALID', 'a value with a comma', labels({ zone: 'a,b' }), { only: true });
provokes(
  'KUBELET_TAINT_INVALID',
  'a taint twice',
  taints({ key: 'a', value: 'x', effect: 'NoSchedule' }, { key: 'a', value: 'y', effect: 'NoSchedule' }),
  { only: true },
);
provokes(
  'KUBELET_TAINT_RESERVED',
  'a taint of the node controller',
  taints({ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }),
  { only: true },
);

async function found(change: (cluster: TestCluster) => void) {
  const cluster = await makeCluster();
  change(cluster);
  const { json } = await run(cluster, 'check', '--json');
  const all: { code: string; line: number; file: string }[] = json.diagnostics ?? [];
  return all.map(one => ({
    ...one,
    text: one.file === 'cluster.yaml' ? (cluster.read(one.file).split('\n')[one.line - 1] ?? '').trim() : one.file,
  }));
}

test('a fault of the cluster is reported once, at the cluster’s override, also where a worker has its own', async () => {
  const all = await found(cluster => {
    config({ hairpinMode: 'veth' })(cluster);
    own({ maxPods: 30 })(cluster);
  });
  expect(all.map(one => [one.code, one.text])).toEqual([['KUBELET_VALUE_REFUSED', 'hairpinMode: veth']]);
});

test('a fault of a worker is reported at its own override', async () => {
  const all = await found(own({ hairpinMode: 'veth' }));
  expect(all.map(one => [one.code, one.text])).toEqual([['KUBELET_VALUE_REFUSED', 'hairpinMode: veth']]);
});

test('a fault that the worker completes is the worker’s', async () => {
  const all = await found(cluster => {
    config({ maxParallelImagePulls: 5 })(cluster);
    own({ serializeImagePulls: true })(cluster);
  });
  expect(all.map(one => [one.code, one.text])).toEqual([['KUBELET_VALUE_REFUSED', 'serializeImagePulls: true']]);
});

test('workers with equal overrides each hear of them', async () => {
  const all = await found(cluster =>
    cluster.spec(spec => {
      for (const name of ['worker-0', 'worker-1']) spec.workers[name].kubelet = { config: { hairpinMode: 'veth' } };
    }),
  );
  expect(all.map(one => one.code)).toEqual(['KUBELET_VALUE_REFUSED', 'KUBELET_VALUE_REFUSED']);
  expect(new Set(all.map(one => one.line)).size).toBe(2);
});

test('a label that one worker has is reported there', async () => {
  const all = await found(cluster =>
    cluster.spec(spec => {
      spec.workers['worker-1'].labels = { 'kubernetes.io/role': 'worker' };
    }),
  );
  expect(all.map(one => [one.code, one.text])).toEqual([['KUBELET_LABEL_FORBIDDEN', 'kubernetes.io/role: worker']]);
});

test('what is fine is not reported', async () => {
  const all = await found(cluster => {
    config({
      clusterDNS: ['169.254.20.10'],
      maxParallelImagePulls: 5,
      evictionHard: { 'memory.available': '5%' },
      mergeDefaultEvictionSettings: true,
    })(cluster);
    cluster.spec(spec => {
      spec.kubelet.labels = {
        'node.kubernetes.io/pool': 'a',
        'topology.kubernetes.io/zone': 'us-east-1a',
        'example.com/x': '',
      };
      spec.kubelet.taints = [{ key: 'example.com/dedicated', value: 'x', effect: 'NoSchedule' }];
    });
  });
  expect(all).toEqual([]);
});
