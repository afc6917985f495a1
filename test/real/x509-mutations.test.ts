import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { severityOf } from '../../src/diagnostics/diagnostic.ts';
import { printable } from '../../src/pki/name.ts';
import { now } from '../pki/forge.ts';
import { judge, type Verdict } from '../pki/judge.ts';
import { lab, need, needs, run, succeed } from './lab.ts';
import { type Specimen, specimenOf } from './x509-specimens.ts';

/**
 * Certificates that no library would make, properly signed, judged by us and by Go at one moment. FIRSTBOOT_MUTATIONS asks for more;
 * FIRSTBOOT_SEED another part of them. FIRSTBOOT_SEED=<the number of a disagreement> FIRSTBOOT_MUTATIONS=1 makes that one again.
 */
const runs = Number(process.env.FIRSTBOOT_MUTATIONS ?? 3000);
const firstSeed = Number(process.env.FIRSTBOOT_SEED ?? 1);
const batch = 5000;
const forOpenssl = 300;

/** Reasons for which a certificate is malformed to us: Go passes over what it does not use, and another reader may not. */
const unlikeGo =
  /: (OpenSSL cannot (parse it|read .*)|the public key has malformed parameters|.* has trailing bytes|the authority key identifier .*|.* have a malformed URI|.* for URIs|inhibitAnyPolicy .*)\.$/;

/** Why we refuse what Go takes; a code that is not here would be stricter than there is reason for. `only` is about the message. */
const stricter: Readonly<Record<string, { readonly because: string; readonly only?: RegExp }>> = {
  PKI_CERTIFICATE_INVALID: {
    because: 'OpenSSL cannot read it, or there are octets in it that nobody reads',
    only: unlikeGo,
  },
  PKI_KEY_ID_MISMATCH: { because: 'OpenSSL finds no issuer' },
  PKI_CA_SAME_SUBJECT: { because: 'OpenSSL takes the certificate for self-signed' },
  PKI_SUBJECT_MASTERS: { because: 'the node would be an administrator of the cluster' },
  PKI_CERTIFICATE_IS_CA: { because: 'whoever gets the node’s key could issue certificates' },
  PKI_EXPIRES_TODAY: { because: 'the node would drop out within a day' },
  PKI_CA_SIGNATURE: { because: 'no verifier looks at a root’s signature, so damage would pass' },
  PKI_CA_KEY_USAGE: { because: 'Go takes an empty key usage for none, OpenSSL does not', only: /is empty,/ },
  PKI_EKU_CLIENT_AUTH: { because: 'Go takes an empty list for none, OpenSSL does not', only: /allows nothing/ },
  PKI_EKU_SERVER_AUTH: { because: 'Go takes an empty list for none, OpenSSL does not', only: /allows nothing/ },
  PKI_CA_EKU: { because: 'Go takes an empty list for none, OpenSSL does not', only: /is empty,/ },
  PKI_SAN_IP: { because: 'OpenSSL does not match the mapped form of an address', only: /::ffff:10\.0\.1\.20[, ]/ },
  PKI_KEY_TYPE: { because: 'Go’s TLS cannot use the key, though its x509 can' },
};

/** Warnings of what Go takes and OpenSSL refuses. */
const opensslWarnings: readonly string[] = [
  'PKI_EKU_ANY',
  'PKI_KEY_USAGE',
  'PKI_CA_INTERMEDIATE',
  'PKI_KEY_WEAK',
  'PKI_CA_CONSTRAINTS_OTHER',
];

type Judged = { readonly specimen: Specimen; readonly ours: Verdict; readonly go: Readonly<Record<string, string>> };

test(
  `${runs} odd identities from seed ${firstSeed} on are judged as Go and OpenSSL judge them`,
  context => {
    need(context, needs.verifier, needs.openssl);
    const disagreements: string[] = [];
    const accepted: Judged[] = [];
    const count = { accepted: 0, refused: 0, stricter: 0 };
    for (let from = 0; from < runs; from += batch) {
      const specimens = Array.from({ length: Math.min(batch, runs - from) }, (_, i) =>
        specimenOf(firstSeed + from + i),
      );
      for (const judged of judgeAll(specimens)) {
        const [kind, disagreement] = compare(judged);
        count[kind]++;
        if (disagreement !== undefined) disagreements.push(disagreement);
        if (kind === 'accepted' && accepted.length < forOpenssl && opensslShouldAgree(judged)) accepted.push(judged);
      }
    }
    disagreements.push(...opensslRefusals(accepted));
    expect(disagreements.slice(0, 20), `${disagreements.length} disagreements`).toEqual([]);
    // Neither side may have said the same of everything.
    if (runs >= 1000) expect(Math.min(count.accepted, count.refused) / runs).toBeGreaterThan(0.1);
  },
  60_000 + runs * 20,
);

function judgeAll(specimens: readonly Specimen[]): readonly Judged[] {
  const moment = new Date(now).toISOString();
  const input = specimens.map(({ seed, ca, certificate, key }) =>
    JSON.stringify({ id: seed, ca, cert: certificate, key, name: 'worker-0', ip: '10.0.1.20', now: moment }),
  );
  const lines = succeed([join(lab, 'bin/verify')], { input: `${input.join('\n')}\n` })
    .trim()
    .split('\n');
  expect(lines.length).toBe(specimens.length);
  return specimens.map((specimen, i) => {
    const { id, ...answers } = JSON.parse(lines[i] ?? '') as Record<string, unknown>;
    expect(id).toBe(specimen.seed);
    const refusals = Object.entries(answers).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { specimen, ours: judge(specimen), go: Object.fromEntries(refusals) };
  });
}

function compare(judged: Judged): readonly ['accepted' | 'refused' | 'stricter', string?] {
  const { ours, go } = judged;
  const errors = ours.findings.filter(({ code }) => severityOf(code) === 'error');
  const goRefuses = Object.keys(go).length > 0;
  if (errors.length === 0) return goRefuses ? ['accepted', describe(judged)] : ['accepted'];
  if (goRefuses) return ['refused'];
  // Each error needs a reason of its own.
  const reasonless = errors.filter(({ code, message }) => {
    const entry = stricter[code];
    return !entry || !(entry.only ?? /^/).test(message);
  });
  return reasonless.length > 0 ? ['stricter', describe(judged)] : ['stricter'];
}

function describe({ specimen, ours, go }: Judged): string {
  const subject = ours.identity.certificate?.subjectText ?? 'unreadable';
  const said = ours.findings.map(({ code, message }) => `${code} (${message})`).join(' ') || 'nothing';
  const refused =
    Object.entries(go)
      .map(([question, why]) => `${question}: ${why}`)
      .join('; ') || 'accepts';
  const what = `seed ${specimen.seed}, ${subject}, with ${specimen.done.join(', ')}`;
  return printableLines(`${what}\n  firstboot: ${said}\n  Go: ${refused}`);
}

const printableLines = (text: string) =>
  text
    .split('\n')
    .map(line => printable(line))
    .join('\n');

function opensslShouldAgree({ ours }: Judged): boolean {
  return !ours.codes.some(code => opensslWarnings.includes(code));
}

/** What OpenSSL refuses of them; those of one CA are asked about at once. */
function opensslRefusals(accepted: readonly Judged[]): readonly string[] {
  const folder = mkdtempSync(join(inject('scratch'), 'mutations-'));
  const fileOf = ({ specimen }: Judged) => join(folder, `${specimen.seed}.pem`);
  const refusals: string[] = [];
  for (const ca of new Set(accepted.map(({ specimen }) => specimen.ca))) {
    const judged = accepted.filter(({ specimen }) => specimen.ca === ca);
    writeFileSync(join(folder, 'ca.pem'), ca);
    for (const one of judged) writeFileSync(fileOf(one), one.specimen.certificate);
    const options = ['-attime', String(now / 1000), '-CAfile', join(folder, 'ca.pem')];
    for (const how of [
      ['-purpose', 'sslclient'],
      ['-purpose', 'sslserver', '-verify_ip', '10.0.1.20', '-verify_hostname', 'worker-0'],
    ]) {
      const { stdout, stderr } = run(['openssl', 'verify', ...options, ...how, ...judged.map(fileOf)]);
      const fine = new Set(stdout.split('\n'));
      const refused = judged.filter(one => !fine.has(`${fileOf(one)}: OK`));
      refusals.push(...refused.map(one => `${describe(one)}\n  OpenSSL (${how[1]}): ${stderr}`));
    }
  }
  rmSync(folder, { recursive: true });
  return refusals;
}
