import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { dispatch } from '../../src/local/cloud-server/dispatch.ts';
import { listen } from '../../src/local/http.ts';
import { createS3Shell } from '../../src/local/shell/s3-shell.ts';
import type { TestCloud } from './cloud.ts';

export type TestServer = {
  /** For clients of the SDK: keys, region, endpoint, and where the cloud’s clock stands. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly systemClockOffset: number;
  };
};

export const operatorKeys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a secret of this test alone' };

/** Serves a cloud in memory on loopback until the test ends; its clock stays the test’s. */
export async function serveTestCloud({
  ec2,
  s3,
  clock,
  cluster,
}: Pick<TestCloud, 'ec2' | 's3' | 'cluster'> & {
  readonly clock: { readonly now: () => number };
}): Promise<TestServer> {
  const { region } = cluster.aws;
  const owner = { accountId: '123456789012', region, now: clock.now };
  const keys = () => [operatorKeys, ...ec2.roles()];
  const objects = createS3Shell({ s3, credentials: keys, region, now: clock.now });
  const save = async () => {};
  const server = await listen(
    dispatch({ ec2, s3, owner, keys, objects, save, seed: save, token: 'none' }),
    '127.0.0.1',
  );
  onTestFinished(server.close);
  return {
    client: {
      endpoint: `http://127.0.0.1:${server.port}`,
      region,
      credentials: operatorKeys,
      systemClockOffset: clock.now() - systemClock.now(),
    },
  };
}
