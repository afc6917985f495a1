import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { main } from '../../src/cli.ts';
import { type IssueOptions, kubeconfigOf, makeCa, type Pair, server, workerIdentity } from './pki.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A small valid cluster in a folder of its own, for a test to break. */
export type TestCluster = {
  /** Absolute; cluster.yaml lies in it. */
  readonly folder: string;
  readonly ca: Pair;
  readonly identities: Readonly<Record<'worker-0' | 'worker-1', Pair>>;
  readonly read: (name: string) => string;
  readonly write: (name: string, content: string | Uint8Array, mode?: number) => void;
  readonly edit: (name: string, change: (text: string) => string) => void;
  readonly remove: (name: string) => void;
  /** Changes cluster.yaml as a value. */
  readonly spec: (change: (spec: any) => void) => void;
  /** Issues from the cluster's CA unless told otherwise, and writes worker-0's certificate, key and kubeconfig. */
  readonly issue: (options: IssueOptions & { readonly name?: string }) => Promise<Pair>;
};

export type RunResult = { readonly code: number; readonly out: string; readonly err: string; readonly json: any };

let pki: Promise<{ ca: Pair; worker0: Pair; worker1: Pair }> | undefined;

async function makePki() {
  const ca = await makeCa();
  return {
    ca,
    worker0: await workerIdentity('worker-0', '10.0.1.20', ca),
    worker1: await workerIdentity('worker-1', '10.0.1.21', ca),
  };
}

/** The example's spec and pins with a PKI made at run time (EC P-256, once a test file). Removed when the test ends. */
export async function makeCluster(): Promise<TestCluster> {
  pki ??= makePki();
  const { ca, worker0, worker1 } = await pki;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => path.join(folder, name);
  const write: TestCluster['write'] = (name, content, mode) => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), content);
    if (mode !== undefined) fs.chmodSync(at(name), mode);
  };
  const read = (name: string) => fs.readFileSync(at(name), 'utf8');
  for (const name of ['cluster.yaml', 'pins.yaml'])
    write(name, fs.readFileSync(path.join(root, 'examples/from-scratch', name)));
  write('pki/ca.pem', ca.certificate);
  const writeIdentity = (name: string, pair: Pair, of: Pair = ca) => {
    write(`pki/${name}.pem`, pair.certificate);
    write(`pki/${name}-key.pem`, pair.key, 0o600);
    write(`pki/${name}.kubeconfig`, kubeconfigOf(`system:node:${name}`, server, of, pair), 0o600);
  };
  writeIdentity('worker-0', worker0);
  writeIdentity('worker-1', worker1);
  return {
    folder,
    ca,
    identities: { 'worker-0': worker0, 'worker-1': worker1 },
    read,
    write,
    edit: (name, change) => write(name, change(read(name))),
    remove: name => fs.rmSync(at(name), { recursive: true, force: true }),
    spec(change) {
      const spec = parse(read('cluster.yaml'));
      change(spec);
      write('cluster.yaml', stringify(spec));
    },
    async issue({ name = 'worker-0', ...options }) {
      const pair = await workerIdentity(
        name,
        name === 'worker-1' ? '10.0.1.21' : '10.0.1.20',
        options.ca ?? ca,
        options,
      );
      writeIdentity(name, pair);
      return pair;
    },
  };
}

/** Runs the command line in this process, standing in the cluster's folder. */
export async function run(cluster: Pick<TestCluster, 'folder'>, ...argv: readonly string[]): Promise<RunResult> {
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
    now: () => Date.now(),
    cwd: cluster.folder,
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
