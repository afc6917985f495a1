import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Arch, Cluster, Worker } from '../../spec/resolve.ts';
import type { ClusterRule } from '../context.ts';

/** Instance types and images are of the workers' architectures. What many workers share is reported once, for the first of them. */
export const specMachines: ClusterRule = ({ cluster }) => [
  ...imagesOfOtherArch(cluster),
  ...launches(cluster),
  ...protectedSpot(cluster),
];

/** EC2 User Guide, “Change instance termination protection”. */
function protectedSpot({ file, aws }: Cluster): readonly Finding[] {
  if (!aws.spot || !aws.terminationProtection) return [];
  return [finding('SPEC_SPOT_PROTECTED', { file, path: ['aws', 'terminationProtection'] }, {})];
}

function launches(cluster: Cluster): readonly Finding[] {
  const reported = new Set<string>();
  const once = (key: string, make: () => Finding): readonly Finding[] => {
    if (reported.has(key)) return [];
    reported.add(key);
    return [make()];
  };
  return cluster.workers.flatMap(worker => [
    ...worker.launch.instanceTypes.flatMap((type, index) => {
      const typeArch = archOf(type);
      if (typeArch === undefined || typeArch === worker.arch) return [];
      const { path, key } = placeOf(cluster, worker, index);
      const args = { worker: worker.name, type, typeArch, arch: worker.arch };
      return once(key, () => finding('SPEC_INSTANCE_TYPE_ARCH', { file: cluster.file, path }, args));
    }),
    ...(worker.launch.image === null
      ? once(worker.arch, () =>
          finding(
            'SPEC_IMAGE_MISSING',
            { file: cluster.file, path: ['aws', 'image'] },
            { worker: worker.name, arch: worker.arch },
          ),
        )
      : []),
  ]);
}

function imagesOfOtherArch({ file, aws }: Cluster): readonly Finding[] {
  return (['amd64', 'arm64'] as const).flatMap(arch => {
    const image = aws.image[arch];
    const found = image && foreignArch(image, arch);
    return found ? [finding('SPEC_IMAGE_ARCH', { file, path: ['aws', 'image', arch] }, { arch, image, found })] : [];
  });
}

const namesOf: Readonly<Record<Arch, RegExp>> = {
  amd64: /(?<![a-z0-9])(amd64|x86[_-]64|x64)(?![a-z0-9])/i,
  arm64: /(?<![a-z0-9])(arm64|aarch64)(?![a-z0-9])/i,
};

/** The other architecture as a name or path spells it, when it does not name the right one as well. */
export function foreignArch(text: string, arch: Arch): string | undefined {
  if (namesOf[arch].test(text)) return undefined;
  return namesOf[arch === 'amd64' ? 'arm64' : 'amd64'].exec(text)?.[1];
}

function placeOf(
  cluster: Cluster,
  worker: Worker,
  index: number,
): { readonly path: readonly (string | number)[]; readonly key: string } {
  const shared = worker.launch.instanceTypes === cluster.aws.instanceTypes;
  if (shared) return { path: ['aws', 'instanceTypes', index], key: `${worker.arch} ${index}` };
  return { path: ['workers', worker.name, 'instanceTypes', index], key: `${worker.name} ${index}` };
}

/** Families by their letters before the generation that have been on x86 unless a `g` stands behind it (docs.aws.amazon.com, "Naming conventions"). */
const families = /^(?:t|m|c|r|x|i|d|h|z|g|gr|p|f|hpc|vt|dl|inf|im|is)$/;

/** The architecture of an instance type; undefined for families that are not known here. */
export function archOf(type: string): Arch | undefined {
  const family = type.split('.')[0] ?? '';
  if (family === 'a1') return 'arm64';
  const [, letters = '', behind = ''] = /^([a-z]+)\d+([a-z]*)(?:-flex)?$/.exec(family) ?? [];
  if (!families.test(letters)) return undefined;
  return behind.includes('g') ? 'arm64' : 'amd64';
}
