import type { Bundle, BundleFile } from '../compile/bundle.ts';
import type { ClusterInputs } from '../compile/inputs.ts';
import type { Finding } from '../diagnostics/diagnostic.ts';
import type { Cluster } from '../spec/resolve.ts';
import { concatBytes } from '../tree/bytes.ts';
import { sha256 } from '../tree/digest.ts';
import type { JsonMap } from '../tree/merge.ts';
import { Secret } from '../tree/secret.ts';
import { writeArchive } from './archive.ts';
import { bootFacts } from './boot-facts.ts';
import { type ArchiveFacts, manifestPath, readyPath, writeBootManifest } from './boot-manifest.ts';
import { describeBundle } from './bundle-json.ts';
import { cloudConfigHead, cloudConfigTail, writeFilesEntry } from './cloud-config.ts';
import { fingerprintOf } from './fingerprint.ts';
import { gzipAfter } from './gzip.ts';
import { leastMoved, movableFiles, overflowed, tooLarge } from './overflow.ts';
import { bootPrefix } from './prefix.ts';
import { userDataLimit } from './user-data.ts';

/** What `build` writes for one worker. */
export type WorkerArtifacts = {
  readonly worker: string;
  readonly fingerprint: string;
  readonly digest: string;
  readonly archive: Secret;
  readonly userData: Uint8Array;
  readonly userDataYaml: Uint8Array;
  readonly bundleJson: string;
  readonly notAfter: string | null;
  readonly files: number;
  /** False: a private key was absent, so its archive is none to launch with. */
  readonly complete: boolean;
};

export type Emitted = { readonly artifacts: WorkerArtifacts; readonly findings: readonly Finding[] };
export type Emitter = (bundle: Bundle) => Promise<Emitted>;

/** `cloudConfig`: the static keys with the user's own merged in. What workers share is written once, and the boot program compressed once. */
export function createEmitter(cluster: Cluster, inputs: ClusterInputs, cloudConfig: JsonMap): Emitter {
  const encoder = new TextEncoder();
  const digests = new WeakMap<Uint8Array, string>();
  const digestOf = memoByContent(digests, sha256);
  const entries = new WeakMap<BundleFile, string>();
  const sentinel = writeFilesEntry({ path: readyPath, mode: '0644', content: encoder.encode('1\n') });
  const prefix = bootPrefix(cloudConfig, inputs.bootProgram, inputs.packedPrefix);
  // What else workers share is compressed with each: in blocks of its own it would take 100 bytes more of every user-data.
  const gzipAfterPrefix = gzipAfter(prefix);
  const prefixSizes = () => {
    const keys = cloudConfigHead(cloudConfig).length;
    return { keys, bootProgram: prefix.plain.length - keys };
  };
  const facts = bootFacts(cluster, inputs.components ?? []);

  const entryOf = (file: BundleFile): string => {
    const known = entries.get(file) ?? writeFilesEntry(file);
    entries.set(file, known);
    return known;
  };

  return async bundle => {
    const publicKey = bundle.certificate?.publicKeySha256 ?? '';
    const sharedKey = (path: string) => sharedKeys(inputs).get(path) ?? publicKey;
    const fingerprint = fingerprintOf(bundle, digestOf, sharedKey);
    const movable = movableFiles(bundle);
    const compose = async (count: number) => {
      const moved = new Set(movable.slice(0, count));
      const isArchived = (file: BundleFile) => file.content instanceof Secret || moved.has(file);
      const archived = bundle.files.filter(isArchived);
      const written = bundle.files.filter(file => !isArchived(file));
      const bytes = await writeArchive(archived);
      const archive: ArchiveFacts = { bytes, digest: sha256(bytes.reveal()) };
      const parts = { cluster, bundle, fingerprint, archive, archived, written, facts, digestOf };
      const manifest = writeFilesEntry({
        path: manifestPath,
        mode: '0600',
        content: encoder.encode(writeBootManifest(parts)),
      });
      const shared = written.filter(file => file.shared);
      const own = written.filter(file => !file.shared);
      const files = [...shared, ...own].map(entryOf).join('');
      const rest = encoder.encode(files + manifest + sentinel + cloudConfigTail(bundle.worker));
      const userData = gzipAfterPrefix(rest);
      const sizes = { manifest: manifest.length, files: files.length };
      return { moved, isArchived, archive, plain: [prefix.plain, rest], userData, sizes };
    };
    let composed = await compose(0);
    if (composed.userData.length > userDataLimit) {
      const count = await leastMoved(movable.length, async tried => (await compose(tried)).userData.length);
      composed = await compose(count);
    }

    const { moved, archive, isArchived, userData, plain, sizes } = composed;
    const json = describeBundle(bundle, {
      fingerprint,
      digest: archive.digest,
      archiveSize: archive.bytes.size,
      userDataSize: userData.length,
      isArchived,
      digestOf,
    });
    return {
      artifacts: {
        worker: bundle.worker,
        fingerprint,
        digest: archive.digest,
        archive: archive.bytes,
        userData,
        userDataYaml: concatBytes(plain),
        bundleJson: `${JSON.stringify(json, null, 2)}\n`,
        files: bundle.files.length,
        notAfter: bundle.certificate?.notAfter ?? null,
        complete: bundle.absentKeys.length === 0,
      },
      findings:
        userData.length > userDataLimit
          ? [tooLarge(cluster, bundle.worker, { whole: userData.length, ...prefixSizes(), ...sizes })]
          : overflowed(cluster, bundle.worker, [...moved]),
    };
  };
}

function memoByContent<R>(
  known: WeakMap<Uint8Array, R>,
  compute: (content: Uint8Array) => R,
): (content: Uint8Array) => R {
  return content => {
    const found = known.get(content) ?? compute(content);
    known.set(content, found);
    return found;
  };
}

/** Public keys of the secrets that are not the worker's own (kube-proxy's), by path on the node. */
function sharedKeys(inputs: ClusterInputs): ReadonlyMap<string, string> {
  const entries = (inputs.components ?? []).flatMap(component => component.identity);
  return new Map(
    entries.flatMap(({ from, of, path }) => {
      const hash = of === undefined ? undefined : inputs.identities.get(of)?.certificate?.publicKeySha256;
      return from === 'key' && hash !== undefined ? [[path, hash] as const] : [];
    }),
  );
}
