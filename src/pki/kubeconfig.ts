import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Origin, Path } from '../diagnostics/origin.ts';
import { describeReadFailure } from '../diagnostics/read-failure.ts';
import type { ReadResult } from '../ports/files.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { isJsonMap, type JsonMap } from '../tree/merge.ts';
import { Secret } from '../tree/secret.ts';
import { decodeText } from '../tree/text.ts';
import type { InputFile } from './input-file.ts';
import { certificatesOf, decodePem, type Embedded, keyOf } from './kubeconfig-data.ts';
import { shapeFindings } from './kubeconfig-shape.ts';
import { addressFindings } from './kubeconfig-url.ts';
import { parseKubeconfigYaml } from './kubeconfig-yaml.ts';
import { printable } from './name.ts';

/** A value with its path in the YAML. */
export type Field<T> = { readonly value: T; readonly path: Path };

/** Something that a kubeconfig embeds (`…-data`), names by a path, or neither. (Both is an error of its own.) */
export type Embeddable<T> = {
  readonly data?: Field<T> | undefined;
  readonly file?: Field<string> | undefined;
  /** There is data, but it could not be decoded; that was reported. */
  readonly broken?: true;
};

/**
 * What a kubeconfig says for its current context, the one that a kubelet uses; empty strings count as absent, as in
 * client-go.
 */
export type Kubeconfig = {
  /** Name of the file, relative to cluster.yaml's folder. */
  readonly file: string;
  readonly context: { readonly name: string; readonly path: Path; readonly namespace: string | undefined };
  readonly cluster: {
    readonly name: string;
    readonly path: Path;
    readonly server: Field<string> | undefined;
    readonly tlsServerName: string | undefined;
    readonly proxyUrl: string | undefined;
    readonly disableCompression: boolean;
    readonly insecure: Field<true> | undefined;
    /** Embedded: the DER of each certificate of the PEM. */
    readonly ca: Embeddable<readonly Uint8Array[]>;
  };
  readonly user: {
    readonly name: string;
    readonly path: Path;
    /** Embedded: the DER of each certificate of the PEM. */
    readonly certificate: Embeddable<readonly Uint8Array[]>;
    /** Embedded: the PEM text, as bytes. */
    readonly key: Embeddable<Secret>;
    /** The command of an exec plugin. */
    readonly exec: Field<string> | undefined;
    /** Names of fields that authenticate (or impersonate) otherwise, such as `token`. */
    readonly otherCredentials: readonly Field<string>[];
  };
};

type Read = { readonly kubeconfig?: Kubeconfig; readonly findings: readonly Finding[] };

/**
 * Reads a kubeconfig and says what is wrong in itself, as client-go's loader would find it. A missing file is no
 * fault: then the
 * kubeconfig is made from the spec. With findings that are errors, there may be no kubeconfig.
 */
export function readKubeconfig({ name: file, result }: InputFile): Read {
  if (result.kind === 'missing') return { findings: [] };
  if (result.kind !== 'file') return failed(readFinding(file, result));
  const text = decodeText(result.bytes);
  if (!text.ok) return failed(finding('KUBECONFIG_UNREADABLE', { file, offset: text.offset }, { reason: text.reason }));
  const yaml = parseKubeconfigYaml(text.text);
  if (!yaml.ok) return failed(finding('KUBECONFIG_SYNTAX', { file, offset: yaml.offset }, { reason: yaml.reason }));
  const root = yaml.value;
  const wrong = whatElse(root);
  if (wrong || !isJsonMap(root))
    return failed(
      finding('KUBECONFIG_NOT_KUBECONFIG', { file, path: wrong?.path ?? [] }, { found: wrong?.found ?? 'nothing' }),
    );
  const shape = shapeFindings(file, root);
  if (shape.some(one => one.code === 'KUBECONFIG_TYPE')) return { findings: shape };
  const resolved = resolveContext(file, root);
  return { ...resolved, findings: [...shape, ...resolved.findings] };
}

function failed(...findings: readonly Finding[]): Read {
  return { findings };
}

/** client-go takes a missing kind and version for v1 Config, and refuses any other. */
function whatElse(root: unknown): { readonly path: Path; readonly found: string } | undefined {
  if (root === null || root === undefined) return { path: [], found: 'an empty file' };
  if (!isJsonMap(root)) return { path: [], found: Array.isArray(root) ? 'a list' : 'plain text' };
  const { kind = null, apiVersion = null } = root;
  if (kind !== null && kind !== 'Config') return { path: ['kind'], found: `kind ${shown(kind)}` };
  if (apiVersion !== null && apiVersion !== 'v1')
    return { path: ['apiVersion'], found: `apiVersion ${shown(apiVersion)}` };
  const parts = ['clusters', 'users', 'contexts', 'current-context'];
  if (kind === null && !parts.some(part => root[part] !== undefined))
    return { path: [], found: 'a map without clusters, users and contexts' };
  return undefined;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `“${printable(value)}”` : 'that is no text';
}

type Entry = { readonly name: string; readonly path: Path; readonly body: JsonMap };
type Kind = 'context' | 'cluster' | 'user';

/** current-context -> context -> cluster and user, by name. */
function resolveContext(file: string, root: JsonMap): Read {
  const findings: Finding[] = [];
  const contexts = entriesOf(file, root, 'context', findings);
  const clusters = entriesOf(file, root, 'cluster', findings);
  const users = entriesOf(file, root, 'user', findings);
  const current = textOf(root, 'current-context');
  if (current === undefined) {
    const origin = { file, path: ['current-context'] };
    findings.push(finding('KUBECONFIG_NO_CONTEXT', origin, { contexts: [...contexts.keys()].map(printable) }));
    return { findings };
  }
  const context = lookUp(
    contexts,
    'context',
    current,
    'current-context',
    { file, path: ['current-context'] },
    findings,
  );
  if (!context) return { findings };
  const from = `the context “${printable(current)}”`;
  const refer = (kind: Kind, entries: ReadonlyMap<string, Entry>) =>
    lookUp(
      entries,
      kind,
      textOf(context.body, kind) ?? '',
      from,
      { file, path: [...context.path, 'context', kind] },
      findings,
    );
  const cluster = refer('cluster', clusters);
  const user = refer('user', users);
  if (!cluster || !user) return { findings };
  findings.push(...addressFindings(file, cluster.body, [...cluster.path, 'cluster']));
  const kubeconfig: Kubeconfig = {
    file,
    context: { name: context.name, path: context.path, namespace: textOf(context.body, 'namespace') },
    cluster: readCluster(file, cluster, findings),
    user: readUser(file, user, findings),
  };
  return { kubeconfig, findings };
}

/** The named entries of a list; of equal names the first. */
function entriesOf(file: string, root: JsonMap, kind: Kind, findings: Finding[]): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const list = root[`${kind}s`];
  for (const [index, item] of Array.isArray(list) ? list.entries() : []) {
    if (!isJsonMap(item)) continue;
    const name = textOf(item, 'name') ?? '';
    const body = item[kind];
    const path = [`${kind}s`, index];
    const first = entries.get(name);
    if (first) {
      const note = { message: 'first here', origin: { file, path: [...first.path, 'name'] } };
      findings.push(
        finding(
          'KUBECONFIG_DUPLICATE_NAME',
          { file, path: [...path, 'name'] },
          { kind: `${kind}s`, name: printable(name) },
          [note],
        ),
      );
    } else entries.set(name, { name, path, body: isJsonMap(body) ? body : {} });
  }
  return entries;
}

function lookUp(
  entries: ReadonlyMap<string, Entry>,
  kind: Kind,
  name: string,
  from: string,
  origin: Origin,
  findings: Finding[],
): Entry | undefined {
  const entry = name === '' ? undefined : entries.get(name);
  if (!entry) {
    const known = [...entries.keys()];
    const meant = didYouMean(name, known);
    findings.push(
      finding('KUBECONFIG_DANGLING', origin, {
        from,
        kind,
        name: printable(name),
        known: known.map(printable),
        meant: meant && printable(meant),
      }),
    );
  }
  return entry;
}

function readCluster(file: string, { name, path: entryPath, body }: Entry, findings: Finding[]): Kubeconfig['cluster'] {
  const path = [...entryPath, 'cluster'];
  return {
    name,
    path,
    server: fieldOf(body, 'server', path),
    tlsServerName: textOf(body, 'tls-server-name'),
    proxyUrl: textOf(body, 'proxy-url'),
    disableCompression: body['disable-compression'] === true,
    insecure:
      body['insecure-skip-tls-verify'] === true
        ? { value: true, path: [...path, 'insecure-skip-tls-verify'] }
        : undefined,
    ca: readEmbeddable(file, body, 'certificate-authority', path, 'a PEM certificate', certificatesOf, findings),
  };
}

const otherCredentials = [
  'token',
  'tokenFile',
  'username',
  'password',
  'auth-provider',
  'as',
  'as-uid',
  'as-groups',
  'as-user-extra',
];

function readUser(file: string, { name, path: entryPath, body }: Entry, findings: Finding[]): Kubeconfig['user'] {
  const path = [...entryPath, 'user'];
  const exec = isJsonMap(body.exec) ? body.exec : undefined;
  return {
    name,
    path,
    certificate: readEmbeddable(file, body, 'client-certificate', path, 'a PEM certificate', certificatesOf, findings),
    key: readEmbeddable(file, body, 'client-key', path, 'a PEM key', secretKeyOf, findings),
    exec: exec && { value: textOf(exec, 'command') ?? 'a command', path: [...path, 'exec'] },
    otherCredentials: otherCredentials
      .filter(field => !isEmpty(body[field]))
      .map(field => ({ value: field, path: [...path, field] })),
  };
}

function secretKeyOf(pem: string): Embedded<Secret> {
  const key = keyOf(pem);
  return key.ok ? { ok: true, value: new Secret(key.value) } : key;
}

function readEmbeddable<T>(
  file: string,
  body: JsonMap,
  field: string,
  path: Path,
  what: string,
  decode: (pem: string) => Embedded<T>,
  findings: Finding[],
): Embeddable<T> {
  const data = fieldOf(body, `${field}-data`, path);
  const named = fieldOf(body, field, path);
  if (data && named) findings.push(finding('KUBECONFIG_BOTH', { file, path: named.path, atKey: true }, { field }));
  if (!data) return { file: named };
  const pem = decodePem(data.value);
  const decoded = pem.ok ? decode(pem.value) : pem;
  if (decoded.ok) return { data: { value: decoded.value, path: data.path }, file: named };
  findings.push(
    finding('KUBECONFIG_BASE64', { file, path: data.path }, { field: `${field}-data`, what, reason: decoded.reason }),
  );
  return { file: named, broken: true };
}

function textOf(map: JsonMap, field: string): string | undefined {
  const value = Object.hasOwn(map, field) ? map[field] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function fieldOf(map: JsonMap, field: string, path: Path): Field<string> | undefined {
  const value = textOf(map, field);
  return value === undefined ? undefined : { value, path: [...path, field] };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** A command that failed has a code of its own, whatever file it was for. */
function readFinding(file: string, result: Exclude<ReadResult, { readonly kind: 'file' }>): Finding {
  return result.kind === 'command-failed'
    ? finding('PKI_READ_SECRET_FAILED', { file }, { command: result.command, file, reason: result.reason })
    : finding('KUBECONFIG_UNREADABLE', { file }, { reason: describeReadFailure(result) });
}
