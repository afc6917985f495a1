import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { printable, valuesOf } from '../../pki/name.ts';
import type { WorkerRule } from '../context.ts';
import { type Judged, judgedWorker } from './pki-judged.ts';

const nodes = 'system:nodes';

/** The api-server takes the certificate for this worker's kubelet, and for nothing more. */
export const pkiSubject: WorkerRule = context => {
  const subject = judgedWorker(context);
  if (!subject) return [];
  return [
    ...commonName(subject, `system:node:${context.worker.name}`),
    ...nodeGroup(subject),
    ...otherGroups(subject, [nodes]),
  ];
};

/** CommonNameUserConversion of the api-server: the user is the last CN. */
export function commonName({ certificate, what, origin }: Judged, expected: string): readonly Finding[] {
  const found = valuesOf(certificate.subject, 'CN').at(-1);
  if (found === expected) return [];
  return [
    finding('PKI_SUBJECT_CN', origin, { what, expected, found: found === undefined ? undefined : printable(found) }),
  ];
}

function nodeGroup({ certificate, what, origin }: Judged): readonly Finding[] {
  const groups = valuesOf(certificate.subject, 'O');
  return groups.includes(nodes) ? [] : [finding('PKI_SUBJECT_O', origin, { what, found: groups.map(printable) })];
}

/** Groups of Kubernetes' own beyond those that are wanted; an organisation's name does no harm. */
export function otherGroups({ certificate, what, origin }: Judged, wanted: readonly string[]): readonly Finding[] {
  const extra = [...new Set(valuesOf(certificate.subject, 'O'))].filter(
    group => group.startsWith('system:') && !wanted.includes(group),
  );
  return extra.map(group =>
    group === 'system:masters'
      ? finding('PKI_SUBJECT_MASTERS', origin, { what })
      : finding('PKI_SUBJECT_GROUP', origin, { what, group: printable(group) }),
  );
}
