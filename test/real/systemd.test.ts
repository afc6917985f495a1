import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Built, build, issueExample, layOut, place } from './cluster.ts';
import { need, needs, type Release, releases, runInRoot } from './lab.ts';
import { variants } from './variants.ts';

const units = '/etc/systemd/system';

/** systemd 252, 257 and newer: the units that a worker gets, among that release's own. */
describe.each(Object.keys(releases) as Release[])('systemd-analyze verify of Debian %s', release => {
  const requirements = [needs.root, needs.release(release)];

  describe.each(variants)('given $name', variant => {
    let workers: readonly Built[];
    beforeAll(() => {
      workers = build(issueExample(variant));
    });

    test('has nothing to say about the units', context => {
      need(context, ...requirements);
      for (const built of workers) {
        const folder = layOutWithBinaries(built);
        const written = built.bundle.files
          .map(file => file.path)
          .filter(path => /^\/etc\/systemd\/system\/[^/]+$/.test(path));
        expect(written).toEqual(expect.arrayContaining(built.bundle.units.map(unit => `${units}/${unit}`)));
        expect(verify(release, folder, written)).toEqual({ code: 0, complaints: '' });
      }
    });
  });

  describe('is a check that can fail', () => {
    let folder: string;
    let unit: string;
    beforeAll(() => {
      const [example] = variants;
      const [worker] = build(issueExample(example as (typeof variants)[0]));
      folder = layOutWithBinaries(worker as Built);
      unit = readFileSync(join(folder, units, 'kubelet.service'), 'utf8');
    });

    test.for<[string, (unit: string) => string, RegExp]>([
      ['a misspelt key', text => text.replace('RestartSec=', 'RestartSecs='), /RestartSecs/],
      [
        'a program that nobody brings',
        text => text.replaceAll('/usr/local/bin/kubelet', '/usr/local/bin/cubelet'),
        /cubelet/,
      ],
      ['a unit that nobody brings', text => text.replaceAll('containerd.service', 'docker.service'), /docker\.service/],
      [
        'an ordering cycle',
        text => text.replace('[Service]', 'Requires=multi-user.target\nAfter=multi-user.target\n[Service]'),
        /cycle/,
      ],
    ])('%s is found', ([name, mutate, complaint], context) => {
      need(context, ...requirements);
      const path = `${units}/kubelet-${name.replaceAll(' ', '-')}.service`;
      place(folder, path, mutate(unit));
      if (name === 'an ordering cycle')
        place(folder, `${units}/multi-user.target.wants/${path.split('/').at(-1)}`, mutate(unit));
      expect(verify(release, folder, [path]).complaints).toMatch(complaint);
    });
  });
});

/** The worker's files, and a stand-in for each binary that the boot program will have installed. */
function layOutWithBinaries(built: Built): string {
  const folder = layOut(built);
  for (const path of binariesOf(built, folder)) place(folder, path, '#!/bin/sh\n', 0o755);
  return folder;
}

/** bundle.json names the folder that an archive is unpacked in; its members stand in the boot program's manifest. */
function binariesOf({ bundle }: Built, folder: string): readonly string[] {
  const manifest = join(folder, '/var/lib/firstboot/manifest.json');
  const plain = bundle.binaries
    .map(binary => binary.path)
    .filter(path =>
      path
        .split('/')
        .at(-1)
        ?.match(/^(kube|runc)/),
    );
  if (!existsSync(manifest)) return plain;
  type Unpacked = { readonly unpack?: string; readonly members?: readonly string[] };
  const { binaries } = JSON.parse(readFileSync(manifest, 'utf8')) as { binaries: readonly Unpacked[] };
  return [...plain, ...binaries.flatMap(({ unpack, members = [] }) => members.map(member => `${unpack}/${member}`))];
}

/** A remark, not a fault: CIS wants units closed to all but root, systemd finds that needless. */
const closed = /^Configuration file \S+ is marked world-inaccessible\. .*\n/gm;

function verify(release: Release, folder: string, paths: readonly string[]) {
  const env = { ...process.env, SYSTEMD_LOG_TARGET: 'console', SYSTEMD_LOG_COLOR: '0' };
  const { code, stderr } = runInRoot(folder, ['systemd-analyze', 'verify', '--man=no', '--generators=no', ...paths], {
    release,
    env,
  });
  return { code, complaints: stderr.replace(closed, '').trim() };
}
