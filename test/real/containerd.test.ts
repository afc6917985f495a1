import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Built, build, issueExample, layOut, place } from './cluster.ts';
import { need, needs, type Outcome, runInRoot } from './lab.ts';
import { variants } from './variants.ts';

const requirements = [needs.root, needs.binary('containerd')];
const configPath = '/etc/containerd/config.toml';

describe.each(variants)('containerd 2.3.1 given $name', variant => {
  let folders: readonly string[];
  beforeAll(() => {
    folders = build(issueExample(variant)).map(layOut);
  });

  test('reads config.toml to what a worker needs', context => {
    need(context, ...requirements);
    for (const folder of folders) {
      const { code, stdout, stderr } = dump(folder);
      expect({ code, complaints: stderr.replace(migrated, '') }).toEqual({ code: 0, complaints: '' });
      expect(parseToml(stdout)).toMatchObject({
        plugins: {
          'io.containerd.server.v1.grpc': { address: '/run/containerd/containerd.sock' },
          'io.containerd.cri.v1.runtime': {
            cni: { bin_dirs: ['/opt/cni/bin'] },
            containerd: {
              default_runtime_name: 'runc',
              runtimes: { runc: { runtime_type: 'io.containerd.runc.v2', options: { SystemdCgroup: true } } },
            },
          },
          'io.containerd.cri.v1.images': {
            pinned_images: { sandbox: 'registry.k8s.io/pause:3.10.2' },
            registry: { config_path: '/etc/containerd/certs.d' },
          },
        },
      });
    }
  });
});

describe('containerd 2.3.1 is a check that can fail', () => {
  let folder: string;
  let config: string;
  beforeAll(() => {
    const [built] = build(issueExample(variants[0] as (typeof variants)[0]));
    folder = layOut(built as Built);
    config = readFileSync(join(folder, configPath), 'utf8');
  });

  test.for<[string, (config: string) => string]>([
    ['TOML that does not parse', text => `${text}\n[plugins`],
    ['a version that does not exist', text => text.replace('version = 3', 'version = 99')],
    ['a wrong type', text => `oom_score = "low"\n${text}`],
  ])('%s is refused', ([, mutate], context) => {
    need(context, ...requirements);
    place(folder, configPath, mutate(config), 0o600);
    expect(dump(folder).code).not.toBe(0);
  });

  test('what is left out is seen in the dump', context => {
    need(context, ...requirements);
    place(folder, configPath, config.replace(/SystemdCgroup = true/, ''), 0o600);
    expect(dump(folder).stdout).not.toMatch(/SystemdCgroup = true/);
  });
});

/** Version 3 is what 2.2 reads as well; 2.3 has a version 4, and turns one into the other as it starts. */
const migrated = /^time=\S+ level=warning msg="Configuration migrated from version 3, .*\n$/;

/** containerd's own reading of the file, all defaults put in. */
function dump(folder: string): Outcome {
  const path = '/usr/local/bin/containerd';
  place(folder, path, '', 0o755);
  return runInRoot(folder, [path, '--config', configPath, 'config', 'dump'], { binaries: { [path]: 'containerd' } });
}
