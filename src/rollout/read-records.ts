import * as z from 'zod';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { inParallel } from './in-parallel.ts';
import type { StoredRecord } from './observe.ts';
import type { WorkerRecord } from './record.ts';
import type { stateKeys } from './state-keys.ts';

const text = z.string().max(4096);

/** Fields that decide something. What else stands there, also what a later version adds, is kept as it is. */
const generation = z.looseObject({
  generation: z.number(),
  instanceId: text,
  fingerprint: text,
  digest: text,
  userData: text,
  notAfter: text.nullable(),
  launch: z.looseObject({ image: text.nullable(), instanceTypes: z.array(text) }),
  instanceType: text,
});
const operation = z.looseObject({
  generation: z.number(),
  kind: z.enum(['launch', 'replace', 'retire']),
  run: text,
  startedAt: text,
  step: text,
  attempt: z.number(),
  old: z.looseObject({ instanceId: text }).nullable(),
  instanceId: text.nullable(),
  fingerprint: text,
  failure: z.looseObject({ step: text, code: text, message: z.string() }).nullable(),
});
const schema = z.looseObject({
  version: z.literal(1),
  worker: text,
  generation: z.number(),
  current: generation.nullable(),
  operation: operation.nullable(),
});

/** Reads a record strictly where it decides, tolerantly elsewhere. Throws JOURNAL_UNREADABLE, which names the object. */
export function parseRecord(bytes: Uint8Array, key: string): WorkerRecord {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw unreadable(key, 'it is no JSON');
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (version !== 1) throw unreadable(key, `it has version ${JSON.stringify(version)}, and this firstboot knows 1`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(key, `${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  if (!key.endsWith(`/${parsed.data.worker}.json`)) throw unreadable(key, `it is the record of ${parsed.data.worker}`);
  return parsed.data as unknown as WorkerRecord;
}

function unreadable(key: string, reason: string): OperationError {
  return new OperationError(
    'JOURNAL_UNREADABLE',
    `the record ${key} cannot be read: ${reason}.`,
    'a newer firstboot may have written it: use that one; else put back an older version of the object.',
  );
}

const mostReads = 16;

/** Every worker’s record, by its name. */
export async function readRecords(
  store: ObjectStore,
  keys: ReturnType<typeof stateKeys>,
): Promise<ReadonlyMap<string, StoredRecord>> {
  const listed = (await store.list(keys.workers)).filter(({ key }) => key.endsWith('.json'));
  const stored = await inParallel(listed, mostReads, async ({ key }) => {
    const object = await store.get(key);
    return object && { record: parseRecord(object.bytes, key), etag: object.etag };
  });
  return new Map(stored.flatMap(one => (one ? [[one.record.worker, one] as const] : [])));
}
