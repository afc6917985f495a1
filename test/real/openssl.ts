import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from './lab.ts';

/** Everything that a certificate can have right or wrong; what is left out is as a worker needs it. */
export type Certificate = {
  readonly subject: string;
  readonly sans?: string | null;
  readonly extendedKeyUsage?: string | null;
  readonly keyUsage?: string | null;
  readonly basicConstraints?: string | null;
  /** `[notBefore, notAfter]` as YYYYMMDDHHMMSSZ. */
  readonly validity?: readonly [string, string];
  /** Names of the issuer's files in the folder. */
  readonly issuer?: string;
  readonly key?: readonly string[];
  readonly digest?: string;
  /** Further lines of OpenSSL's extension syntax. */
  readonly more?: string;
};

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

const authorityExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];

/** A CA of its own, or something near one: `<name>.pem` and `<name>-key.pem`. */
export function selfSign(
  folder: string,
  name: string,
  subject: string,
  given: readonly string[] = authorityExtensions,
): void {
  const extensions = given.flatMap(extension => ['-addext', extension]);
  const out = ['-keyout', join(folder, `${name}-key.pem`), '-out', join(folder, `${name}.pem`)];
  succeed(['openssl', 'req', '-x509', '-nodes', ...ec, '-days', '365', '-subj', subject, ...extensions, ...out]);
}

/** `<name>.pem` and `<name>-key.pem`, issued by OpenSSL: nothing of firstboot is in it. */
export function sign(folder: string, name: string, certificate: Certificate): void {
  const {
    subject,
    sans,
    extendedKeyUsage,
    keyUsage,
    basicConstraints,
    validity,
    issuer = 'ca',
    key = ec,
    digest = 'sha256',
    more = '',
  } = certificate;
  const at = (file: string) => join(folder, file);
  const extensions = Object.entries({
    subjectAltName: sans ?? null,
    extendedKeyUsage: extendedKeyUsage === undefined ? 'serverAuth,clientAuth' : extendedKeyUsage,
    keyUsage: keyUsage === undefined ? 'critical,digitalSignature' : keyUsage,
    basicConstraints: basicConstraints === undefined ? 'critical,CA:FALSE' : basicConstraints,
    subjectKeyIdentifier: 'hash',
    authorityKeyIdentifier: 'keyid',
  }).filter(([, value]) => value !== null);
  // `openssl x509 -req` cannot back-date before 3.4; `openssl ca` can, but wants a folder for its records.
  const records = mkdtempSync(join(folder, '.openssl-'));
  const [request, extfile, config] = ['request.csr', 'extensions', 'openssl.cnf'].map(file => join(records, file)) as [
    string,
    string,
    string,
  ];
  writeFileSync(extfile, extensions.map(([field, value]) => `${field} = ${value}\n`).join('') + more);
  writeFileSync(config, authority);
  writeFileSync(join(records, 'index.txt'), '');
  succeed([
    'openssl',
    'req',
    '-new',
    '-nodes',
    ...key,
    '-subj',
    subject,
    '-keyout',
    at(`${name}-key.pem`),
    '-out',
    request,
  ]);
  const dates = validity ? ['-startdate', validity[0], '-enddate', validity[1]] : ['-days', '365'];
  const from = ['-cert', at(`${issuer}.pem`), '-keyfile', at(`${issuer}-key.pem`), '-in', request, '-extfile', extfile];
  succeed(
    [
      'openssl',
      'ca',
      '-batch',
      '-notext',
      '-config',
      config,
      '-md',
      digest,
      ...dates,
      ...from,
      '-out',
      at(`${name}.pem`),
    ],
    { cwd: records },
  );
  rmSync(records, { recursive: true });
}

const authority = `[ca]
default_ca = this
[this]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
preserve = yes
email_in_dn = no
[any]
organizationName = optional
commonName = optional
`;
