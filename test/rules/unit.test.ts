import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Code } from '../../src/diagnostics/codes.ts';
import { makeCluster, root, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;
const kubelet = 'bundles/kubelet/files/etc/systemd/system/kubelet.service';
const containerd = 'bundles/containerd/files/etc/systemd/system/containerd.service';

/** The cluster's own copy of one of firstboot's components, with a file of it edited. */
function edited(file: string, change: (text: string) => string): (cluster: TestCluster) => void {
  return cluster => {
    const folder = file.split('/').slice(0, 2).join('/');
    fs.cpSync(path.join(root, folder), path.join(cluster.folder, folder), { recursive: true });
    cluster.edit(file, text => {
      const after = change(text);
      expect(after).not.toBe(text);
      return after;
    });
  };
}

/** A kubelet whose unit says something else or more. */
const replaced = (from: string, to: string) => edited(kubelet, text => text.replace(from, to));
const withService = (line: string) => replaced('[Service]\n', `[Service]\n${line}\n`);
const withUnit = (line: string) => replaced('[Unit]\n', `[Unit]\n${line}\n`);
const withFlag = (flag: string) => replaced('--v=2', `--v=2 ${flag}`);

const cases: readonly (readonly [string, (cluster: TestCluster) => void])[] = [
  ['a comment', edited(kubelet, text => `${text}# end\n`)],
  ['StartLimitBurst=0', edited(containerd, text => text.replace('RestartSec=5', 'StartLimitBurst=0'))],
  ['pauses longer than the interval', replaced('StartLimitIntervalSec=0', 'StartLimitIntervalSec=20')],
  ['keys and sections of others', edited(kubelet, text => `${text}X-Note=a\n[X-Ours]\nanything=b\n`)],
  ['a program of the image', withService('ExecStartPre=/usr/bin/test -d /var/lib')],
  ['a failure that is expected', withService('ExecStartPre=-/usr/local/bin/warm-up')],
  ['an optional environment', withService('EnvironmentFile=-/etc/default/kubelet')],
  ['a path to a secret', withService('Environment=TOKEN_FILE=/run/token CLIENT_SECRET=/run/secret')],
  ['a switch that is off', withService('PrivateTmp=no')],
  ['a plugin below a folder that is unpacked whole', withService('ExecStartPre=/opt/cni/bin/bridge')],
  [
    'flags in a variable',
    edited(kubelet, text =>
      text
        .replace('--v=2', '$EXTRA')
        .replace('[Service]\n', '[Service]\nEnvironment="EXTRA=--v=2 --node-ip=10.0.1.20"\n'),
    ),
  ],
  ['a flag with underscores', withFlag('--node_ip=10.0.1.20')],
];

test.each(cases)('nothing is said of %s', async (_, change) => {
  const cluster = await makeCluster();
  change(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics ?? []).toEqual([]);
});

provokes('UNIT_SYNTAX', 'a line without =', withService('Restart on-failure'), { at: `${kubelet}:9:1`, only });
provokes(
  'UNIT_SYNTAX',
  'a line before the first section',
  edited(kubelet, text => `After=x.service\n${text}`),
  { at: `${kubelet}:1:1`, only },
);
provokes(
  'UNIT_ENCODING',
  'UTF-16',
  c => {
    edited(kubelet, text => `${text}\n`)(c);
    c.write(kubelet, Buffer.from(`\ufeff${c.read(kubelet)}`, 'utf16le'));
  },
  { at: kubelet },
);
provokes(
  'UNIT_LINE_ENDINGS',
  'CR LF',
  edited(kubelet, text => text.replaceAll('\n', '\r\n')),
  { at: `${kubelet}:1`, only },
);
provokes(
  'UNIT_SECTION_UNKNOWN',
  'misspelt',
  edited(kubelet, text => text.replace('[Install]', '[Instal]')),
  { at: `${kubelet}:15`, only },
);
provokes('UNIT_KEY_UNKNOWN', 'misspelt', withService('RestartsSec=5'), { at: `${kubelet}:9:1`, only });
provokes('UNIT_KEY_UNKNOWN', 'in the wrong section', withUnit('Restart=always'), { at: `${kubelet}:2:1`, only });
provokes(
  'UNIT_NO_EXEC',
  'no command',
  edited(containerd, text => text.replace(/ExecStart=.*\n/, '')),
  { only },
);
provokes(
  'UNIT_SEVERAL_EXEC',
  'two commands',
  edited(containerd, text => text.replace(/ExecStart=.*\n/, '$&$&')),
  { at: containerd, only },
);
provokes(
  'UNIT_PATH_MISSING',
  'a program elsewhere',
  edited(containerd, text => text.replace('/usr/local/bin/containerd', '/usr/local/sbin/containerd')),
  { at: containerd },
);
provokes('UNIT_PATH_MISSING', 'an environment file', withService('EnvironmentFile=/etc/default/kubelet'), {
  at: `${kubelet}:9:1`,
  only,
});
provokes(
  'UNIT_PATH_MISSING',
  'a file that a flag names',
  edited(containerd, text => text.replace('/usr/local/bin/containerd', '$& --config /etc/containerd/other.toml')),
  { only },
);
provokes('UNIT_NO_RESTART', 'no Restart=', replaced('Restart=on-failure\n', ''), { at: `${kubelet}:9`, only });
provokes('UNIT_NO_RESTART', 'only after success', replaced('Restart=on-failure', 'Restart=on-success'), {
  at: `${kubelet}:11:1`,
  only,
});
provokes(
  'UNIT_START_LIMIT',
  'restarts after 100 ms',
  edited(containerd, text => text.replace('RestartSec=5\n', '')),
  { only },
);
provokes(
  'UNIT_START_LIMIT',
  'an interval of minutes',
  replaced('StartLimitIntervalSec=0', 'StartLimitIntervalSec=1min 30s'),
  { only },
);
provokes(
  'UNIT_DEADLOCK',
  'after the end of cloud-init',
  replaced('After=containerd', 'After=cloud-final.service containerd'),
  { at: `${kubelet}:4:1`, only },
);
provokes('UNIT_DEADLOCK', 'after multi-user.target', withUnit('After=multi-user.target'), { only });
provokes('UNIT_DEADLOCK', 'before the network', withUnit('Before=network-pre.target'), { only });
provokes('UNIT_TYPE', 'a kubelet that should fork', withService('Type=forking'), { at: `${kubelet}:9:1`, only });
provokes('UNIT_TYPE', 'no such type', withService('Type=daemon'), { only });
provokes(
  'UNIT_ONESHOT',
  'over at once',
  c => {
    c.write('bundles/tune/bundle.yaml', 'units: [tune.service]\n');
    c.write(
      'bundles/tune/files/etc/systemd/system/tune.service',
      '[Service]\nType=oneshot\nExecStart=/usr/bin/true\n[Install]\nWantedBy=multi-user.target\n',
    );
    c.spec(spec => {
      spec.components.push('tune');
    });
  },
  { at: 'bundles/tune/files/etc/systemd/system/tune.service:2:1', only },
);
provokes('UNIT_SECRET', 'a password', withService('Environment="HTTP_USER=a" "HTTP_PASSWORD=hunter2"'), {
  at: `${kubelet}:9:1`,
});
provokes('UNIT_RUNTIME_ORDER', 'no After=', replaced('After=containerd.service\n', ''), { at: `${kubelet}:2:1`, only });
provokes('UNIT_RUNTIME_ORDER', 'no Requires=', replaced('Requires=containerd.service\n', ''), { only });
provokes('UNIT_MOUNT_NAMESPACE', 'PrivateTmp=', withService('PrivateTmp=yes'), { at: `${kubelet}:9:1`, only });
provokes('UNIT_MOUNT_NAMESPACE', 'ReadOnlyPaths=', withService('ReadOnlyPaths=/etc'), { only });
provokes('UNIT_USER', 'another user', withService('User=kubelet'), { at: `${kubelet}:9:1`, only });
/** A component of the user's that brings a drop-in for kubelet.service. */
const dropInFile = 'bundles/mine/files/etc/systemd/system/kubelet.service.d/10.conf';
const dropIn = (text: string) => (cluster: TestCluster) => {
  cluster.write('bundles/mine/bundle.yaml', '{}\n');
  cluster.write(dropInFile, text, 0o644);
  cluster.spec(spec => spec.components.push('mine'));
};
const files = '--config=/var/lib/kubelet/kubelet-config.yaml --kubeconfig=/var/lib/kubelet/kubeconfig';
provokes('UNIT_KUBELET_REPLACED', 'by a drop-in', dropIn('[Service]\nExecStart=\nExecStart=/usr/bin/sleep inf\n'), {
  at: `${dropInFile}:3:1`,
  only,
});
provokes(
  'UNIT_KUBELET_FLAG',
  'a drop-in that starts it through another program',
  dropIn(`[Service]\nExecStart=\nExecStart=/usr/bin/nice /usr/local/bin/kubelet --config=/etc/other.yaml\n`),
  { at: `${dropInFile}:3:1` },
);
test.each([
  ['dependencies cannot be reset', '[Unit]\nRequires=\nAfter=\n'],
  [
    'nice runs the kubelet',
    `[Service]\nExecStart=\nExecStart=/usr/bin/nice /usr/local/bin/kubelet ${files} --config-dir=/a\n`,
  ],
])('a drop-in: %s', async (_, text) => {
  const cluster = await makeCluster();
  dropIn(text)(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics).toEqual([]);
});
test.each([
  ['/usr/local/bin/nope', /^(?!.*did you mean)/],
  ['/usr/local/bin/kubelte', /did you mean \/usr\/local\/bin\/kubelet\?/],
  ['/usr/local/sbin/crictl', /did you mean \/usr\/local\/bin\/crictl\?/],
])('what is meant by %s', async (program, hint) => {
  const cluster = await makeCluster();
  withService(`ExecStartPre=${program}`)(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics.map((one: any) => one.code)).toEqual(['UNIT_PATH_MISSING']);
  expect(json.diagnostics[0].hint).toMatch(hint);
});
provokes('UNIT_KUBELET_FLAG', 'no --config', replaced('--config=/var/lib/kubelet/kubelet-config.yaml', ''), {
  at: `${kubelet}:10:1`,
  only,
});
provokes(
  'UNIT_KUBELET_FLAG',
  'another kubeconfig',
  replaced('--kubeconfig=/var/lib/kubelet/kubeconfig', '--kubeconfig /etc/kubernetes/kubelet.conf'),
  { only },
);
provokes('UNIT_NO_CONFIG_DIR', 'no --config-dir', replaced('--config-dir=/etc/kubernetes/kubelet.conf.d ', ''), {
  at: `${kubelet}:10:1`,
});
provokes('UNIT_HOSTNAME_OVERRIDE', 'another name', withFlag('--hostname-override=worker-0'), { only });
provokes('UNIT_FLAG_UNKNOWN', 'gone since 1.27', withFlag('--container-runtime=remote'), {
  at: `${kubelet}:10:1`,
  only,
});
provokes('UNIT_FLAG_UNKNOWN', 'misspelt', withFlag('--node-labls=a=b'), { only });
provokes('UNIT_FLAG_OVERRIDES', 'a field that the configuration has', withFlag('--max-pods 50'), {
  at: `${kubelet}:10:1`,
  only,
});
provokes(
  'UNIT_LABELS_UNUSED',
  'the command line lacks the variable',
  c => {
    replaced(' $KUBELET_LABELS', '')(c);
    c.spec(spec => {
      spec.kubelet = { ...spec.kubelet, labels: { 'example.com/pool': 'general' } };
    });
  },
  { at: `${kubelet}:10:1`, only },
);

test.each<[Code, string, string]>([
  ['UNIT_SECRET', 'Environment=DB_PASSWORD=hunter2', 'hunter2'],
  ['UNIT_SECRET', 'Environment=PROXY=https://me:hunter2@proxy.example.com', 'hunter2'],
])('%s does not print the value of %s', async (code, line, secret) => {
  const cluster = await makeCluster();
  withService(line)(cluster);
  const { json, out } = await run(cluster, 'check', '--json');
  expect(json.diagnostics.map((one: { code: Code }) => one.code)).toContain(code);
  expect(out).not.toContain(secret);
});
