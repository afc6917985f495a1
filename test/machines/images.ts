import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab, succeed } from '../real/lab.ts';

/** The component beside this file: one image of Debian's static busybox under two names, one of them the sandbox's. */
export const labImages = {
  name: 'lab-images',
  version: '1.0.0',
  url: 'https://images.example.com/v1.0.0/images.docker',
  busybox: 'images.example.com/busybox:1.0.0',
} as const;

/** As bundles/containerd pins it, so that nothing of containerd's configuration need be changed. */
const sandbox = 'registry.k8s.io/pause:3.10.2';

/** What the pods' scripts call. */
const applets = ['base64', 'cat', 'ip', 'mv', 'sh', 'sleep', 'stat', 'tr'];

/** Writes a docker archive, which `ctr images import` reads. */
export function writeImages(file: string): void {
  const work = mkdtempSync(join(tmpdir(), 'firstboot-images-'));
  try {
    mkdirSync(join(work, 'root/bin'), { recursive: true });
    mkdirSync(join(work, 'root/tmp'));
    copyFileSync(join(lab, 'bin/busybox'), join(work, 'root/bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(work, 'root/bin', applet));
    const layer = join(work, 'layer.tar');
    succeed(['tar', '-C', join(work, 'root'), '--owner=0', '--group=0', '-cf', layer, '.']);
    const diffId = createHash('sha256').update(readFileSync(layer)).digest('hex');
    const config = {
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/bin/busybox'], Cmd: ['sleep', '2147483647'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
      history: [{ created: '1970-01-01T00:00:00Z' }],
    };
    const manifest = [{ Config: 'config.json', RepoTags: [labImages.busybox, sandbox], Layers: ['layer.tar'] }];
    writeFileSync(join(work, 'config.json'), JSON.stringify(config));
    writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
    succeed(['tar', '-C', work, '-cf', file, 'manifest.json', 'config.json', 'layer.tar']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
