import type { ClusterRule } from '../context.ts';
import { issuerFindings } from './pki-issuer.ts';
import { judged } from './pki-judged.ts';
import { keyFindings } from './pki-key.ts';
import { commonName, otherGroups } from './pki-subject.ts';
import { usageFindings } from './pki-usage.ts';
import { outlives, validityFindings } from './pki-validity.ts';

/** Identities that all workers share (kube-proxy's) are clients of the api-server and nothing else. */
export const pkiSharedIdentities: ClusterRule = ({ inputs, now }) =>
  [...inputs.identities.values()].flatMap(identity => {
    const subject = judged(identity, inputs.ca.certificate, inputs.ca.file, now);
    if (!subject) return [];
    return [
      // Only kube-proxy's user is bound by Kubernetes itself; a user's own component may have any.
      ...(identity.owner === 'kube-proxy'
        ? [...commonName(subject, 'system:kube-proxy'), ...otherGroups(subject, ['system:node-proxier'])]
        : []),
      ...usageFindings(subject, ['clientAuth']),
      ...issuerFindings(subject),
      ...validityFindings(subject),
      ...outlives(subject),
      ...keyFindings(subject),
    ];
  });
