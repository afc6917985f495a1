import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import { describeReadFailure } from '../diagnostics/read-failure.ts';
import type { Certificate } from '../pki/certificate.ts';
import { type Identity, type InputFile, readCa, readIdentity } from '../pki/identity.ts';
import type { Files, ReadResult } from '../ports/files.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { JsonMap } from '../tree/merge.ts';
import { decodeText } from '../tree/text.ts';
import { readBootProgram, type StaticFile } from './boot-program.ts';
import { type Component, readComponents } from './component.ts';
import { type Pins, readPins } from './pins.ts';

/** Everything that all workers share, read once. */
export type ClusterInputs = {
  readonly ca: { readonly file: string; readonly certificate: Certificate | undefined };
  readonly pins: Pins | undefined;
  /** In the order of their `requires`; undefined when one of them could not be read. */
  readonly components: readonly Component[] | undefined;
  /** Identities that all workers share, by owner: kube-proxy's. */
  readonly identities: ReadonlyMap<string, Identity>;
  readonly nodeCas: readonly CaFile[];
  /** By registry. */
  readonly registryCas: ReadonlyMap<string, CaFile>;
  /** The static part of the cloud-config. */
  readonly cloudConfig: JsonMap;
  readonly bootProgram: readonly StaticFile[];
  /** The beginning of user-data as compressed when firstboot was built; undefined when it runs from source. */
  readonly packedPrefix: Uint8Array | undefined;
  readonly findings: readonly Finding[];
};

export type CaFile = { readonly name: string; readonly pem: string };

/**
 * Reads a private file; `readSecret` of the spec may stand behind it, and is asked for a key that is in no file, too. A
 * kubeconfig is optional, so one that is absent stays absent.
 */
export type ReadSecret = (name: string, what: 'key' | 'kubeconfig') => ReadResult;

/** `keysRequired` false: what needs no private key is judged where the keys are absent. */
export function readClusterInputs(
  cluster: Cluster,
  files: Files,
  readSecret: ReadSecret,
  keysRequired: boolean,
): ClusterInputs {
  const caFile = `${cluster.pki.dir}/${cluster.pki.ca}`;
  const ca = readCa(
    { name: caFile, result: files.read(caFile, { within: cluster.pki.dir }) },
    siblingsIn(cluster, files),
  );
  const pins = readPins(files);
  const { components, findings: componentFindings } = readComponents(cluster, files);
  const owners = new Set(components.flatMap(component => component.identity.flatMap(entry => entry.of ?? [])));
  const identities = new Map(
    [...owners].map(owner => [owner, readIdentityOf(owner, cluster, files, readSecret, keysRequired)]),
  );
  const cas = readCas(cluster, files);
  const packed = files.read('firstboot:dist/prefix.bin');
  return {
    ca: { file: caFile, certificate: ca.certificate },
    pins: pins.pins,
    components: componentFindings.length === 0 ? components : undefined,
    identities,
    ...cas,
    ...readBootProgram(files),
    packedPrefix: packed.kind === 'file' ? packed.bytes : undefined,
    findings: [
      ...ca.findings,
      ...pins.findings,
      ...componentFindings,
      ...cas.findings,
      ...[...identities.values()].flatMap(identity => identity.findings),
    ],
  };
}

/** The identity of a worker, or of a component that has one of its own. */
export function readIdentityOf(
  owner: string,
  cluster: Cluster,
  files: Files,
  readSecret: ReadSecret,
  keysRequired: boolean,
): Identity {
  const { dir, certificate, key, kubeconfig } = cluster.pki;
  const named = (pattern: string) => `${dir}/${pattern.replaceAll('{worker}', owner)}`;
  const input = (name: string, read: (name: string) => ReadResult): InputFile => ({ name, result: read(name) });
  const unread: Finding[] = [];
  // Where keys are not needed, what only a command can read may stay unread: a plan runs where there are no secrets.
  const readPrivate = (name: string, what: 'key' | 'kubeconfig'): ReadResult => {
    const result = readSecret(name, what);
    if (keysRequired || result.kind !== 'command-failed') return result;
    const { command, reason } = result;
    if (files.read(name, { within: dir }).kind !== 'missing')
      unread.push(finding('PKI_READ_SECRET_UNREAD', { file: name }, { command, file: name, reason }));
    return { kind: 'missing' };
  };
  const identity = readIdentity(
    owner,
    {
      certificate: input(named(certificate), name => files.read(name, { within: dir })),
      key: input(named(key), name => readPrivate(name, 'key')),
      kubeconfig: input(named(kubeconfig), name => readPrivate(name, 'kubeconfig')),
    },
    { keyRequired: keysRequired, siblings: siblingsIn(cluster, files) },
  );
  return unread.length === 0 ? identity : { ...identity, findings: [...unread, ...identity.findings] };
}

/** Names in the PKI folder, for the hint at a missing file. */
function siblingsIn({ pki: { dir } }: Cluster, files: Files): () => readonly string[] {
  return () => (files.list(dir) ?? []).map(name => `${dir}/${name}`);
}

function readCas(
  cluster: Cluster,
  files: Files,
): { nodeCas: readonly CaFile[]; registryCas: ReadonlyMap<string, CaFile>; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const read = (name: string, path: readonly (string | number)[]): CaFile | undefined => {
    const result = files.read(name);
    const text = result.kind === 'file' ? decodeText(result.bytes) : undefined;
    const problem =
      result.kind !== 'file'
        ? describeReadFailure(result)
        : !text?.ok
          ? (text?.reason ?? '')
          : describeBadCa(text.text);
    if (text?.ok && problem === undefined)
      return { name, pem: text.text.replaceAll('\r\n', '\n').replace(/\n*$/, '\n') };
    findings.push(
      finding(
        'SPEC_CA_FILE',
        { file: cluster.file, path },
        { field: path.join('.'), file: name, reason: problem ?? '' },
      ),
    );
    return undefined;
  };
  const nodeCas = cluster.node.ca.flatMap((name, index) => read(name, ['node', 'ca', index]) ?? []);
  const registryCas = new Map<string, CaFile>();
  for (const [host, registry] of Object.entries(cluster.registries)) {
    const ca = registry.ca === null ? undefined : read(registry.ca, ['registries', host, 'ca']);
    if (ca) registryCas.set(host, ca);
  }
  return { nodeCas, registryCas, findings };
}

function describeBadCa(text: string): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return 'it holds a private key, and it would become public';
  return text.includes('-----BEGIN CERTIFICATE-----') ? undefined : 'it holds no PEM certificate';
}
