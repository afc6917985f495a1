import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import { describeReadFailure } from '../diagnostics/read-failure.ts';
import type { Files } from '../ports/files.ts';
import { validate } from '../spec/parse.ts';
import type { Cluster } from '../spec/resolve.ts';
import { readYaml } from '../spec/yaml.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { type ComponentSpec, componentSchema, isNodePath } from './component-schema.ts';

/** A file of a component's `files/` folder; `path` is its path on the node. */
export type OverlayFile = {
  readonly path: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: string;
  /** Of a YAML file of firstboot itself: what it says. */
  readonly parsed?: unknown;
};

export type Component = ComponentSpec & {
  readonly name: string;
  /** Name of its bundle.yaml, the place that findings point at. */
  readonly file: string;
  readonly overlay: readonly OverlayFile[];
};

/** Folder of firstboot's own components, as a name for Files. */
const builtIn = 'firstboot:bundles';

/** Reads the components that the spec names, in the order of their `requires`. A user's folder replaces firstboot's of the same name. */
export function readComponents(
  cluster: Cluster,
  files: Files,
): { readonly components: readonly Component[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const byName = new Map<string, Component>();
  for (const [index, name] of cluster.components.entries()) {
    const origin = { file: cluster.file, path: ['components', index] };
    if (byName.has(name)) {
      findings.push(finding('BUNDLE_LISTED_TWICE', origin, { component: name }));
      continue;
    }
    const folder = folderOf(name, files);
    if (!folder) {
      const known = knownComponents(files);
      findings.push(finding('BUNDLE_NOT_FOUND', origin, { component: name, known, meant: didYouMean(name, known) }));
      continue;
    }
    const read = readComponent(name, folder, files);
    findings.push(...read.findings);
    if (read.component) byName.set(name, read.component);
  }
  findings.push(...requirementFindings(cluster, byName, files));
  return { components: inOrder(byName), findings };
}

function folderOf(name: string, files: Files): string | undefined {
  return [`bundles/${name}`, `${builtIn}/${name}`].find(folder => files.list(folder) !== undefined);
}

function knownComponents(files: Files): readonly string[] {
  const names = ['bundles', builtIn].flatMap(folder => files.list(folder) ?? []).map(name => name.split('/')[0] ?? '');
  return [...new Set(names)].sort();
}

function readComponent(
  name: string,
  folder: string,
  files: Files,
): { readonly component?: Component; readonly findings: readonly Finding[] } {
  const file = `${folder}/bundle.yaml`;
  const yaml = readYaml(file, files.read(file, { within: folder }), {});
  if (!yaml.ok) return yaml;
  const spec = validate(file, componentSchema, yaml.value, yaml.sourceAt);
  if (!spec.ok) return spec;
  const { overlay, findings } = readOverlay(folder, file, spec.value, files);
  return { component: { ...spec.value, name, file, overlay }, findings };
}

function readOverlay(
  folder: string,
  bundleFile: string,
  spec: ComponentSpec,
  files: Files,
): { readonly overlay: readonly OverlayFile[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const overlay: OverlayFile[] = [];
  for (const relative of files.list(`${folder}/files`) ?? []) {
    const name = `${folder}/files/${relative}`;
    const path = `/${relative}`;
    if (!isNodePath(path)) {
      findings.push(finding('BUNDLE_PATH_INVALID', { file: name }, { path }));
      continue;
    }
    const result = files.read(name, { within: folder });
    if (result.kind !== 'file') {
      findings.push(
        finding('BUNDLE_FILE_UNREADABLE', { file: name }, { file: name, reason: describeReadFailure(result) }),
      );
      continue;
    }
    const { bytes, executable, parsed } = result;
    overlay.push({ path, name, bytes, parsed, mode: spec.modes[path] ?? (executable ? '0755' : '0644') });
  }
  for (const path of Object.keys(spec.modes)) {
    if (!overlay.some(file => file.path === path)) {
      findings.push(finding('BUNDLE_MODE_UNUSED', { file: bundleFile, path: ['modes', path], atKey: true }, { path }));
    }
  }
  return { overlay, findings };
}

function requirementFindings(
  cluster: Cluster,
  byName: ReadonlyMap<string, Component>,
  files: Files,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const component of byName.values()) {
    for (const [index, required] of component.requires.entries()) {
      const origin = { file: component.file, path: ['requires', index] };
      if (!cluster.components.includes(required)) {
        findings.push(
          finding('BUNDLE_REQUIRES_MISSING', origin, {
            component: component.name,
            required,
            exists: folderOf(required, files) !== undefined,
          }),
        );
      }
    }
  }
  const cycle = findCycle(byName);
  if (cycle) {
    const first = byName.get(cycle[0] ?? '');
    findings.push(
      finding('BUNDLE_REQUIRES_CYCLE', { file: first?.file ?? cluster.file, path: ['requires'] }, { cycle }),
    );
  }
  return findings;
}

function findCycle(byName: ReadonlyMap<string, Component>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): readonly string[] | undefined => {
    if (above.includes(name)) return [...above.slice(above.indexOf(name)), name];
    if (done.has(name)) return undefined;
    done.add(name);
    for (const required of byName.get(name)?.requires ?? []) {
      const cycle = visit(required, [...above, name]);
      if (cycle) return cycle;
    }
    return undefined;
  };
  for (const name of byName.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Required components first, otherwise the order of the spec. */
function inOrder(byName: ReadonlyMap<string, Component>): readonly Component[] {
  const ordered = new Map<string, Component>();
  const place = (component: Component, above: readonly string[]) => {
    if (ordered.has(component.name) || above.includes(component.name)) return;
    for (const required of component.requires) {
      const below = byName.get(required);
      if (below) place(below, [...above, component.name]);
    }
    ordered.set(component.name, component);
  };
  for (const component of byName.values()) place(component, []);
  return [...ordered.values()];
}
