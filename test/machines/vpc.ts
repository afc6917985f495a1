import { join } from 'node:path';
import { newFolder } from '../real/cluster.ts';
import { lab, type Outcome, run, succeed } from '../real/lab.ts';
import { type LabCluster, labScript } from './cluster.ts';

/** A network of its own with an api-server in it, as test/lab's net.sh and control-plane.sh make them. */
export type Vpc = {
  readonly namespace: string;
  readonly inside: (argv: readonly string[]) => Outcome;
  /** As the cluster's administrator; anything but success is an error. */
  readonly kubectl: (...args: readonly string[]) => string;
  /** With a kubeconfig of the PKI folder: as that node. */
  readonly kubectlAs: (worker: string, ...args: readonly string[]) => Outcome;
  readonly close: () => void;
};

/** run.sh names it, to clear it away whatever happens. */
const namespace = process.env.LAB_NAMESPACE ?? `firstboot-lab-${process.pid}`;

export function openVpc(cluster: LabCluster): Vpc {
  const state = newFolder('control-plane');
  const inside = (argv: readonly string[]) => run(['ip', 'netns', 'exec', namespace, ...argv]);
  const kubectl = (kubeconfig: string, args: readonly string[]) =>
    inside([join(lab, 'bin/kubectl'), '--kubeconfig', kubeconfig, '--request-timeout=20s', ...args]);
  const close = () => {
    run([labScript('control-plane.sh'), 'down', state]);
    run([labScript('net.sh'), 'down', namespace]);
  };
  try {
    succeed([labScript('net.sh'), 'up', namespace]);
    succeed([labScript('control-plane.sh'), 'up', namespace, join(lab, 'bin'), state, cluster.serverPki]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    namespace,
    inside,
    kubectl: (...args) => {
      const { code, stdout, stderr } = kubectl(join(cluster.serverPki, 'admin.kubeconfig'), args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout;
    },
    kubectlAs: (worker, ...args) => kubectl(join(cluster.pki, `${worker}.kubeconfig`), args),
    close,
  };
}
