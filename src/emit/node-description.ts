import type { Bundle } from '../compile/bundle.ts';
import { equalBytes } from '../tree/bytes.ts';
import { Secret } from '../tree/secret.ts';
import { readUserData } from './read-user-data.ts';

/** `archived`: it travelled in the archive, as a secret or since it did not fit, so its content is not known. */
export type DescribedContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'secret' }
  | { readonly kind: 'archived' };

export type DescribedFile = { readonly mode: string; readonly content: DescribedContent };

/** What a worker’s node consists of, for people to compare; no secret in it. */
export type NodeDescription = {
  readonly privateIp: string;
  readonly arch: string;
  /** By path. */
  readonly files: ReadonlyMap<string, DescribedFile>;
  readonly binaries: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    /** Where it is put: a file, or the folder that its archive is unpacked into. */
    readonly target: string;
  }[];
  readonly units: readonly string[];
  readonly modules: readonly string[];
  /** True: the PKI folder has no kubeconfig, so the names in it are ours. */
  readonly kubeconfigMade?: boolean;
};

/** As the bundle has it; its private keys may be absent. */
export function describeNode({ files, absentKeys, ...bundle }: Bundle, kubeconfigMade: boolean): NodeDescription {
  const present = files.map(({ path, mode, content }): [string, DescribedFile] => [
    path,
    { mode, content: content instanceof Secret ? { kind: 'secret' } : { kind: 'bytes', bytes: content } },
  ]);
  const absent = absentKeys.map(({ path, mode }): [string, DescribedFile] => [
    path,
    { mode, content: { kind: 'secret' } },
  ]);
  return {
    privateIp: bundle.privateIp,
    arch: bundle.arch,
    files: new Map([...present, ...absent]),
    binaries: bundle.binaries.map(({ name, version, sha256, install, unpack }) => ({
      name,
      version,
      sha256,
      target: install ?? unpack ?? '',
    })),
    units: bundle.units,
    modules: bundle.modules,
    kubeconfigMade,
  };
}

/** As the user-data of an earlier launch has it. */
export function describeLaunched(userData: Uint8Array): NodeDescription {
  const { files, manifest } = readUserData(userData);
  const own = new Set(manifest.files.paths);
  const written = files
    .filter(file => own.has(file.path))
    .map(({ path, mode, content }): [string, DescribedFile] => [
      path,
      { mode, content: { kind: 'bytes', bytes: content } },
    ]);
  const archived = Object.entries(manifest.archive).map(([path, mode]): [string, DescribedFile] => [
    path,
    { mode, content: { kind: 'archived' } },
  ]);
  return {
    privateIp: manifest.privateIp,
    arch: manifest.arch,
    files: new Map([...written, ...archived]),
    binaries: manifest.binaries.map(({ name, version, sha256, install, unpack }) => ({
      name,
      version,
      sha256,
      target: install ?? unpack ?? '',
    })),
    units: manifest.units,
    modules: manifest.modules,
  };
}

/** Whether two descriptions of one file agree as far as they are known. */
export function sameFile(before: DescribedFile, after: DescribedFile): boolean {
  if (before.mode !== after.mode) return false;
  if (before.content.kind === 'bytes' && after.content.kind === 'bytes')
    return equalBytes(before.content.bytes, after.content.bytes);
  return before.content.kind === 'archived' || before.content.kind === after.content.kind;
}
