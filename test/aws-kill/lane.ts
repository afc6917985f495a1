import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type Handler, listen } from '../../src/local/http.ts';
import type { KubeLab } from '../real/kube-lab.ts';
import { operatorKeys } from '../support/cloud-server.ts';
import { cloudCall, kubeCall } from './call-names.ts';
import { type Ended, type Running, startCommand } from './command.ts';
import { openFront, toApiServer } from './front.ts';
import { createGate, type Gate, type Target } from './gate.ts';
import { type Nodes, openNodes } from './nodes.ts';
import type { World } from './world.ts';

/** Where one case after the other runs: what the commands call goes through its gate. Workers’ names are the lane’s own. */
export type Lane = {
  readonly workers: readonly string[];
  readonly gate: Gate;
  readonly nodes: Nodes;
  /** From now on requests go there. */
  readonly enter: (world: World) => void;
  /** Runs the built program on a cluster’s folder, to its end or to the target. */
  readonly run: (spec: string, argv: readonly string[], target?: Target) => Promise<Ended>;
  readonly close: () => Promise<void>;
};

export async function openLane(lab: KubeLab, workers: readonly string[]): Promise<Lane> {
  const gate = createGate();
  let inner: Handler = async () => undefined;
  // The same names in every lane.
  const guard = (nameOf: typeof cloudCall, handler: Handler) =>
    gate.guard((ask, body) => named(nameOf(ask, body), workers), handler);
  const cloud = await listen(
    guard(cloudCall, ask => inner(ask)),
    '127.0.0.1',
  );
  const front = await openFront(lab, guard(kubeCall, toApiServer(lab)));
  const kubeconfig = join(lab.folder, `${workers[0]}.kubeconfig`);
  writeFileSync(kubeconfig, kubeconfigOf(lab, front.server), { mode: 0o600 });
  const env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${cloud.port}`,
    AWS_ACCESS_KEY_ID: operatorKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operatorKeys.secretAccessKey,
    AWS_REGION: 'us-east-1',
    KUBECONFIG: kubeconfig,
  };
  const nodes = await openNodes(lab, workers);
  return {
    workers,
    gate,
    nodes,
    enter: world => {
      inner = world.handler;
    },
    run: (spec, argv, target) => {
      let running: Running | undefined;
      gate.open(() => running?.kill(), target);
      running = startCommand(argv, dirname(spec), env);
      return running.ended;
    },
    close: async () => {
      await front.close();
      await cloud.close();
    },
  };
}

function named(call: string, workers: readonly string[]): string {
  return workers.reduce((text, worker, index) => text.replaceAll(worker, `worker-${index}`), call);
}

function kubeconfigOf({ pki }: KubeLab, server: string): string {
  const inBase64 = (file: string) => readFileSync(join(pki, file)).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': inBase64('ca.pem') } }],
    users: [
      {
        name: 'operator',
        user: {
          'client-certificate-data': inBase64('operator.pem'),
          'client-key-data': inBase64('operator-key.pem'),
        },
      },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'operator' } }],
    'current-context': 'lab',
  });
}
