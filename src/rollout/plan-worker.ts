import type { InstanceView } from '../ports/compute.ts';
import type { ActionKind, DesiredWorker, Reason } from './plan.ts';
import type { PlanDetails } from './plan-details.ts';
import { launchReasons, nodeReasons } from './plan-reasons.ts';
import { dayOf, daysUntil } from './plan-words.ts';
import { isProvenAt } from './proven.ts';
import type { Operation, WorkerRecord } from './record.ts';
import { hiddenInstance } from './worker-views.ts';

/** What is there of one worker. */
export type WorkerView = {
  /** Neither terminated nor on the way to it. */
  readonly live: readonly InstanceView[];
  readonly ended: readonly InstanceView[];
  readonly record: WorkerRecord | undefined;
};

export type Decision = {
  readonly kind: ActionKind;
  readonly reasons: readonly Reason[];
  readonly instanceId: string | null;
  readonly warnings: readonly string[];
};

/** A certificate with less time than this is renewed, or asked for. */
const renewalDays = 30;

/** Keep, launch or replace a worker of the spec. An operation that was cut off or failed is gone on with first. */
export function decide(
  desired: DesiredWorker,
  view: WorkerView,
  now: number,
  details: PlanDetails | undefined,
): Decision {
  const { live, ended, record } = view;
  const operation = record?.operation;
  if (operation) return resume(operation, desired.fingerprint, live);
  const [instance] = live;
  const hidden = hiddenInstance(view, now);
  if (hidden !== undefined)
    return { kind: 'keep', reasons: [], instanceId: hidden, warnings: [unseen(desired, hidden)] };
  if (!instance) return { kind: 'launch', reasons: [whyAbsent(record, ended)], instanceId: null, warnings: [] };
  const certificate = judgeCertificate(desired, record, now);
  const reasons = [
    ...(['stopped', 'stopping'].includes(instance.state) ? [endedReason(instance)] : []),
    ...driftReasons(desired, instance, record, details),
    ...(certificate.reason ? [certificate.reason] : []),
  ];
  const warnings = [
    ...certificate.warnings,
    ...strangers(desired.worker.name, instance, record),
    ...madeKubeconfig(desired.worker.name, reasons, details),
  ];
  return { kind: reasons.length === 0 ? 'keep' : 'replace', reasons, instanceId: instance.instanceId, warnings };
}

/** Retire what the spec has no more. Undefined: nothing is left of it. */
export function decideRetired({ live, record }: WorkerView): Decision | undefined {
  const [instance] = live;
  if (!instance && !record?.current && !record?.operation) return undefined;
  const reasons: readonly Reason[] = [
    { kind: 'not-in-spec', text: 'the spec has no such worker' },
    ...(record?.operation ? [interrupted(record.operation)] : []),
  ];
  const instanceId = instance?.instanceId ?? record?.operation?.instanceId ?? record?.current?.instanceId ?? null;
  return { kind: 'retire', reasons, instanceId, warnings: [] };
}

function resume(operation: Operation, fingerprint: string, live: readonly InstanceView[]): Decision {
  const { kind } = operation;
  const changed = kind !== 'retire' && operation.fingerprint !== fingerprint;
  const proven = kind !== 'retire' && !operation.failure && isProvenAt(operation.step);
  const reasons: readonly Reason[] = [
    interrupted(operation),
    ...(changed ? [{ kind: 'fingerprint' as const, text: 'the spec or PKI folder changed since' }] : []),
  ];
  // Its own node is the one to be replaced then: it may have work by now.
  if (changed && proven) return { kind: 'replace', reasons, instanceId: operation.instanceId, warnings: [] };
  const [instance] = live;
  const instanceId = kind === 'launch' ? null : (operation.old?.instanceId ?? instance?.instanceId ?? null);
  return { kind, reasons, instanceId, warnings: [] };
}

function interrupted({ failure, step, startedAt }: Operation): Reason {
  return failure
    ? { kind: 'failed', text: `tried again: ${failure.code} at ${failure.step}` }
    : { kind: 'interrupted', text: `resumed: cut off at ${step} on ${dayOf(startedAt)}` };
}

function unseen({ worker: { name } }: DesiredWorker, instanceId: string): string {
  return `${name}: EC2 does not show ${instanceId} yet, which was launched just now; plan again in a few minutes.`;
}

function whyAbsent(record: WorkerRecord | undefined, ended: readonly InstanceView[]): Reason {
  const { current } = record ?? {};
  if (!current) return { kind: 'absent', text: 'it has no instance' };
  const last = ended.find(one => one.instanceId === current.instanceId);
  return last ? endedReason(last) : { kind: 'ended', text: `its instance ${current.instanceId} is gone` };
}

function endedReason({ instanceId, state, stateReason }: InstanceView): Reason {
  const why = stateReason?.message ? `: ${stateReason.message.replace(/\.$/, '')}` : '';
  return { kind: 'ended', text: `its instance ${instanceId} is ${state}${why}` };
}

function driftReasons(
  { worker, fingerprint }: DesiredWorker,
  instance: InstanceView,
  record: WorkerRecord | undefined,
  details: PlanDetails | undefined,
): readonly Reason[] {
  const known = record?.current?.instanceId === instance.instanceId ? record.current : undefined;
  const tag = instance.tags['firstboot:fingerprint'];
  const typeGone = !worker.launch.instanceTypes.includes(instance.instanceType);
  const types: readonly Reason[] = typeGone
    ? [{ kind: 'instance-type', text: `instance type ${instance.instanceType} is not in the list any more` }]
    : [];
  if (tag === fingerprint) return types;
  const launch = known ? launchReasons(known.launch, worker.launch, typeGone) : [];
  const before = known && details?.previous.get(worker.name);
  const after = before && details?.describe(worker.name);
  const node = before && after ? nodeReasons(before, after) : [];
  const found = [...types, ...launch, ...node];
  return found.length > 0
    ? found
    : [{ kind: 'fingerprint', text: unknownDrift(tag, known !== undefined, details?.notCompared.has(worker.name)) }];
}

function unknownDrift(tag: string | undefined, known: boolean, notCompared = false): string {
  if (tag === undefined) return 'its instance has no fingerprint tag';
  if (notCompared) return 'its fingerprint changed (one of too many to compare)';
  return known ? 'its fingerprint changed' : 'its fingerprint changed; no record says what ran before';
}

function judgeCertificate(
  { worker, notAfter }: DesiredWorker,
  record: WorkerRecord | undefined,
  now: number,
): { readonly reason?: Reason; readonly warnings: readonly string[] } {
  const running = record?.current?.notAfter ?? undefined;
  const left = running === undefined ? renewalDays : daysUntil(running, now);
  if (running === undefined || left >= renewalDays) return { warnings: [] };
  const state = left < 0 ? 'has expired' : `expires in ${left} ${left === 1 ? 'day' : 'days'}`;
  if (notAfter !== null && Date.parse(notAfter) > Date.parse(running))
    return {
      reason: { kind: 'certificate', text: `its certificate ${state}; the new one ends ${dayOf(notAfter)}` },
      warnings: [],
    };
  return {
    warnings: [
      `${worker.name}: its certificate ${state} (${dayOf(running)}). Issue a new one first: firstboot pki issue --force --worker ${worker.name}`,
    ],
  };
}

/** An instance that the journal does not know as this worker’s. */
function strangers(name: string, { instanceId }: InstanceView, record: WorkerRecord | undefined): readonly string[] {
  const known = record?.current?.instanceId;
  if (known === instanceId) return [];
  return [
    known === undefined
      ? `${name}: no record says who launched ${instanceId}; it is taken by its tags.`
      : `${name}: ${instanceId} runs, and its record knows ${known}; somebody else launched it.`,
  ];
}

/** A pipeline without keys may lack the kubeconfigs too, and one with other names than ours would look like drift. */
function madeKubeconfig(name: string, reasons: readonly Reason[], details: PlanDetails | undefined): readonly string[] {
  const [only, ...others] = reasons;
  if (only?.text !== 'kubeconfig changed' || others.length > 0 || !details?.describe(name)?.kubeconfigMade) return [];
  return [
    `${name}: only its kubeconfig differs, and the PKI folder here has none, so the names in it are made up. One that names its key by path holds no secret and can be kept beside the certificate.`,
  ];
}
