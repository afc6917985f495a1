import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;

/** Adds a component of the user's, with these files below files/. */
function add(c: TestCluster, bundle: string, files: Readonly<Record<string, string>> = {}, name = 'agent'): void {
  c.write(`bundles/${name}/bundle.yaml`, bundle);
  for (const [file, text] of Object.entries(files)) c.write(`bundles/${name}/files${file}`, text, 0o644);
  c.spec(spec => {
    spec.components = [...spec.components, name];
  });
}

const unit =
  '[Unit]\nDescription=Agent\n[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n';

describe('components', () => {
  provokes(
    'BUNDLE_LISTED_TWICE',
    'kubelet',
    c => c.edit('cluster.yaml', text => text.replace('[containerd, kubelet]', '[containerd, kubelet, kubelet]')),
    { at: 'cluster.yaml:18:35', only },
  );
  provokes(
    'BUNDLE_NOT_FOUND',
    'a slip of the pen',
    c => c.edit('cluster.yaml', text => text.replace('[containerd, kubelet]', '[containerd, kubelet, kubeproxy]')),
    { at: 'cluster.yaml:18:35', only },
  );
  provokes('BUNDLE_REQUIRES_MISSING', 'the kubelet alone', c =>
    c.edit('cluster.yaml', text => text.replace('[containerd, kubelet]', '[kubelet]')),
  );
  provokes('BUNDLE_REQUIRES_MISSING', 'there is no such component', c => add(c, 'requires: [nowhere]\n'), { only });
  provokes(
    'BUNDLE_REQUIRES_CYCLE',
    'two require each other',
    c => {
      add(c, 'requires: [other]\n');
      add(c, 'requires: [agent]\n', {}, 'other');
    },
    { only },
  );
});

describe('files', () => {
  provokes('BUNDLE_PATH_INVALID', 'a blank in a name', c => add(c, '{}\n', { '/etc/my agent.conf': '' }), { only });
  provokes('BUNDLE_PATH_INVALID', 'a mode for a relative path', c => add(c, 'modes: {etc/agent: "0600"}\n'), {
    at: 'bundles/agent/bundle.yaml:1:9',
    only,
  });
  provokes('BUNDLE_PATH_INVALID', 'a binary above its folder', c =>
    add(c, 'binaries: [{name: agent, install: /usr/local/../agent}]\n'),
  );
  provokes(
    'BUNDLE_FILE_UNREADABLE',
    'a link that dangles',
    c => {
      add(c, '{}\n', { '/etc/agent': '' });
      fs.symlinkSync('nowhere', path.join(c.folder, 'bundles/agent/files/etc/link'));
    },
    { at: 'bundles/agent/files/etc/link', only },
  );
  provokes('BUNDLE_FILE_UNREADABLE', 'a link to a folder', c => {
    add(c, '{}\n', { '/etc/agent/file': '' });
    fs.symlinkSync('agent', path.join(c.folder, 'bundles/agent/files/etc/link'));
  });
  provokes('BUNDLE_FILE_UNREADABLE', 'a link that leaves the folder', c => {
    add(c, '{}\n', { '/etc/agent': '' });
    fs.symlinkSync('../../../../pki/ca.pem', path.join(c.folder, 'bundles/agent/files/etc/link'));
  });
  provokes('BUNDLE_FILE_UNREADABLE', 'of 2 MiB', c => add(c, '{}\n', { '/etc/agent': 'x'.repeat(2 * 1024 * 1024) }), {
    only,
  });
  provokes(
    'BUNDLE_MODE_UNUSED',
    'a misspelt path',
    c => add(c, 'modes: {/etc/agnet: "0600"}\n', { '/etc/agent': '' }),
    { only },
  );
  provokes('BUNDLE_FILE_WRITABLE', 'by everyone', c => add(c, 'modes: {/etc/agent: "0666"}\n', { '/etc/agent': '' }), {
    at: 'bundles/agent/bundle.yaml:1:21',
    only,
  });
  provokes('BUNDLE_FILE_WRITABLE', 'a certificate, by its group', c =>
    add(c, 'identity: [{from: certificate, path: /var/lib/agent/agent.pem, mode: "0664"}]\n'),
  );
});

describe('paths', () => {
  provokes('BUNDLE_PATH_TAKEN', 'two components give one file', c => add(c, '{}\n', { '/etc/crictl.yaml': '{}\n' }));
  provokes(
    'BUNDLE_PATH_TAKEN',
    'a component and the compiler',
    c => add(c, '{}\n', { '/etc/sysctl.d/60-firstboot.conf': '' }),
    { only },
  );
  provokes(
    'BUNDLE_PATH_TAKEN',
    'a file and a member of an archive',
    c => add(c, '{}\n', { '/usr/local/bin/ctr': '' }),
    { only },
  );
  provokes('BUNDLE_PATH_BELOW_FILE', 'a file where another needs a folder', c => add(c, '{}\n', { '/opt/cni': '' }), {
    only,
  });
  provokes(
    'BUNDLE_PATH_BELOW_FILE',
    'below the CA of the cluster',
    c => add(c, '{}\n', { '/var/lib/kubernetes/ca.pem/extra': '' }),
    { only },
  );
  for (const file of [
    '/var/lib/firstboot/report.json',
    '/usr/local/lib/firstboot/worker.py',
    '/etc/hostname',
    '/etc/machine-id',
    '/run/agent.conf',
  ]) {
    provokes('BUNDLE_PATH_RESERVED', file, c => add(c, '{}\n', { [file]: '' }), {
      at: `bundles/agent/files${file}`,
      only,
    });
  }
  provokes('BUNDLE_PATH_RESERVED', 'our unit', c =>
    add(c, 'units: [firstboot.service]\n', { '/etc/systemd/system/firstboot.service': unit }),
  );
});

describe('identities', () => {
  const key = (where: string, mode: string) => `identity: [{from: key, path: ${where}, mode: "${mode}"}]\n`;
  provokes('BUNDLE_KEY_MODE', 'the group may read it', c => add(c, key('/var/lib/agent/key.pem', '0640')), {
    at: 'bundles/agent/bundle.yaml:1:60',
    only,
  });
  provokes(
    'BUNDLE_KUBECONFIG_MODE',
    'everybody may read it',
    c => add(c, 'identity: [{from: kubeconfig, path: /var/lib/agent/kubeconfig, mode: "0644"}]\n'),
    { at: 'bundles/agent/bundle.yaml:1' },
  );
  provokes('BUNDLE_KEY_FOLDER', '/etc would be closed', c => add(c, key('/etc/key.pem', '0600')), { only });
  provokes('BUNDLE_IDENTITY_INCOMPLETE', 'another owner’s key', c =>
    add(c, 'identity: [{from: kubeconfig, of: agent, path: /var/lib/agent/kubeconfig, mode: "0600"}]\n'),
  );
});

describe('units', () => {
  provokes(
    'BUNDLE_UNIT_MISSING',
    'a slip of the pen',
    c => add(c, 'units: [agnet.service]\n', { '/etc/systemd/system/agent.service': unit }),
    {
      at: 'bundles/agent/bundle.yaml:1:9',
    },
  );
  test.each([
    ['other', undefined],
    ['containred', 'containerd.service'],
  ])('what is meant by %s.service', async (name, meant) => {
    const cluster = await makeCluster();
    add(cluster, `units: [${name}.service]\n`);
    const { json } = await run(cluster, 'check', '--json');
    const [{ code, hint }] = json.diagnostics;
    expect(code).toBe('BUNDLE_UNIT_MISSING');
    expect(/did you mean ([a-z.]+)\?/.exec(hint)?.[1]).toBe(meant);
  });
  provokes(
    'BUNDLE_UNIT_UNUSED',
    'nothing starts it',
    c => add(c, '{}\n', { '/etc/systemd/system/agent.service': unit }),
    {
      at: 'bundles/agent/files/etc/systemd/system/agent.service',
    },
  );
  provokes('BUNDLE_UNIT_EXECUTABLE', 'by its mode', c =>
    add(c, 'units: [agent.service]\nmodes: {/etc/systemd/system/agent.service: "0755"}\n', {
      '/etc/systemd/system/agent.service': unit,
    }),
  );
});

describe('binaries and the kernel', () => {
  provokes(
    'BUNDLE_BINARY_UNUSED',
    'in a folder that nothing looks into',
    c => add(c, 'binaries: [{name: runc, install: /opt/agent/runc}]\n'),
    { at: 'bundles/agent/bundle.yaml:1:34' },
  );
  provokes(
    'BUNDLE_BINARY_NAME',
    'runc, in a second place',
    c => add(c, 'binaries: [{name: runc, install: /usr/local/sbin/runc}]\n'),
    { at: 'bundles/agent/bundle.yaml:1:19', only },
  );
  provokes(
    'BUNDLE_SYSCTL_CONFLICT',
    'two components differ',
    c => add(c, 'kernel: {sysctls: {net.ipv4.ip_forward: "0"}}\n'),
    { only },
  );
});
