import type { Origin } from '../diagnostics/origin.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { ClusterInputs } from './inputs.ts';
import { labelsDropInPath } from './kubelet.ts';
import { sharedNodeFiles } from './node-files.ts';

/** Something that puts a file, or a folder to unpack into, at a path of the node. */
export type Provided = {
  readonly path: string;
  readonly component: string;
  readonly what: string;
  readonly origin: Origin;
  readonly folder?: boolean;
};

/** Every path that a worker gets, by whom: overlays, identity files, binaries, compiled files. A path that two give stands twice. */
export function providedPaths(cluster: Cluster, inputs: ClusterInputs): readonly Provided[] {
  const components = inputs.components ?? [];
  return [
    ...components.flatMap(({ name, file, overlay, identity, binaries }): readonly Provided[] => [
      ...overlay.map(one => ({ path: one.path, component: name, what: 'a file', origin: { file: one.name } })),
      ...identity.map((entry, index) => ({
        path: entry.path,
        component: name,
        what: `the ${entry.from}`,
        origin: { file, path: ['identity', index, 'path'] },
      })),
      ...binaries.flatMap((binary, index): readonly Provided[] => {
        const what = `the binary ${binary.name}`;
        if (binary.install)
          return [
            { path: binary.install, component: name, what, origin: { file, path: ['binaries', index, 'install'] } },
          ];
        const origin = { file, path: ['binaries', index, 'unpack'] };
        if (!binary.members) return [{ path: binary.unpack ?? '', component: name, what, origin, folder: true }];
        return binary.members.map(member => ({ path: `${binary.unpack}/${member}`, component: name, what, origin }));
      }),
    ]),
    ...sharedNodeFiles(cluster, inputs, components).map(one => ({
      path: one.path,
      component: one.component,
      what: 'a compiled file',
      origin: one.origin,
    })),
    {
      path: labelsDropInPath,
      component: 'firstboot',
      what: 'the node’s labels',
      origin: { file: cluster.file, path: ['kubelet', 'labels'] },
    },
  ];
}
