// The floor of a large build: for each worker parse and verify its certificate, parse its key, compare the two, make the
// archive, compress the user-data as a whole, hash, and write the four files; threads on all cores, the same libraries.
//   node scripts/bench-floor.mjs CLUSTER OUT      after `firstboot build` in CLUSTER
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { TarArchive } from 'archiver';
import { gzipSync } from 'fflate';

async function archiveOf(bytes) {
  const archive = new TarArchive({});
  const chunks = [];
  archive.on('data', chunk => chunks.push(chunk));
  const ended = new Promise(done => archive.on('end', done));
  archive.append(bytes, { name: 'var/lib/kubelet/kubelet-key.pem', mode: 0o600, date: new Date(0) });
  await archive.finalize();
  await ended;
  return Buffer.concat(chunks);
}

async function work({ cluster, out, names }) {
  const ca = new X509Certificate(fs.readFileSync(path.join(cluster, 'pki/ca.pem')));
  for (const name of names) {
    const pem = file => fs.readFileSync(path.join(cluster, 'pki', file));
    const certificate = new X509Certificate(pem(`${name}.pem`));
    const keyPem = pem(`${name}-key.pem`);
    if (!certificate.verify(ca.publicKey) || !certificate.checkPrivateKey(createPrivateKey(keyPem)))
      throw new Error(name);
    pem(`${name}.kubeconfig`);
    const built = path.join(cluster, 'build/from-scratch', name);
    const yaml = fs.readFileSync(path.join(built, 'user-data.yaml'));
    const archive = await archiveOf(keyPem);
    createHash('sha256').update(archive).digest('hex');
    const folder = path.join(out, name);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'user-data'), gzipSync(yaml, { level: 9, mtime: 0 }), { mode: 0o600 });
    fs.writeFileSync(path.join(folder, 'user-data.yaml'), yaml, { mode: 0o600 });
    fs.writeFileSync(path.join(folder, 'secrets.tar'), archive, { mode: 0o600 });
    fs.writeFileSync(path.join(folder, 'bundle.json'), fs.readFileSync(path.join(built, 'bundle.json')), {
      mode: 0o600,
    });
  }
}

if (isMainThread) {
  const [cluster, out] = process.argv.slice(2);
  fs.rmSync(out, { recursive: true, force: true });
  const names = fs.readdirSync(path.join(cluster, 'build/from-scratch')).filter(name => name !== 'manifest.json');
  const threads = os.availableParallelism();
  await Promise.all(
    Array.from(
      { length: threads },
      (_, n) =>
        new Promise((done, failed) => {
          const share = names.filter((_, index) => index % threads === n);
          new Worker(new URL(import.meta.url), { workerData: { cluster, out, names: share } })
            .on('error', failed)
            .on('exit', done);
        }),
    ),
  );
} else await work(workerData);
