import fs from 'node:fs';
import path from 'node:path';
import { makeCluster, type TestCluster } from '../support/cluster.ts';

/** A cluster without its PKI folder. */
export async function emptyCluster(): Promise<TestCluster> {
  const cluster = await makeCluster();
  cluster.remove('pki');
  return cluster;
}

/** The cluster's CA with its key, and no identity. */
export async function withCa(ca?: { readonly certificate: string; readonly key: string }): Promise<TestCluster> {
  const cluster = await emptyCluster();
  const { certificate, key } = ca ?? cluster.ca;
  cluster.write('pki/ca.pem', certificate);
  cluster.write('pki/ca-key.pem', key, 0o600);
  return cluster;
}

export const ec = ['--key-type', 'ec'] as const;

/** The files of the PKI folder with their text. */
export const listing = (cluster: TestCluster) =>
  Object.fromEntries(
    fs
      .readdirSync(path.join(cluster.folder, 'pki'))
      .sort()
      .map(name => [name, cluster.read(`pki/${name}`)]),
  );
