import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { lab, type Need, need, needs, run } from '../real/lab.ts';

const program = (name: string): Need => ({
  name,
  missing: () =>
    run(['sh', '-c', `command -v ${name}`]).code === 0 ? undefined : `no ${name}: install-packages.sh machines`,
});
const image = (release: string): Need => ({
  name: `image of ${release}`,
  missing: () => (existsSync(join(lab, release, '.recipe')) ? undefined : `not there: test/lab/mkimage.sh ${release}`),
});

/** Skips the test, with the reason, where machines cannot run; with CI=true that is a failure. */
export function needMachines(context: TestContext, release: string): void {
  const programs = ['qemu-system-x86_64', 'qemu-img', 'dnsmasq', 'debugfs', 'ip'].map(program);
  const binaries = [
    'etcd',
    'kube-apiserver',
    'kubectl',
    'kubelet',
    'kube-proxy',
    'containerd',
    'runc',
    'crictl',
    'busybox',
  ];
  need(context, needs.root, ...programs, ...binaries.map(needs.binary), image(release));
}
