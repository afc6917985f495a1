import { gzipSync } from 'node:zlib';
import { manifestPath } from '../../src/emit/boot-manifest.ts';
import type { WorkerArtifacts } from '../../src/emit/emit-worker.ts';
import { secretsUrl } from '../../src/emit/secrets-url.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { apply } from '../../src/rollout/apply.ts';
import type { RolloutEvent } from '../../src/rollout/events.ts';
import { makePlan } from '../../src/rollout/make-plan.ts';
import type { Asked, Plan } from '../../src/rollout/plan.ts';
import { readRecords } from '../../src/rollout/read-records.ts';
import type { WorkerRecord } from '../../src/rollout/record.ts';
import { retrying } from '../../src/rollout/retry.ts';
import type { RolloutOptions } from '../../src/rollout/rollout-options.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import type { World } from '../../src/rollout/world.ts';
import { type Cluster, versionOf } from '../../src/spec/resolve.ts';
import { objectId, sha256 } from '../../src/tree/digest.ts';
import { Secret } from '../../src/tree/secret.ts';
import { type BootOptions, bootInstances } from './booting.ts';
import { exampleCluster, type TestCloud, type TestCloudOptions, testCloud } from './cloud.ts';
import { createKubeTwin, type KubeTwin } from './kube-twin.ts';

/** Artifacts with the parts that a rollout and a twin’s boot read, cheap enough for a thousand workers. `version`: of what is on the node. */
export function testArtifacts(cluster: Cluster, name: string, version = '1'): WorkerArtifacts {
  const worker = cluster.workers.find(one => one.name === name);
  if (!worker) throw new Error(`there is no worker ${name}`);
  const archive = new TextEncoder().encode(`the archive of ${name}, version ${version}`);
  const digest = sha256(archive);
  const fingerprint = sha256(JSON.stringify([worker, version]));
  const url = secretsUrl(cluster, { worker: name, objectId: objectId(archive), digest });
  const manifest = {
    v: 1,
    cluster: cluster.name,
    worker: name,
    privateIp: worker.privateIp,
    arch: worker.arch,
    fingerprint,
    secrets: { region: cluster.aws.region, url, sha256: digest, size: archive.length },
    binaries: [{ name: 'kubelet', version: versionOf(cluster, 'kubelet'), urls: [], sha256: '' }],
  };
  const cloudConfig = { hostname: name, write_files: [{ path: manifestPath, content: JSON.stringify(manifest) }] };
  return {
    worker: name,
    fingerprint,
    digest,
    archive: new Secret(archive),
    userData: gzipSync(`#cloud-config\n${JSON.stringify(cloudConfig)}\n`),
    userDataYaml: new Uint8Array(),
    bundleJson: '{}\n',
    notAfter: '2027-11-25T00:00:00Z',
    files: 1,
    complete: true,
  };
}

export type TestRolloutOptions = TestCloudOptions & {
  readonly boot?: BootOptions;
  /** False: there is no api-server to ask. */
  readonly kube?: boolean;
  /** Milliseconds that the operator’s clock is ahead of the cloud’s. */
  readonly ahead?: number;
};

export type TestRollout = {
  readonly cloud: TestCloud;
  readonly kube: KubeTwin;
  readonly world: World;
  /** What is on the nodes, as the spec wants it now; another word is another fingerprint. */
  version: string;
  /** As the next command finds the spec. */
  cluster: Cluster;
  /** Changed by a test between two runs. */
  readonly options: Partial<RolloutOptions>;
  readonly plan: (asked?: Asked) => Promise<Plan>;
  /** Plans, applies, and gives every event. */
  readonly apply: (
    options?: Partial<RolloutOptions>,
    asked?: Asked,
    signal?: AbortSignal,
  ) => Promise<readonly RolloutEvent[]>;
  readonly record: (worker: string) => Promise<WorkerRecord | undefined>;
  /** Versions below secrets/, delete markers too. */
  readonly staged: () => Promise<number>;
};

export function testRollout(options: TestRolloutOptions = {}): TestRollout {
  const cloud = testCloud(options);
  const kube = createKubeTwin(cloud.clock);
  bootInstances(cloud, { kube, ...options.boot });
  return onCloud(cloud, kube, options.kube ?? true, options.ahead ?? 0);
}

function onCloud(cloud: TestCloud, kube: KubeTwin, withKube: boolean, ahead: number): TestRollout {
  const { compute } = cloud;
  const clock: Clock = { ...cloud.clock, now: () => cloud.clock.now() + ahead };
  const store = cloud.store();
  const worldNow = (): World => ({
    cluster: test.cluster,
    compute,
    store,
    kube: withKube ? kube : undefined,
    clock,
    artifactsOf: async name => testArtifacts(test.cluster, name, test.version),
  });
  const wanted = () => ({
    desired: test.cluster.workers.map(worker => {
      const { fingerprint, notAfter, digest } = testArtifacts(test.cluster, worker.name, test.version);
      return { worker, fingerprint, notAfter, digest };
    }),
    describe: () => undefined,
  });
  const make = (asked?: Asked) => makePlan(retrying(worldNow(), 'plan'), wanted(), { asked });
  const test: TestRollout = {
    cloud,
    kube,
    get world() {
      return worldNow();
    },
    version: '1',
    cluster: cloud.cluster,
    options: {},
    plan: async asked => (await make(asked)).plan,
    apply: async (changed = {}, asked, signal) => {
      const { plan } = await make(asked);
      const look = () => make(asked);
      const events: RolloutEvent[] = [];
      const all = { ...defaultOptions(withKube), ...test.options, ...changed, look };
      for await (const event of apply(worldNow(), plan, all, signal)) events.push(event);
      return events;
    },
    record: async worker => (await readRecords(store, stateKeys(test.cluster))).get(worker)?.record,
    staged: async () => (await store.versions(stateKeys(test.cluster).secrets)).length,
  };
  return test;
}

/** As the command line has them. */
export function defaultOptions(withKube: boolean): Omit<RolloutOptions, 'look'> {
  return {
    wait: withKube ? 'registered' : 'booted',
    timeout: 900_000,
    run: 'run-1',
    holder: 'ada@build-7',
    command: 'apply',
    lockTimeout: 0,
    drain: { timeout: 600_000, deleteEmptyDirData: false, ignoreDaemonSets: false, force: false },
    ignoreDrainFailure: false,
    acceptCapacityRisk: false,
    concurrency: 500,
  };
}

/** The example with so many workers, from 10.0.0.10 on. */
export function fleet(count: number, change: (spec: any) => void = () => {}): Cluster {
  return exampleCluster(spec => {
    spec.aws.subnetCidr = null;
    spec.workers = Object.fromEntries(
      Array.from({ length: count }, (_, index) => {
        const address = index + 10;
        return [`worker-${index}`, { privateIp: `10.0.${Math.floor(address / 250) + 1}.${(address % 250) + 4}` }];
      }),
    );
    change(spec);
  });
}

/** Fails where a worker failed: for what a test takes for granted. */
export async function applied(rollout: TestRollout): Promise<void> {
  const failed = (await rollout.apply()).filter(({ kind }) => kind === 'failed');
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
}

/** “worker-0 launch done”: what was told, without its details. */
export function outline(events: readonly RolloutEvent[]): readonly string[] {
  return events.flatMap(event => {
    switch (event.kind) {
      case 'step':
        return event.status === 'done' ? [`${event.worker} ${event.step}`] : [];
      case 'failed':
        return [`${event.worker} FAILED ${event.step} ${event.code}`];
      case 'finished':
        return [`${event.worker} ${event.outcome}`];
      case 'stopped':
        return [`stopped: ${event.remaining.join(' ')}`];
      default:
        return [];
    }
  });
}
