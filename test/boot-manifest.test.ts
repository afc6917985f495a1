import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readUserData } from '../src/emit/read-user-data.ts';
import { makeCluster, run } from './support/cluster.ts';

async function kubeletOf(config: Readonly<Record<string, unknown>>): Promise<unknown> {
  const cluster = await makeCluster();
  cluster.spec(spec => {
    spec.kubelet = { config };
  });
  const { code, err } = await run(cluster, 'build');
  expect(code, err).toBe(0);
  const { manifest } = readUserData(
    fs.readFileSync(path.join(cluster.folder, 'build/from-scratch/worker-0/user-data')),
  );
  return (manifest as unknown as { kubelet: unknown }).kubelet;
}

const paths = { kubeconfig: '/var/lib/kubelet/kubeconfig', dropIns: '/etc/kubernetes/kubelet.conf.d' };

test('the boot manifest has the runtime’s socket where it is another than containerd’s own', async () => {
  expect(await kubeletOf({})).toEqual(paths);
  expect(await kubeletOf({ containerRuntimeEndpoint: '/run/containerd/containerd.sock' })).toEqual(paths);
  expect(await kubeletOf({ containerRuntimeEndpoint: 'unix:///var/run/containerd/containerd.sock' })).toMatchObject({
    socket: '/var/run/containerd/containerd.sock',
  });
});
