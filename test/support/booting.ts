import { readUserData } from '../../src/emit/read-user-data.ts';
import type { Instance } from '../../src/local/instance.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { BootEvent, BootPhase } from '../../src/report/report.ts';
import { bootPhases } from '../../src/report/report.ts';
import { sha256 } from '../../src/tree/digest.ts';
import type { TestCloud } from './cloud.ts';
import type { Joining } from './kube-cluster.ts';

/** How a machine boots. `silent`: it has no cloud-init; `hangs`: it says nothing any more from this phase on. */
export type Boot =
  | { readonly kind: 'works' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'hangs'; readonly phase: BootPhase }
  | { readonly kind: 'fails'; readonly phase: BootPhase; readonly code: string; readonly cause: string };

/** Where instances boot; in virtual time or in the machine’s own. */
export type BootingCloud = Pick<TestCloud, 'ec2' | 's3' | 'cluster'> & { readonly clock: Clock };

export type BootOptions = {
  /** Where nodes register; undefined: nowhere. */
  readonly kube?: { readonly join: (node: Joining) => unknown } | undefined;
  /** By worker and instance; everything works by default. */
  readonly how?: (worker: string, instanceId: string) => Boot;
  /** Virtual milliseconds that a phase takes (default 3000). */
  readonly phase?: number;
  /** Nodes are Ready as soon as they register (default false). */
  readonly ready?: boolean;
};

/** systemUUID of an instance. */
export function uuidOf(instanceId: string): string {
  return `ec2${sha256(instanceId).slice(3, 8)}-${sha256(instanceId).slice(8, 12)}-4000-8000-${sha256(instanceId).slice(12, 24)}`;
}

/**
 * Lets every instance of the cloud boot in virtual time: it fetches its archive from the bucket with its own rights and
 * checks the digest, reports each phase on its console as the boot program does, and registers. One that has begun to
 * end boots no further.
 */
export function bootInstances(cloud: BootingCloud, options: BootOptions = {}): void {
  const ended = new Set<string>();
  cloud.ec2.onTerminated(instanceId => ended.add(instanceId));
  cloud.ec2.onLaunched(machine => {
    const isAlive = () => !ended.has(machine.instanceId);
    void boot(cloud, machine, options, isAlive);
  });
}

async function boot(
  cloud: BootingCloud,
  machine: Instance,
  options: BootOptions,
  isAlive: () => boolean,
): Promise<void> {
  const { clock, ec2 } = cloud;
  const { instanceId } = machine;
  const read = manifestOf(machine);
  const how = read && (options.how?.(read.worker, instanceId) ?? { kind: 'works' });
  let text = '[    0.000000] Linux version 6.8.0\n';
  const started = clock.now() + ec2.pace.pendingFor;
  await clock.sleep(started - clock.now());
  if (!isAlive()) return;
  ec2.setConsole(instanceId, text);
  if (!read || !how || how.kind === 'silent') return;

  const say = (event: Omit<BootEvent, 'v' | 'worker' | 't'>) => {
    const line: BootEvent = { v: 1, worker: read.worker, t: (clock.now() - started) / 1000, ...event };
    text += `firstboot: ${JSON.stringify(line)}\n`;
    if (isAlive()) ec2.setConsole(instanceId, text);
  };
  for (const phase of bootPhases) {
    say({ phase, status: 'start', attempt: 1 });
    await clock.sleep(options.phase ?? 3000);
    if (!isAlive()) return;
    if (how.kind === 'hangs' && how.phase === phase) return;
    if (how.kind === 'fails' && how.phase === phase)
      return say({ phase, status: 'failed', attempt: 1, code: how.code, cause: how.cause });
    const attempt = phase === 'secrets' ? await fetchSecrets(cloud, machine, say, isAlive) : 1;
    if (attempt === undefined) return;
    if (phase === 'registered') join(read, machine, options);
    const { fingerprint, secrets } = read;
    const whose = { instanceId, systemUuid: uuidOf(instanceId), digest: secrets.sha256, fingerprint };
    say({ phase, status: 'ok', attempt, ...(phase === 'done' ? whose : {}) });
  }
}

/** Without cloud-config of ours, none of it is a worker. */
function manifestOf(machine: Instance) {
  try {
    const { manifest } = readUserData(machine.userData);
    return manifest as typeof manifest & { readonly fingerprint: string };
  } catch {
    return undefined;
  }
}

/** Backs off as the boot program does, for 15 minutes. The number of tries that it took; undefined: in vain. */
async function fetchSecrets(
  cloud: BootingCloud,
  machine: Instance,
  say: (event: Omit<BootEvent, 'v' | 'worker' | 't'>) => void,
  isAlive: () => boolean,
): Promise<number | undefined> {
  const { secrets } = manifestOf(machine) ?? {};
  const { clock, cluster } = cloud;
  const { instanceId, accountId } = machine;
  const store = cloud.s3.store(cluster.aws.bucket, { kind: 'instance', instanceId });
  const place = (secrets?.url ?? '').replace('{accountId}', accountId).replace('{instanceId}', instanceId);
  const path = decodeURIComponent(place.replace(/^s3\+https?:\/\/[^/]+\//, ''));
  const pathStyle = `${cluster.aws.bucket}/`;
  const key = path.startsWith(pathStyle) ? path.slice(pathStyle.length) : path;
  const deadline = clock.now() + 900_000;
  let cause = '';
  for (let attempt = 1; clock.now() < deadline && isAlive(); attempt++) {
    try {
      const object = await store.get(key);
      if (object && sha256(object.bytes) === secrets?.sha256) return attempt;
      cause = object ? 'digest mismatch' : '404';
    } catch (error) {
      cause = (error as Error).message;
    }
    say({ phase: 'secrets', status: 'retry', attempt, code: 'BOOT_SECRETS', cause });
    await clock.sleep(Math.min(30_000, 1000 * 2 ** attempt));
  }
  if (isAlive()) say({ phase: 'secrets', status: 'failed', attempt: 1, code: 'BOOT_SECRETS', cause });
  return undefined;
}

function join(
  { worker, binaries }: NonNullable<ReturnType<typeof manifestOf>>,
  { instanceId, availabilityZone: zone, privateIp: ip }: Instance,
  { kube, ready = false }: BootOptions,
): void {
  const version = binaries.find(({ name }) => name === 'kubelet')?.version ?? '';
  kube?.join({ instanceId, zone, name: worker, ip, version, uuid: uuidOf(instanceId), ready });
}
