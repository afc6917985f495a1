import { availableParallelism } from 'node:os';
import { parentPort, Worker as Thread, workerData } from 'node:worker_threads';
import { OperationError } from '../diagnostics/operation-error.ts';
import { joinResults, runShard, type ShardResult } from '../fleet.ts';
import { type Prepared, prepare } from '../pipeline.ts';
import type { Worker } from '../spec/resolve.ts';
import { nodeFiles } from './node-files.ts';
import { secretReader } from './read-secret.ts';
import { serveShardWord } from './serve-shard-word.ts';
import { type ShardSetup, writerTo } from './shard.ts';

const batchSize = 64;

/** A failed operation crosses threads by its parts, since a copy of an error loses its class. */
type Failure = { readonly operation?: Pick<OperationError, 'code' | 'message' | 'hint'>; readonly stack: string };
type Reply = { readonly result: ShardResult } | { readonly failure: Failure };

/**
 * Runs all workers on all cores. This thread works too; the others run the same program, read the
 * shared inputs themselves and ask for a batch whenever they are done with one. The order of results is that of the workers.
 */
export async function runThreads(
  prepared: Prepared,
  workers: readonly Worker[],
  setup: ShardSetup,
  program: URL,
): Promise<ShardResult> {
  const { staging } = setup;
  const write = writerTo(staging);
  const results: ShardResult[] = [];
  let next = 0;
  const takeBatch = () => {
    const first = next;
    next += batchSize;
    return { index: first / batchSize, workers: workers.slice(first, first + batchSize) };
  };
  const count = Math.min(availableParallelism(), 16) - 1;
  const threads = Array.from(
    { length: count },
    () => new Thread(program, { argv: [serveShardWord], workerData: { shard: setup }, stderr: false }),
  );
  const own = async () => {
    for (let batch = takeBatch(); batch.workers.length > 0; batch = takeBatch()) {
      results[batch.index] = await runShard(prepared, batch.workers, write);
      // Lets the threads' requests for more work in.
      await new Promise(setImmediate);
    }
  };
  const ownWork = own();
  try {
    await Promise.all([ownWork, ...threads.map(thread => feed(thread, takeBatch, results))]);
  } finally {
    // After a failure nobody may go on: a thread would keep the process alive, and write where the caller cleans up.
    next = Number.POSITIVE_INFINITY;
    await Promise.allSettled([ownWork, ...threads.map(thread => thread.terminate())]);
  }
  return joinResults(results);
}

type Batch = { readonly index: number; readonly workers: readonly Worker[] };

/** Gives a thread batch after batch until there is none left. */
function feed(thread: Thread, takeBatch: () => Batch, results: ShardResult[]): Promise<void> {
  return new Promise((done, failed) => {
    let index = -1;
    thread.on('message', (reply: Reply | 'ready') => {
      if (reply !== 'ready') {
        if ('failure' in reply) return failed(toError(reply.failure));
        results[index] = reply.result;
      }
      const batch = takeBatch();
      if (batch.workers.length === 0) return done();
      index = batch.index;
      thread.postMessage(batch.workers);
    });
    thread.on('error', failed);
  });
}

function toError({ operation, stack }: Failure): Error {
  return operation ? new OperationError(operation.code, operation.message, operation.hint) : new Error(stack);
}

function toFailure(error: unknown): Failure {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!(error instanceof OperationError)) return { stack };
  const { code, message, hint } = error;
  return { operation: { code, message, hint }, stack };
}

/** The other side, in a thread of runThreads: serves batches until it is ended. */
export function serveShard(): void {
  const { shard } = workerData as { readonly shard: ShardSetup };
  const { cluster, clusterFolder, packageFolder, purpose, staging } = shard;
  const files = nodeFiles(clusterFolder, packageFolder);
  const prepared = prepare(cluster, files, secretReader(cluster, files, clusterFolder), purpose);
  const write = writerTo(staging);
  parentPort?.on('message', (workers: readonly Worker[]) => {
    runShard(prepared, workers, write).then(
      result => parentPort?.postMessage({ result } satisfies Reply),
      error => parentPort?.postMessage({ failure: toFailure(error) } satisfies Reply),
    );
  });
  parentPort?.postMessage('ready');
}
