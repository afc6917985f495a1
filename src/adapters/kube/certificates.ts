import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import tls from 'node:tls';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { Chosen } from './context.ts';
import { broken } from './kubeconfig-files.ts';

type Part = { readonly field: string; readonly pem: Buffer } | undefined;

/** Certificate, key and authority can be read and belong together, and the certificate is valid now. `now`: milliseconds since 1970. */
export function checkCertificates({ cluster, user }: Chosen, source: string, now: number): void {
  const authority = partOf(cluster, 'certificate-authority', source);
  const certificate = partOf(user, 'client-certificate', source);
  const key = partOf(user, 'client-key', source);
  for (const part of [authority, certificate, key]) accept(part, source);
  if (certificate === undefined) return;
  if (key === undefined) throw broken(source, 'its user has a certificate and no key', 'client-key belongs to it.');
  try {
    tls.createSecureContext({ cert: certificate.pem, key: key.pem });
  } catch {
    throw broken(source, 'its key does not belong to its certificate', 'take both from the same place.');
  }
  checkTime(new X509Certificate(certificate.pem), source, now);
}

/** A file, or data in base64; the file comes first, as the client has it. */
function partOf(fields: Readonly<Record<string, unknown>>, field: string, source: string): Part {
  const file = fields[field];
  const content = fields[`${field}-data`];
  if (typeof file === 'string' && file !== '') return { field: `${field} ${file}`, pem: readPart(file, field, source) };
  if (typeof content !== 'string' || content === '') return undefined;
  return { field: `${field}-data`, pem: Buffer.from(content, 'base64') };
}

function readPart(file: string, field: string, source: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw broken(source, `its ${field} ${file} cannot be read (${code})`, 'paths are relative to the kubeconfig.');
  }
}

function accept(part: Part, source: string): void {
  if (part === undefined) return;
  try {
    tls.createSecureContext(part.field.startsWith('client-key') ? { key: part.pem } : { cert: part.pem });
  } catch {
    throw broken(source, `its ${part.field} is not PEM as it should be`, 'see `kubectl config view --raw`.');
  }
}

function checkTime({ validFrom, validTo, subject }: X509Certificate, source: string, now: number): void {
  const early = now < Date.parse(validFrom);
  if (!early && now <= Date.parse(validTo)) return;
  const time = (value: string | number) => new Date(value).toISOString().replace('.000Z', 'Z');
  const said = early ? `is valid only from ${time(validFrom)}` : `ended on ${time(validTo)}`;
  throw new OperationError(
    'KUBE_CERTIFICATE_EXPIRED',
    `the client certificate of ${subject.replaceAll('\n', ', ')} in ${source} ${said}; it is ${time(now - (now % 1000))} now.`,
    'get a new certificate for yourself, or name another kubeconfig by --kubeconfig.',
  );
}
