/** The library: the compiler without a process. Everything else is internal and may change. */
export { nodeFiles } from './adapters/node-files.ts';
export { secretReader } from './adapters/read-secret.ts';
export { checkFleet } from './check/check.ts';
export type { Diagnostic, Finding } from './diagnostics/diagnostic.ts';
export { toDiagnostics } from './diagnostics/diagnostic.ts';
export { OperationError } from './diagnostics/operation-error.ts';
export { createLocator } from './diagnostics/source.ts';
export type { WorkerArtifacts } from './emit/emit-worker.ts';
export { type CheckedWorker, loadCluster, type Prepared, type Purpose, prepare } from './pipeline.ts';
export type { Files, ReadResult } from './ports/files.ts';
export type { Cluster, Worker } from './spec/resolve.ts';
