import type { WorkerSummary } from './check/context.ts';
import type { Finding } from './diagnostics/diagnostic.ts';
import type { WorkerArtifacts } from './emit/emit-worker.ts';
import { hasErrors, type Prepared } from './pipeline.ts';
import type { Worker } from './spec/resolve.ts';

/** What is printed of a built worker, and what the manifest holds. */
export type BuiltWorker = {
  readonly name: string;
  readonly fingerprint: string;
  readonly digest: string;
  readonly userDataSize: number;
  readonly archiveSize: number;
  readonly files: number;
  readonly notAfter: string | null;
  /** False: a private key was absent, so the digest is that of no archive to launch with. */
  readonly complete: boolean;
};

export type ShardResult = {
  readonly summaries: readonly WorkerSummary[];
  readonly findings: readonly Finding[];
  readonly built: readonly BuiltWorker[];
};

/** Checks and emits workers one after the other; writes each when there is an output and nothing forbids it. */
export async function runShard(
  prepared: Prepared,
  workers: readonly Worker[],
  write: ((artifacts: WorkerArtifacts) => void) | undefined,
): Promise<ShardResult> {
  const summaries: WorkerSummary[] = [];
  const findings: Finding[] = [];
  const built: BuiltWorker[] = [];
  for (const worker of workers) {
    const checked = prepared.worker(worker);
    summaries.push(checked.summary);
    findings.push(...checked.findings);
    const emitted = await checked.emit();
    if (!emitted) continue;
    findings.push(...emitted.findings);
    if (hasErrors(emitted.findings)) continue;
    write?.(emitted.artifacts);
    const { fingerprint, digest, userData, archive, files, notAfter, complete } = emitted.artifacts;
    built.push({
      name: worker.name,
      fingerprint,
      digest,
      userDataSize: userData.length,
      archiveSize: archive.size,
      files,
      notAfter,
      complete,
    });
  }
  return { summaries, findings, built };
}

export function joinResults(results: readonly ShardResult[]): ShardResult {
  return {
    summaries: results.flatMap(result => result.summaries),
    findings: results.flatMap(result => result.findings),
    built: results.flatMap(result => result.built),
  };
}
