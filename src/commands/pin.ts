import { type Document, isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { type BinaryFacts, describeBinary } from '../adapters/binary-facts.ts';
import { writeFileAtomically } from '../adapters/write-file.ts';
import { pinsFile, readPins } from '../compile/pins.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { loadCluster } from '../pipeline.ts';
import { decodeText } from '../tree/text.ts';
import { failed, openClusterFolder, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';

export type PinOptions = {
  readonly cluster: string;
  /** Folder with <binary>/<version>/<arch>/<last part of the URL>; without it the URLs are fetched. */
  readonly mirror: string | undefined;
};

type Target = {
  readonly binary: string;
  readonly version: string;
  readonly arch: string;
  readonly urls: readonly string[];
};

/** Fills the entries of pins.yaml that have a URL and no digest; keeps comments and order, and what has a digest already. */
export async function pin(options: PinOptions, io: CommandIo): Promise<number> {
  const folder = openClusterFolder(options.cluster, io);
  const spec = loadCluster(folder.files, folder.file);
  const { pins, findings } = readPins(folder.files);
  const diagnostics = folder.diagnostics([...(spec.ok ? [] : spec.findings), ...findings]);
  if (failed(diagnostics) || !pins) {
    report(diagnostics, io);
    return 1;
  }
  const read = folder.files.read(pinsFile);
  const text = read.kind === 'file' ? decodeText(read.bytes) : undefined;
  const document = parseDocument(text?.ok ? text.text : '');
  const targets = Object.entries(pins).flatMap(([binary, versions]) =>
    Object.entries(versions).flatMap(([version, arches]) =>
      Object.entries(arches).flatMap(([arch, one]): readonly Target[] =>
        one && one.sha256 === undefined ? [{ binary, version, arch, urls: one.url }] : [],
      ),
    ),
  );
  const filled: (Target & { readonly facts: BinaryFacts })[] = [];
  for (const target of targets) {
    const facts = await describeBinary(target, options.mirror);
    if (facts.kind === 'failed')
      throw new OperationError(
        'PIN_NOT_FILLED',
        `${target.binary} ${target.version} ${target.arch} cannot be pinned: ${facts.reason}.`,
        'mend the URL or the mirror and run the same command again; pins.yaml is as it was.',
      );
    fill(document, target, facts);
    filled.push({ ...target, facts });
    if (!io.json)
      io.out(`${target.binary} ${target.version} ${target.arch}  sha256:${facts.sha256}  ${facts.size} bytes\n`);
  }
  if (filled.length > 0) writeFileAtomically(`${folder.folder}/${pinsFile}`, document.toString({ lineWidth: 0 }));
  if (io.json)
    io.out(
      `${JSON.stringify({ pinned: filled.map(({ binary, version, arch, facts }) => ({ binary, version, arch, sha256: facts.sha256, size: facts.size })) })}\n`,
    );
  else
    io.out(
      filled.length > 0
        ? `pinned ${filled.length} in ${pinsFile}\n`
        : `nothing to pin: every entry of ${pinsFile} has a digest\n`,
    );
  return 0;
}

/** Versions such as 1.36 are numbers to YAML, so keys are compared as text. */
function fill(document: Document, target: Target, facts: BinaryFacts): void {
  let map = document.get('binaries') as YAMLMap;
  for (const key of [target.binary, target.version, target.arch]) {
    const pair = map.items.find(
      item => String(isScalar(item.key) ? (item.key.source ?? item.key.value) : item.key) === key,
    );
    if (!isMap(pair?.value)) return;
    map = pair.value;
  }
  map.set('sha256', facts.sha256);
  map.set('size', facts.size);
  if (facts.files) map.set('files', document.createNode(facts.files));
}
