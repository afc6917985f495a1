import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { secretsKey, secretsOwner } from '../emit/secrets-url.ts';
import type { NewObject, ObjectHead, ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import { objectId, sha256 } from '../tree/digest.ts';
import { invariant } from '../tree/invariant.ts';
import type { Secret } from '../tree/secret.ts';
import { withoutNames } from './staged-names.ts';

/** What there is to stage of one worker; of WorkerArtifacts. */
export type StagedArchive = { readonly worker: string; readonly archive: Secret; readonly digest: string };

/** `put` now, or `present`: the same bytes lay there already. */
export type StageOutcome = 'put' | 'present';

const mostTries = 8;
/** The bucket’s lifecycle ends an archive after one day, and a boot may take a while: milliseconds. */
const freshFor = 12 * 3_600_000;

/**
 * Puts a worker’s archive where its user-data says, unless it is there already. `instanceArn`: of the launched instance, for
 * instance-scoped delivery, which cannot be staged before. `now`: so that one that has lain there for half a day is put again,
 * before the bucket’s lifecycle ends it. What has its name and other bytes is STAGE_OBJECT_DIFFERS. The object’s name is in
 * nothing that this throws.
 */
export async function stageWorker(
  store: ObjectStore,
  cluster: Cluster,
  { worker, archive, digest }: StagedArchive,
  instanceArn?: string,
  now?: number,
): Promise<StageOutcome> {
  const { delivery, kmsKey } = cluster.aws;
  invariant(delivery === 'content-addressed' || instanceArn !== undefined, 'an instance is there to be staged for');
  const bytes = archive.reveal();
  const owner = secretsOwner(cluster, worker, instanceArn ?? '');
  const key = secretsKey(cluster, owner, { objectId: objectId(bytes), digest });
  // Without a key in the spec the bucket’s default holds, which its posture was judged by.
  const encryption = kmsKey === null ? undefined : { kmsKey };
  const object: NewObject = { key, bytes, onlyIf: { kind: 'absent' }, encryption };
  for (let tries = 0; tries < mostTries; tries++) {
    const found = await withoutNames(putIf(store, object));
    if (found === 'put') return 'put';
    // Deleted since, or being written by another: asking took a round trip, so it is tried again at once.
    if (found === undefined) continue;
    if ((await withoutNames(digestOf(store, found))) !== digest) throw differs(worker, store.bucket, key);
    if (now === undefined || now - found.lastModified < freshFor) return 'present';
    const again = await withoutNames(putIf(store, { ...object, onlyIf: { kind: 'etag', etag: found.etag } }));
    if (again === 'put') return 'put';
  }
  throw new OperationError(
    'STAGE_CONFLICT',
    `PutObject of ${worker}’s archive was refused ${mostTries} times: it is there and not there.`,
    'another program puts and deletes below secrets/; run the same command again when it has ended.',
  );
}

/** A lost answer to such a put makes the client’s retry find its own object, so 412 alone is no failure. */
async function putIf(store: ObjectStore, object: NewObject): Promise<'put' | ObjectHead | undefined> {
  try {
    await store.put(object);
    return 'put';
  } catch (error) {
    if (!isConditional(error)) throw error;
    return store.head(object.key);
  }
}

const refusals = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

/** Whether a conditional write was refused: 412, 409 when two were at it at once, 404 when what was to be overwritten is gone. */
export function isConditional(error: unknown): boolean {
  return error instanceof CallError && refusals.includes(error.code);
}

/** A server that keeps no checksum gives the bytes. */
async function digestOf(store: ObjectStore, head: ObjectHead): Promise<string | undefined> {
  if (head.sha256 !== undefined) return head.sha256;
  const stored = await store.get(head.key);
  return stored && sha256(stored.bytes);
}

/** The folder alone is named: the rest of the key is the object id. */
function differs(worker: string, bucket: string, key: string): OperationError {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return new OperationError(
    'STAGE_OBJECT_DIFFERS',
    `${folder} in ${bucket} has something else under the name of ${worker}’s archive: its SHA-256 is another.`,
    `find out who put it; then \`aws s3 rm --recursive s3://${bucket}/${folder}\`, and run the same command again.`,
  );
}
