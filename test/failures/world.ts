import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../src/cli.ts';
import type { Ec2State } from '../../src/local/cloud/ec2-state.ts';
import { dispatch } from '../../src/local/cloud-server/dispatch.ts';
import { joinInstances } from '../../src/local/cloud-server/join-instances.ts';
import { type Ask, type Handler, listen, type Reply } from '../../src/local/http.ts';
import { rehearseHost } from '../../src/local/instances/rehearse.ts';
import { createS3Shell } from '../../src/local/shell/s3-shell.ts';
import { findEvents } from '../../src/report/find-events.ts';
import { resolve } from '../../src/spec/resolve.ts';
import { specSchema } from '../../src/spec/schema.ts';
import { type Boot, type BootOptions, bootInstances } from '../support/booting.ts';
import { type TestCloud, type TestCloudOptions, testCloud } from '../support/cloud.ts';
import { operatorKeys } from '../support/cloud-server.ts';
import { makeCluster, root, type TestCluster } from '../support/cluster.ts';
import { eventually, withoutBinaries } from '../support/local-cloud.ts';
import { createIdleClock, type IdleClock } from './idle-clock.ts';

export type Told = { readonly code: number; readonly out: string; readonly err: string; readonly json: any };

/** A cluster’s folder, and a cloud on loopback that the environment names: what the command line finds on a day at work. */
export type FailureWorld = {
  readonly folder: TestCluster;
  readonly cloud: TestCloud;
  readonly clock: IdleClock;
  readonly endpoint: string;
  /** As typed in the folder. */
  readonly run: (...argv: readonly string[]) => Promise<Told>;
  /** How machines boot; may be changed at any time. */
  boot: (worker: string, instanceId: string) => Boot;
  /** Looked at before a request is answered: another answer, “cut” for none at all, undefined to let it pass. */
  meddle: (ask: Ask) => Reply | 'cut' | undefined;
  /** How far AWS’s clock is from this machine’s, in milliseconds. */
  skew: number;
  /** Everything works again. */
  readonly mend: () => void;
  /** Versions below secrets/. */
  readonly staged: () => Promise<number>;
};

export type WorldOptions = Omit<TestCloudOptions, 'cluster' | 'clock'> & {
  readonly spec?: (spec: any) => void;
  /** Instances are rehearsals of the real boot program (without binaries), and not the twin’s. */
  readonly rehearsed?: boolean;
  /** Where nodes register. */
  readonly kube?: BootOptions['kube'];
  /** Real milliseconds until time passes (see the clock): more where another process answers too. */
  readonly quiet?: number;
};

/** One worker unless the spec is changed. */
export async function failureWorld({
  spec = oneWorker,
  rehearsed = false,
  kube,
  quiet,
  ...options
}: WorldOptions = {}): Promise<FailureWorld> {
  const folder = await makeCluster();
  if (rehearsed) withoutBinaries(folder);
  folder.spec(spec);
  const clock = createIdleClock(Date.now(), quiet);
  const cluster = resolve(specSchema.parse(parse(folder.read('cluster.yaml'))), 'cluster.yaml');
  const cloud = testCloud({ ...options, cluster, clock });
  const world: FailureWorld = {
    folder,
    cloud,
    clock,
    endpoint: '',
    boot: () => ({ kind: 'works' }),
    meddle: () => undefined,
    skew: 0,
    run: (...argv) => runIn(folder.folder, argv, clock),
    mend() {
      cloud.mend();
      world.meddle = () => undefined;
      world.boot = () => ({ kind: 'works' });
      world.skew = 0;
    },
    staged: async () => (await cloud.store().versions(`secrets/${cluster.name}/`)).length,
  };
  const { ec2, s3 } = cloud;
  const keys = () => [operatorKeys, ...ec2.roles()];
  // Signatures are made by the SDK, so in real time.
  const now = () => Date.now() + world.skew;
  const { region } = cluster.aws;
  const owner = { accountId: '123456789012', region, now };
  const objects = createS3Shell({ s3, credentials: keys, region, now });
  const save = async () => {};
  if (rehearsed) await rehearseInstances(world, objects);
  else bootInstances(cloud, { kube, how: (worker, instanceId) => world.boot(worker, instanceId) });
  const answer = dispatch({ ec2, s3, owner, keys, objects, save, seed: save, token: 'none' });
  const server = await listen(watched(answer, world), '127.0.0.1');
  onTestFinished(server.close);
  const endpoint = `http://127.0.0.1:${server.port}`;
  environment(folder, endpoint);
  return Object.assign(world, { endpoint });
}

export function oneWorker(spec: any): void {
  delete spec.workers['worker-1'];
}

/** Each boots in real time, while the virtual one stands still until the program is done, or meets with a failure. */
async function rehearseInstances({ cloud, clock, folder }: FailureWorld, objects: Handler): Promise<void> {
  const { ec2, s3 } = cloud;
  const nothing = async () => {};
  const place = path.join(folder.folder, 'instances');
  const binaries = { mirror: undefined, cache: path.join(folder.folder, 'cache') };
  const lent = { folder: place, objects, binaries, now: () => Date.now(), told: () => {} };
  const joined = joinInstances({ ec2, s3, save: nothing, seed: nothing }, lent);
  const host = rehearseHost(joined.world);
  onTestFinished(async () => {
    joined.stop();
    await host.close();
  });
  joined.begin(host);
  const consoleOf = (instanceId: string) => (ec2.snapshot() as Ec2State).instances[instanceId]?.console ?? '';
  const ended = (instanceId: string) =>
    eventually('the end of the boot', async () =>
      findEvents(consoleOf(instanceId)).some(
        ({ status, phase }) => ['failed', 'retry'].includes(status) || (phase === 'done' && status === 'ok'),
      ),
    );
  ec2.onLaunched(({ instanceId }) => void clock.during(ended(instanceId)));
}

function watched(answer: Handler, world: FailureWorld): Handler {
  return ask =>
    world.clock.during(
      (async () => {
        const other = world.meddle(ask);
        if (other === 'cut') return undefined;
        return other ?? answer(ask);
      })(),
    );
}

const pipelines = ['GITHUB_RUN_ID', 'CI_PIPELINE_ID', 'BUILDKITE_BUILD_ID', 'CODEBUILD_BUILD_ID', 'CIRCLE_WORKFLOW_ID'];
const others = ['BUILD_BUILDID', 'BITBUCKET_PIPELINE_UUID', 'DRONE_BUILD_NUMBER', 'BUILD_TAG', 'KUBECONFIG'];

/** Nothing of the machine that the tests run on: its credentials, its kubeconfig, its pipeline. */
function environment({ folder }: TestCluster, endpoint: string): void {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  for (const name of [...pipelines, ...others]) vi.stubEnv(name, undefined);
  const own = {
    HOME: folder,
    NO_PROXY: '127.0.0.1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: operatorKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operatorKeys.secretAccessKey,
    // The SDK’s own pauses are in real time.
    AWS_MAX_ATTEMPTS: '1',
  };
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
}

async function runIn(cwd: string, argv: readonly string[], clock: IdleClock): Promise<Told> {
  let out = '';
  let err = '';
  const code = await main(argv, {
    out: text => {
      out += text;
    },
    err: text => {
      err += text;
    },
    colour: false,
    clock,
    now: clock.now,
    cwd,
    packageFolder: root,
    program: pathToFileURL(path.join(root, 'dist/firstboot.cjs')),
  });
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out);
    },
  };
}
