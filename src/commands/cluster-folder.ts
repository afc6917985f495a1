import fs from 'node:fs';
import path from 'node:path';
import { nodeFiles } from '../adapters/node-files.ts';
import { secretReader } from '../adapters/read-secret.ts';
import { type Diagnostic, type Finding, toDiagnostics } from '../diagnostics/diagnostic.ts';
import { printDiagnostics } from '../diagnostics/print.ts';
import { createLocator } from '../diagnostics/source.ts';
import { loadCluster, type Prepared, prepare } from '../pipeline.ts';
import type { Files } from '../ports/files.ts';
import type { Cluster } from '../spec/resolve.ts';
import { decodeText } from '../tree/text.ts';
import type { CommandIo } from './io.ts';

/** A cluster's folder as a command works on it. */
export type ClusterFolder = {
  /** Absolute. */
  readonly folder: string;
  /** Name of the spec in it. */
  readonly file: string;
  readonly files: Files;
  readonly diagnostics: (findings: readonly Finding[], strict?: boolean) => readonly Diagnostic[];
};

/** `given` as the user typed it; a folder stands for the cluster.yaml in it. Places are shown relative to where the user stands. */
export function openClusterFolder(given: string, io: CommandIo): ClusterFolder {
  const spec = isFolder(path.resolve(io.cwd, given)) ? path.join(given, 'cluster.yaml') : given;
  const absolute = path.resolve(io.cwd, spec);
  const folder = path.dirname(absolute);
  const files = nodeFiles(folder, io.packageFolder);
  const readText = (file: string) => {
    const result = files.read(file);
    const text = result.kind === 'file' ? decodeText(result.bytes) : undefined;
    return text?.ok ? text.text : undefined;
  };
  const shown = path.dirname(spec);
  const show = (file: string) =>
    file.startsWith('firstboot:') || path.isAbsolute(file) ? file : path.join(shown, file);
  return {
    folder,
    file: path.basename(absolute),
    files,
    diagnostics(findings, strict = false) {
      return toDiagnostics(findings, createLocator(readText), strict).map(one => ({
        ...one,
        file: show(one.file),
        notes: one.notes.map(note => ({ ...note, file: show(note.file) })),
      }));
    },
  };
}

function isFolder(name: string): boolean {
  return fs.statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

export type LoadedCluster = { readonly folder: ClusterFolder; readonly cluster: Cluster; readonly prepared: Prepared };

/** Reads the spec and what its workers share; undefined, after saying what is wrong, when the spec itself is broken. */
export function openCluster(
  spec: string,
  io: CommandIo,
  keysRequired: boolean,
  strict: boolean,
): LoadedCluster | undefined {
  const folder = openClusterFolder(spec, io);
  const cluster = loadCluster(folder.files, folder.file);
  if (!cluster.ok) {
    report(folder.diagnostics(cluster.findings, strict), io);
    return undefined;
  }
  const readSecret = secretReader(cluster.value, folder.files, folder.folder);
  return {
    folder,
    cluster: cluster.value,
    prepared: prepare(cluster.value, folder.files, readSecret, { now: io.now(), keysRequired }),
  };
}

/** Diagnostics to stderr, and with --json the one document of a failure to stdout. */
export function report(diagnostics: readonly Diagnostic[], io: CommandIo): void {
  io.err(printDiagnostics(diagnostics, io.colour));
  if (io.json && failed(diagnostics)) io.out(`${JSON.stringify({ diagnostics })}\n`);
}

export function failed(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(one => one.severity === 'error');
}
