import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { deployerName } from '../../src/rollout/iam/names.ts';
import { newFolder } from '../real/cluster.ts';
import { lab, type Outcome } from '../real/lab.ts';
import { sign } from '../real/openssl.ts';
import { runCommand } from '../real/run-command.ts';
import type { LabCluster } from './cluster.ts';
import type { Vpc } from './vpc.ts';

/** Who types firstboot's commands: in the folder of a cluster of one worker, with the rights that `firstboot iam` prints. */
export type Operator = {
  /** cluster.yaml’s. */
  readonly folder: string;
  /** Of the embedded cloud. */
  readonly state: string;
  readonly kubeconfig: string;
  readonly firstboot: (...args: readonly string[]) => Promise<Outcome>;
  /** Only success will do; what it printed. */
  readonly done: (...args: readonly string[]) => Promise<string>;
  /** Sets a field of cluster.yaml, or with undefined takes it out. */
  readonly set: (path: readonly string[], value: unknown) => void;
};

/** In the VPC, where the api-server is and where the embedded cloud’s loopback is to be. */
export function operatorIn(vpc: Vpc, cluster: LabCluster): Operator {
  const folder = newFolder('operator');
  const from = dirname(cluster.file);
  for (const file of ['cluster.yaml', 'pins.yaml']) copyFileSync(join(from, file), join(folder, file));
  for (const name of ['pki', 'mirror']) symlinkSync(join(from, name), join(folder, name));
  const set = (path: readonly string[], value: unknown) => {
    const file = join(folder, 'cluster.yaml');
    const document = parseDocument(readFileSync(file, 'utf8'));
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
    writeFileSync(file, document.toString());
  };
  const enter = ['ip', 'netns', 'exec', vpc.namespace];
  const firstboot = (...args: readonly string[]) => runCommand(args, { cwd: folder, enter });
  return {
    folder,
    state: join(folder, '.firstboot-cloud'),
    kubeconfig: writeKubeconfig(folder, cluster),
    firstboot,
    set,
    async done(...args) {
      const { code, stdout, stderr } = await firstboot(...args);
      if (code !== 0) throw new Error(`firstboot ${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
      return stdout;
    },
  };
}

/** Of a client certificate in the group that the ClusterRole of `firstboot iam` is bound to. */
function writeKubeconfig(folder: string, { serverPki }: LabCluster): string {
  sign(serverPki, 'operator', { subject: `/O=${deployerName}/CN=operator` });
  const file = join(folder, 'operator.kubeconfig');
  const at = (name: string) => join(serverPki, name);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server: 'https://10.0.1.10:6443', 'certificate-authority': at('ca.pem') } }],
    users: [
      { name: 'operator', user: { 'client-certificate': at('operator.pem'), 'client-key': at('operator-key.pem') } },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'operator' } }],
    'current-context': 'lab',
  };
  writeFileSync(file, stringify(kubeconfig));
  return file;
}

/** A Pod of a controller, as a user’s Deployment would have left it there; it never gets as far as running. */
export function bindPod(vpc: Vpc, name: string, nodeName: string): void {
  const file = join(newFolder('bound'), 'pod.json');
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true };
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, ownerReferences: [owner] },
      spec: {
        nodeName,
        terminationGracePeriodSeconds: 1,
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image: 'example.invalid/none', imagePullPolicy: 'Never' }],
      },
    }),
  );
  vpc.kubectl('create', '-f', file);
}

export const labFile = (release: string, name: string): string => join(lab, release, name);
