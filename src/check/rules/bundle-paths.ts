import { type Provided, providedPaths } from '../../compile/provided.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { byCodeUnit } from '../../tree/order.ts';
import type { ClusterRule } from '../context.ts';

/** No two things lie at one path of the node, none lies below a file, and none where the system or firstboot keeps its own. */
export const bundlePaths: ClusterRule = ({ cluster, inputs }) => {
  // Sorted, a file comes before what lies below it; sorting is stable, so of two equals the first component's stays first.
  const provided = [...providedPaths(cluster, inputs)].sort((a, b) => byCodeUnit(a.path, b.path));
  const files = new Map<string, Provided>();
  return provided.flatMap(one => {
    const findings = [...collision(one, files), ...reserved(one)];
    if (!one.folder && !files.has(one.path)) files.set(one.path, one);
    return findings;
  });
};

function collision(one: Provided, files: ReadonlyMap<string, Provided>): readonly Finding[] {
  const { path, component, what } = one;
  const same = files.get(path);
  if (same) {
    const args = { path, what, component, otherWhat: same.what, other: same.component };
    return [finding('BUNDLE_PATH_TAKEN', one.origin, args, [noteAt(same)])];
  }
  const above = ancestors(path).flatMap(folder => files.get(folder) ?? [])[0];
  if (!above) return [];
  const args = { path, component, file: above.path, other: above.component };
  return [finding('BUNDLE_PATH_BELOW_FILE', one.origin, args, [noteAt(above)])];
}

function noteAt({ what, component, origin }: Provided) {
  return { message: `${what} of ${component} is given here`, origin };
}

function ancestors(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(2).map((_, index) => parts.slice(0, index + 2).join('/'));
}

const own = 'which is firstboot’s own';
const cloudInits = 'which cloud-init reads or writes before and while the files are written';
const volatile = 'which does not outlive a boot';

/** Files and folders; what lies below them is meant too. */
const reservedPaths: ReadonlyMap<string, string> = new Map([
  ['/var/lib/firstboot', own],
  ['/usr/local/lib/firstboot', own],
  ['/etc/systemd/system/firstboot.service', own],
  ['/etc/systemd/system/firstboot.service.d', own],
  ['/etc/hostname', 'which cloud-init sets to the worker’s name'],
  ['/etc/machine-id', 'which each machine makes for itself'],
  ['/etc/cloud', cloudInits],
  ['/var/lib/cloud', cloudInits],
  ...['/run', '/tmp', '/dev/shm', '/var/run'].map(folder => [folder, volatile] as const),
  ...['/proc', '/sys', '/dev'].map(folder => [folder, 'which is the kernel’s'] as const),
]);

function reserved({ path, component, origin }: Provided): readonly Finding[] {
  const why = [path, ...ancestors(path)].flatMap(one => reservedPaths.get(one) ?? [])[0];
  return why && component !== 'firstboot' ? [finding('BUNDLE_PATH_RESERVED', origin, { path, component, why })] : [];
}
