import type net from 'node:net';
import type { WorkerArtifacts } from '../../emit/emit-worker.ts';
import type { Manifest } from '../../emit/read-user-data.ts';
import { type Fault, withFaults } from '../faults.ts';
import { type Handler, httpServer } from '../http.ts';
import { createImds } from '../imds.ts';
import type { Instance } from '../instance.ts';
import { createObjectServer, redirectsTo, type Stored } from '../object-server.ts';
import { metadataAddress, objectsPort } from './network.ts';

/** A machine's identity, and what it will ask for. */
export type Client = {
  readonly instance: Instance;
  readonly manifest: Manifest;
  readonly archive: WorkerArtifacts['archive'];
};

type World = {
  readonly clients: readonly Client[];
  /** The only machine of its network is known whatever its address looks like from here. */
  readonly alone: boolean;
  readonly binaries: readonly Stored[];
  readonly faults: readonly Fault[];
  readonly now: () => number;
};

/** Instance metadata and the objects of a room's machines. */
export function createServers({ clients, alone, binaries, faults, now }: World): {
  readonly imds: Handler;
  readonly objects: Handler;
} {
  const instances = clients.map(({ instance }) => instance);
  const instanceAt = (address: string) =>
    alone ? instances[0] : instances.find(({ privateIp }) => privateIp === address);
  const stored = [...clients.map(archiveOf), ...binaries];
  const roles = instances.map(({ role }) => role);
  const healthy = {
    imds: createImds({ instanceAt, now }),
    objects: createObjectServer({ stored, roles, region: instances[0]?.region ?? '', now }),
  };
  const [first] = clients;
  return first ? withFaults(healthy, faults, { secretsUrl: secretsUrlOf(first), binaryUrls: urlsOf(first) }) : healthy;
}

/** Where a machine's boot program fetches from instead. */
export function redirectsOf(client: Client): Readonly<Record<string, string>> {
  return redirectsTo(`http://${metadataAddress}:${objectsPort}`, [secretsUrlOf(client), ...urlsOf(client)]);
}

/** Answers at a socket that a room opened. */
export function answerAt(socket: net.Server | undefined, handler: Handler): () => void {
  const server = httpServer(handler);
  server.listen(socket);
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

function archiveOf(client: Client): Stored {
  const bytes = client.archive.reveal();
  return {
    url: secretsUrlOf(client),
    signed: true,
    size: bytes.length,
    open: async function* (from) {
      yield bytes.subarray(from);
    },
  };
}

function secretsUrlOf({ instance, manifest }: Client): string {
  const url = manifest.secrets.url.replace(/^s3\+/, '');
  return url.replaceAll('{accountId}', instance.accountId).replaceAll('{instanceId}', instance.instanceId);
}

function urlsOf({ manifest }: Client): readonly string[] {
  return manifest.binaries.flatMap(({ urls }) => urls);
}
