import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { root, run } from '../support/cluster.ts';

/**
 * A case is a folder with a cluster.yaml and what else its cluster needs; expected/ is what comes of it. The PKI is issued at
 * run time, so what depends on it is written as <certificate>, <hash>, <time> and <size>. `make golden` renews all cases.
 */
const casesFolder = path.join(root, 'test/golden/cases');

function prepare(name: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-golden-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.cpSync(path.join(casesFolder, name), folder, { recursive: true, filter: source => !source.endsWith('/expected') });
  if (!fs.existsSync(path.join(folder, 'pins.yaml')))
    fs.copyFileSync(path.join(root, 'examples/from-scratch/pins.yaml'), path.join(folder, 'pins.yaml'));
  return folder;
}

test.each(fs.readdirSync(casesFolder))('%s', async name => {
  const folder = prepare(name);
  const used = new Set<string>();
  const expected = (file: string) => {
    used.add(file);
    return path.join(casesFolder, name, 'expected', file);
  };
  onTestFinished(() => expectNoOther(name, used));
  await run({ folder }, 'pki', 'issue', '--key-type', 'ec');
  const result = await run({ folder }, 'build');
  if (result.err !== '' || result.code !== 0)
    await expect(withoutNumbers(`${result.err}exit ${result.code}\n`)).toMatchFileSnapshot(expected('diagnostics.txt'));
  if (result.code !== 0) return;
  const clusterFolder = path.join(folder, 'build', fs.readdirSync(path.join(folder, 'build'))[0] ?? '');
  for (const worker of fs.readdirSync(clusterFolder).filter(one => one !== 'manifest.json')) {
    const bundle = JSON.parse(fs.readFileSync(path.join(clusterFolder, worker, 'bundle.json'), 'utf8'));
    const userData = fs.readFileSync(path.join(clusterFolder, worker, 'user-data.yaml'), 'utf8');
    const hide = hider(bundle, userData);
    await expect(hide(withoutBootProgram(userData))).toMatchFileSnapshot(expected(`${worker}/user-data.yaml`));
    await expect(hide(`${JSON.stringify(withoutSizes(bundle), null, 2)}\n`)).toMatchFileSnapshot(
      expected(`${worker}/bundle.json`),
    );
  }
});

/** A file that nothing compares any more would look like a promise. */
function expectNoOther(name: string, used: ReadonlySet<string>): void {
  const folder = path.join(casesFolder, name, 'expected');
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => fs.statSync(path.join(folder, file)).isFile());
  expect(files.filter(file => !used.has(file))).toEqual([]);
}

/** The boot program is the same in every case and has tests of its own. */
function withoutBootProgram(userData: string): string {
  const config = parse(userData, { version: '1.1' });
  for (const entry of config.write_files) {
    if (entry.path.startsWith('/usr/local/lib/firstboot/') || entry.path === '/etc/systemd/system/firstboot.service')
      entry.content = '(static)';
    if (entry.path === '/var/lib/firstboot/manifest.json')
      entry.content = `${JSON.stringify(JSON.parse(entry.content), null, 2)}\n`;
  }
  return `#cloud-config\n${stringify(config, { version: '1.1', lineWidth: 0 })}`;
}

const fromPki = /^(pki\/|bundles?\b.*ca\.pem)/;

function withoutSizes(bundle: any): unknown {
  return {
    ...bundle,
    userData: { ...bundle.userData, size: '<size>' },
    files: bundle.files.map((file: any) => (fromPki.test(file.origin) ? { ...file, size: '<size>' } : file)),
  };
}

function hider(bundle: any, userData: string): (text: string) => string {
  const manifest = JSON.parse(
    parse(userData, { version: '1.1' }).write_files.find(
      (entry: any) => entry.path === '/var/lib/firstboot/manifest.json',
    ).content,
  );
  const objectId = /([0-9a-f]{64})\.tar$/.exec(manifest.secrets.url)?.[1];
  const hashes = [
    bundle.fingerprint,
    bundle.archive.digest,
    objectId,
    manifest.files.sha256,
    bundle.certificate.sha256,
    bundle.certificate.publicKeySha256,
    ...bundle.files.filter((file: any) => fromPki.test(file.origin)).map((file: any) => file.sha256),
  ].filter(Boolean);
  const times = [bundle.certificate.notBefore, bundle.certificate.notAfter];
  return text => {
    let hidden = text.replace(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g, '<certificate>');
    for (const hash of hashes) hidden = hidden.replaceAll(hash, '<hash>');
    for (const time of times) hidden = hidden.replaceAll(time, '<time>');
    return hidden;
  };
}

/** A certificate is a byte longer or shorter from one run to the next, and so is user-data. */
function withoutNumbers(text: string): string {
  return text.replace(
    /^(.*USER_DATA_TOO_LARGE: )(.*)$/gm,
    (_, start, message) => start + message.replace(/\d[\d,]{2,}/g, '<size>'),
  );
}
