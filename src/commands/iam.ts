import { stringify } from 'yaml';
import { loadCluster } from '../pipeline.ts';
import { type IamDocument, iamDocuments } from '../rollout/iam/documents.ts';
import { accountPlaceholder } from '../rollout/iam/names.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { openClusterFolder, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';
import type { ParsedOptions } from './table.ts';

/** Prints the least-privilege documents for a spec; one alone as it is, to be piped. No network, no PKI. */
export async function iamCommand(
  { cluster: spec, account = accountPlaceholder }: ParsedOptions,
  [name]: readonly string[],
  io: CommandIo,
): Promise<number> {
  if (account !== accountPlaceholder && !/^\d{12}$/.test(String(account)))
    return usage(io, '--account is no account ID', 'an account ID has twelve digits.');
  const folder = openClusterFolder((spec as string | undefined) ?? 'cluster.yaml', io);
  const cluster = loadCluster(folder.files, folder.file);
  if (!cluster.ok) {
    report(folder.diagnostics(cluster.findings), io);
    return 1;
  }
  const documents = iamDocuments({ cluster: cluster.value, account: String(account) });
  const wanted = name === undefined ? documents : documents.filter(one => one.name === name);
  if (name !== undefined && wanted.length === 0) return noDocument(io, name, documents);
  if (account === accountPlaceholder && wanted.some(one => JSON.stringify(one.content).includes(accountPlaceholder)))
    io.err(`firstboot: ${accountPlaceholder} stands for your account; --account puts it in.\n`);
  const [only] = wanted;
  if (io.json) io.out(`${JSON.stringify({ version: 1, cluster: cluster.value.name, documents: wanted })}\n`);
  else io.out(name !== undefined && only ? textOf(only) : wanted.map(pageOf).join('\n'));
  return 0;
}

function textOf({ format, content }: IamDocument): string {
  if (format === 'json') return `${JSON.stringify(content, null, 2)}\n`;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map(part => stringify(part)).join('---\n');
}

/** How to apply a document, and the document. */
function pageOf(one: IamDocument): string {
  const lines = [`${one.name}: ${one.title}`, `firstboot iam ${one.name} > ${one.name}.${one.format}`, ...one.apply];
  return `${lines.map(line => `# ${line}\n`).join('')}${textOf(one)}`;
}

function noDocument(io: CommandIo, name: string, documents: readonly IamDocument[]): number {
  const names = documents.map(one => one.name);
  const meant = didYouMean(name, names);
  return usage(io, `there is no policy ${name}`, meant ? `did you mean ${meant}?` : `there is: ${names.join(', ')}.`);
}

function usage(io: CommandIo, problem: string, hint: string): number {
  io.err(`firstboot: ${problem}.\n  hint: ${hint}\n`);
  if (io.json)
    io.out(
      `${JSON.stringify({ diagnostics: [{ code: 'USAGE', severity: 'error', message: `${problem}.`, hint, file: null, notes: [] }] })}\n`,
    );
  return 2;
}
