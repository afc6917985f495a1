import type { InterfaceView } from '../ports/compute.ts';
import type { Cluster } from '../spec/resolve.ts';

/** Why the spec keeps an interface with our tags for nobody, a clause; undefined: it is a worker’s own. */
export function whyUnkept(
  { workers }: Pick<Cluster, 'workers'>,
  { tags, privateIp, subnetId }: InterfaceView,
): string | undefined {
  const name = tags['firstboot:worker'] ?? '';
  const worker = workers.find(one => one.name === name);
  if (!worker) return 'no such worker';
  if (worker.launch.eni !== 'keep') return `${name} has no kept one`;
  const isIts = worker.privateIp === privateIp && worker.launch.subnet === subnetId;
  return isIts ? undefined : `${name} has another address`;
}
