import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';

/** Each worker finds files of its own in the PKI folder. */
export const specPkiPatterns: ClusterRule = ({ cluster }) => {
  const { pki, workers, file } = cluster;
  const patterns =
    workers.length < 2
      ? []
      : (['certificate', 'key', 'kubeconfig'] as const).filter(field => !pki[field].includes('{worker}'));
  const findings = patterns.map(field =>
    finding(
      'SPEC_PKI_PATTERN',
      { file, path: ['pki', field] },
      { field: `pki.${field}`, value: pki[field], workers: workers.length },
    ),
  );
  const command = pki.readSecret;
  if (!command || command.some(word => word.includes('{file}'))) return findings;
  return [
    ...findings,
    finding('SPEC_READ_SECRET_FILE', { file, path: ['pki', 'readSecret'] }, { command: command[0] ?? '' }),
  ];
};

/** Names that are labels, and yet cannot be a worker's: the PKI folder or every machine has them already. */
export const specWorkerNames: ClusterRule = ({ cluster, inputs }) => {
  const { pki } = cluster;
  const owners = new Set(inputs.identities.keys());
  return cluster.workers.flatMap(({ name }): readonly Finding[] => {
    const reason =
      name === 'localhost'
        ? 'every machine calls itself so'
        : owners.has(name)
          ? `the identity that all workers share has that name, so ${pki.certificate.replaceAll('{worker}', name)} would be both`
          : pki.certificate.replaceAll('{worker}', name) === pki.ca
            ? `its certificate would be ${pki.ca}, the CA`
            : undefined;
    if (!reason) return [];
    const args = { field: `workers.${name}`, value: name, reason };
    return [finding('SPEC_WORKER_NAME', { file: cluster.file, path: ['workers', name], atKey: true }, args)];
  });
};
