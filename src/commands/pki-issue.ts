import path from 'node:path';
import { pkiFolder } from '../adapters/pki-folder.ts';
import { secretReader } from '../adapters/read-secret.ts';
import { readComponents } from '../compile/component.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { applyIssue, type IssueEvent } from '../issue/apply.ts';
import type { KeyType } from '../issue/identity.ts';
import { type FoundPki, type IssuePlan, type IssueProblem, type Owner, planIssue } from '../issue/plan.ts';
import { prepareIssue } from '../issue/prepare.ts';
import { loadCluster } from '../pipeline.ts';
import type { Cluster } from '../spec/resolve.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { type ClusterFolder, failed, openClusterFolder, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';
import { listOf, type ParsedOptions, textOf } from './table.ts';

export type PkiIssueOptions = {
  readonly cluster: string;
  /** As the user typed it; default: ca-key.pem in the PKI folder. */
  readonly caKey?: string | undefined;
  readonly keyType: KeyType;
  readonly days: number;
  readonly force: boolean;
  /** Default: all workers, and kube-proxy where it is a component. */
  readonly workers: readonly string[];
};

/** The command as the command line gives it; 2 when an option says nothing sensible. */
export async function pkiIssueCommand(options: ParsedOptions, io: CommandIo): Promise<number> {
  const days = textOf(options.days) ?? '365';
  if (!/^[1-9]\d{0,4}$/.test(days)) {
    io.err(`firstboot: --days is a number of days from 1 to 99999, not “${days}”.\n  hint: a year is 365.\n`);
    return 2;
  }
  return pkiIssue(
    {
      cluster: textOf(options.cluster) ?? 'cluster.yaml',
      caKey: textOf(options['ca-key']),
      keyType: options['key-type'] === 'ec' ? 'ec' : 'rsa',
      days: Number(days),
      force: options.force === true,
      workers: listOf(options.worker),
    },
    io,
  );
}

/** Issues what the PKI folder lacks. With anything in doubt nothing is written. */
export async function pkiIssue(options: PkiIssueOptions, io: CommandIo): Promise<number> {
  const folder = openClusterFolder(options.cluster, io);
  const loaded = loadCluster(folder.files, folder.file);
  if (!loaded.ok) {
    report(folder.diagnostics(loaded.findings), io);
    return 1;
  }
  const cluster = loaded.value;
  const owners = chooseOwners(cluster, folder, options.workers, io);
  if (!owners) return 2;
  const found = findPki(
    cluster,
    folder,
    owners,
    options.caKey === undefined ? undefined : path.resolve(io.cwd, options.caKey),
  );
  const { plan, problems } = planIssue(found, options.force);
  if (!plan) throw refusal(problems);
  const readSecret = secretReader(cluster, folder.files, folder.folder);
  const read = (name: string, secret: boolean) =>
    secret && !(found.caKey.chosen && name === found.caKey.file)
      ? readSecret(name, 'key')
      : folder.files.read(name, secret ? {} : { within: cluster.pki.dir });
  const { materials, ...prepared } = prepareIssue(plan, found, read, io.now());
  const diagnostics = folder.diagnostics(prepared.findings);
  if (diagnostics.length > 0) report(diagnostics, io);
  if (failed(diagnostics)) return 1;
  if (!materials) throw refusal(prepared.problems);
  const settings = {
    cluster: cluster.name,
    server: cluster.server,
    keyType: options.keyType,
    days: options.days,
    now: io.now(),
  };
  const show = (file: string) => (path.isAbsolute(file) ? file : path.join(path.dirname(options.cluster), file));
  const events: IssueEvent[] = [];
  for (const event of applyIssue(plan, found, materials, settings, pkiFolder(folder.folder))) {
    events.push({ ...event, file: show(event.file) });
    if (!io.json && event.done === 'issued') io.out(issuedLine({ ...event, file: show(event.file) }));
  }
  if (io.json) io.out(`${JSON.stringify(documentOf(events))}\n`);
  else io.out(keptLines(events));
  io.err(notes(cluster, plan, show(found.caKey.file), events) + cutNote(events, settings.now, options.days));
  return 0;
}

function refusal(problems: readonly IssueProblem[]): OperationError {
  const shown = problems.slice(0, 20);
  const more = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : '';
  const hints = [...new Set(shown.map(problem => problem.hint))];
  return new OperationError(
    'PKI_ISSUE_REFUSED',
    `nothing was issued: ${shown.map(problem => problem.message).join('; ')}${more}.`,
    hints.join('\n  hint: '),
  );
}

/**
 * The workers, and kube-proxy where a component wants its identity; undefined, after saying so, when a name is
 * unknown.
 */
function chooseOwners(
  cluster: Cluster,
  { files }: ClusterFolder,
  names: readonly string[],
  io: CommandIo,
): readonly Owner[] | undefined {
  const shared = new Set(
    readComponents(cluster, files).components.flatMap(component => component.identity.flatMap(entry => entry.of ?? [])),
  );
  for (const name of shared) {
    if (name !== 'kube-proxy')
      io.err(`note: ${name} is the identity of a component of yours, which firstboot does not know how to issue.\n`);
  }
  const owners: readonly Owner[] = [
    ...cluster.workers.map(({ name, privateIp }) => ({ kind: 'worker' as const, name, privateIp })),
    ...(shared.has('kube-proxy') ? [{ kind: 'kube-proxy' as const, name: 'kube-proxy' }] : []),
  ];
  const known = owners.map(owner => owner.name);
  const wanted = new Set(names);
  for (const owner of owners) wanted.delete(owner.name);
  for (const name of wanted) {
    const meant = didYouMean(name, known);
    io.err(
      `firstboot: ${cluster.name} has no worker ${name}.\n  hint: ${meant ? `did you mean ${meant}?` : 'the names are under `workers` in the spec.'}\n`,
    );
  }
  if (wanted.size > 0) return undefined;
  return names.length === 0 ? owners : owners.filter(owner => names.includes(owner.name));
}

function findPki(
  cluster: Cluster,
  { files }: ClusterFolder,
  owners: readonly Owner[],
  caKey: string | undefined,
): FoundPki {
  const { dir, ca, certificate, key, kubeconfig } = cluster.pki;
  const look = (file: string) => ({ file, there: files.read(file, { within: dir }).kind !== 'missing' });
  const caKeyFile = caKey ?? `${dir}/ca-key.pem`;
  return {
    ca: look(`${dir}/${ca}`),
    caKey: { file: caKeyFile, there: files.read(caKeyFile).kind !== 'missing', chosen: caKey !== undefined },
    identities: owners.map(owner => {
      const named = (pattern: string) => look(`${dir}/${pattern.replaceAll('{worker}', owner.name)}`);
      return { owner, key: named(key), certificate: named(certificate), kubeconfig: named(kubeconfig) };
    }),
  };
}

function issuedLine({ file, owner, what, notAfter }: IssueEvent): string {
  const whose = owner === 'ca' ? 'a new CA' : owner;
  return `wrote ${file}: the ${what} of ${whose}${notAfter === undefined ? '' : `, valid until ${new Date(notAfter).toISOString().slice(0, 10)}`}\n`;
}

const mostKept = 20;

function keptLines(events: readonly IssueEvent[]): string {
  const kept = events.filter(event => event.done === 'kept').map(event => `kept ${event.file}\n`);
  const rest = kept.length > mostKept ? [`kept ${kept.length - mostKept} more files\n`] : [];
  const none = kept.length === events.length ? ['Nothing was missing.\n'] : [];
  return [...kept.slice(0, mostKept), ...rest, ...none].join('');
}

function documentOf(events: readonly IssueEvent[]): unknown {
  const files = (done: IssueEvent['done']) =>
    events
      .filter(event => event.done === done)
      .map(({ file, owner, what, notAfter }) => ({
        file,
        owner,
        what,
        ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter).toISOString() }),
      }));
  return { issued: files('issued'), kept: files('kept') };
}

/** A certificate does not outlive its CA; whoever asked for more days is told. */
function cutNote(events: readonly IssueEvent[], now: number, days: number): string {
  const asked = now + days * 86_400_000;
  // Certificates count in seconds.
  const cut = events.find(
    ({ done, owner, notAfter }) =>
      done === 'issued' && owner !== 'ca' && notAfter !== undefined && asked - notAfter > 1000,
  );
  return cut?.notAfter === undefined
    ? ''
    : `note: the certificates end with the CA, ${new Date(cut.notAfter).toISOString().slice(0, 10)}, before the ${days} days of --days: nothing outlives its CA.\n`;
}

function notes(cluster: Cluster, plan: IssuePlan, caKey: string, events: readonly IssueEvent[]): string {
  const secret = events.some(event => event.done === 'issued' && event.what !== 'certificate');
  return [
    plan.ca === 'keep'
      ? ''
      : `note: whoever has ${caKey} can be any node or administrator of the cluster: keep it off the workers and out of version control.\n`,
    secret && cluster.pki.readSecret !== null
      ? 'note: pki.readSecret is set, but new keys and kubeconfigs are written as plain text: encrypt them as it expects.\n'
      : '',
  ].join('');
}
