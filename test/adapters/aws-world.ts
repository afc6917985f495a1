import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { openClientsAt } from '../../src/adapters/aws/clients.ts';
import { createEc2Compute } from '../../src/adapters/aws/ec2.ts';
import { createS3Store } from '../../src/adapters/aws/s3.ts';

/** A server on loopback until the test ends, and how often it was asked. */
export async function answering(answer: (ask: IncomingMessage, reply: ServerResponse) => void) {
  let asked = 0;
  const server = createServer((ask, reply) => {
    asked += 1;
    ask.resume().on('end', () => answer(ask, reply));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { readonly port: number };
  return { endpoint: `http://127.0.0.1:${port}`, asked: () => asked };
}

/** The adapters at such a server. */
export function adaptersAt(endpoint: string) {
  const stand = { endpoint, region: 'us-east-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a secret' };
  const clients = openClientsAt(stand);
  onTestFinished(clients.close);
  return {
    clients,
    compute: createEc2Compute(clients),
    store: createS3Store(clients.s3, { bucket: 'example-firstboot', accountId: '123456789012' }),
  };
}

/** Nothing of AWS in the environment but this; a home folder of the test’s own. */
export function environment(variables: Readonly<Record<string, string>> = {}): string {
  const home = mkdtempSync(path.join(tmpdir(), 'firstboot-home-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  });
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', path.join(home, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(home, 'credentials'));
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return home;
}

export const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'a secret' };
