import type { InstanceView } from '../ports/compute.ts';
import { canonicalJson } from '../tree/canonical-json.ts';
import { sha256 } from '../tree/digest.ts';
import type { Observed } from './observe.ts';
import type { Action, DesiredWorker } from './plan.ts';
import type { WorkerViews } from './worker-views.ts';

/**
 * SHA-256 of all that the actions of a plan depend on: fingerprint and certificate end of each worker of the spec; each live
 * instance that is not just what its record says, with what is compared of it; each record’s generation, what it says runs and how far its operation came; the images
 * that launches would take; and what was decided, since time decides too (a certificate under 30 days). Not in it: moments,
 * nodes, pods, staged secrets, reservations, instances that have ended, and whether EC2 shows a fresh launch already.
 */
export function basisOf(
  cluster: string,
  desired: readonly DesiredWorker[],
  observed: Observed,
  views: WorkerViews,
  actions: readonly Pick<Action, 'worker' | 'kind' | 'reasons' | 'launch'>[],
): string {
  const launching = actions.filter(({ kind }) => kind === 'launch' || kind === 'replace');
  const references = new Set(launching.flatMap(({ launch }) => launch?.image ?? []));
  return sha256(
    canonicalJson({
      v: 1,
      cluster,
      desired: desired.map(({ worker, fingerprint, notAfter }) => [worker.name, fingerprint, notAfter]),
      instances: [...views.live]
        .filter(instance => !isAsRecorded(instance, observed))
        .map(({ instanceId, tags, instanceType, privateIp, state }) => [
          instanceId,
          tags['firstboot:worker'] ?? null,
          tags['firstboot:fingerprint'] ?? null,
          instanceType,
          privateIp ?? null,
          state === 'stopped' || state === 'stopping',
        ])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      records: [...observed.records.values()]
        .map(({ record: { worker, generation, current, operation } }) => [
          worker,
          generation,
          current && [current.instanceId, current.fingerprint, current.notAfter],
          operation && [
            operation.kind,
            operation.step,
            operation.attempt,
            operation.instanceId,
            operation.failure?.code ?? null,
          ],
        ])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      images: [...references].sort().map(reference => [reference, observed.images.get(reference)?.imageId ?? null]),
      actions: actions.map(({ worker, kind, reasons }) => [worker, kind, reasons.map(reason => reason.kind)]),
    }),
  );
}

/** The record stands for it: it is known by that before EC2 shows it, too. */
function isAsRecorded({ instanceId, tags, instanceType, state }: InstanceView, { records }: Observed): boolean {
  const current = records.get(tags['firstboot:worker'] ?? '')?.record.current;
  return (
    current?.instanceId === instanceId &&
    current.fingerprint === tags['firstboot:fingerprint'] &&
    current.instanceType === instanceType &&
    (state === 'pending' || state === 'running')
  );
}
