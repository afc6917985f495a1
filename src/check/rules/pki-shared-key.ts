import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { FleetRule, WorkerSummary } from '../context.ts';

/** No two workers have one key. */
export const pkiSharedKey: FleetRule = ({ workers }) => {
  const findings: Finding[] = [];
  const firstByKey = new Map<string, WorkerSummary>();
  for (const summary of workers) {
    const { worker, publicKeySha256, certificateFile } = summary;
    if (publicKeySha256 === undefined) continue;
    const first = firstByKey.get(publicKeySha256);
    if (!first) {
      firstByKey.set(publicKeySha256, summary);
      continue;
    }
    const note = {
      message: `${first.worker}’s certificate, for the same key`,
      origin: { file: first.certificateFile, block: 1 },
    };
    const args = { worker, other: first.worker, fingerprint: publicKeySha256.slice(0, 16) };
    findings.push(finding('PKI_KEY_SHARED', { file: certificateFile, block: 1 }, args, [note]));
  }
  return findings;
};
