import { type Fault, withFaults } from './faults.ts';
import { type Handler, listen } from './http.ts';
import { createImds } from './imds.ts';
import { createObjectServer, redirectsTo, type Stored } from './object-server.ts';
import type { Machine, Subject } from './rehearse-machine.ts';

/** How often each was asked. */
export type Requests = { metadata: number; objects: number };

export type Servers = {
  readonly redirects: Readonly<Record<string, string>>;
  readonly requests: Readonly<Requests>;
  readonly close: () => Promise<void>;
};

const here = '127.0.0.1';
const metadataService = 'http://169.254.169.254/';

/** Instance metadata, the bucket and the mirrors of one machine, on ports of its own. `now`: milliseconds since 1970. */
export async function startServers(
  { artifacts }: Subject,
  { instance, manifest }: Machine,
  binaries: readonly Stored[],
  faults: readonly Fault[],
  now: () => number,
  slowSeconds?: number,
): Promise<Servers> {
  const secretsUrl = manifest.secrets.url
    .replace(/^s3\+/, '')
    .replaceAll('{accountId}', instance.accountId)
    .replaceAll('{instanceId}', instance.instanceId);
  const archive = artifacts.archive.reveal();
  const secrets: Stored = {
    url: secretsUrl,
    signed: true,
    size: archive.length,
    open: async function* (from) {
      yield archive.subarray(from);
    },
  };
  const binaryUrls = manifest.binaries.flatMap(({ urls }) => urls);
  const healthy = {
    imds: createImds({ instanceAt: () => instance, now }),
    objects: createObjectServer({
      stored: [secrets, ...binaries],
      roles: [instance.role],
      region: instance.region,
      now,
    }),
  };
  const { imds, objects } = withFaults(healthy, faults, { secretsUrl, binaryUrls, slowSeconds });
  const requests: Requests = { metadata: 0, objects: 0 };
  const metadataServer = await listen(
    counting(imds, () => requests.metadata++),
    here,
  );
  const objectServer = await listen(
    counting(objects, () => requests.objects++),
    here,
  );
  const base = (port: number) => `http://${here}:${port}`;
  return {
    redirects: {
      [metadataService]: `${base(metadataServer.port)}/`,
      ...redirectsTo(base(objectServer.port), [secretsUrl, ...binaryUrls]),
    },
    requests,
    close: async () => void (await Promise.all([metadataServer.close(), objectServer.close()])),
  };
}

function counting(handler: Handler, count: () => void): Handler {
  return ask => {
    count();
    return handler(ask);
  };
}
