import type { Bundle, BundleFile } from '../compile/bundle.ts';
import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Cluster } from '../spec/resolve.ts';
import { withCommas } from '../tree/count.ts';
import { byCodeUnit } from '../tree/order.ts';
import { Secret } from '../tree/secret.ts';
import { userDataLimit } from './user-data.ts';

/** Below this a file's entry saves less than its mention among the archive's members costs. */
const worthMoving = 256;

/** Public files in the order in which they give way: the largest first. */
export function movableFiles({ files }: Bundle): readonly BundleFile[] {
  return files
    .filter(file => !(file.content instanceof Secret) && sizeOf(file) >= worthMoving)
    .sort((a, b) => sizeOf(b) - sizeOf(a) || byCodeUnit(a.path, b.path));
}

/**
 * The least number of movable files that must go to the archive for `sizeWith(number)` to keep the limit; all of them when
 * even that does not. User-data shrinks with every file that goes, so half of what is left is tried each time.
 */
export async function leastMoved(movable: number, sizeWith: (moved: number) => Promise<number>): Promise<number> {
  let tooFew = -1;
  let enough = movable;
  for (let tried = 0; enough - tooFew > 1; tried = Math.floor((tooFew + enough) / 2)) {
    if ((await sizeWith(tried)) <= userDataLimit) enough = tried;
    else tooFew = tried;
  }
  return enough;
}

function sizeOf({ content }: BundleFile): number {
  return content instanceof Secret ? content.size : content.length;
}

/** Sizes in bytes: the whole after compression, the parts before. */
export type UserDataSizes = {
  readonly whole: number;
  readonly keys: number;
  readonly bootProgram: number;
  readonly manifest: number;
  readonly files: number;
};

/** Even with all that can move in the archive it does not fit; with the sizes by part. */
export function tooLarge(cluster: Cluster, worker: string, sizes: UserDataSizes): Finding {
  const parts = [
    `${withCommas(sizes.keys)} bytes of cloud-config with your cloudInit`,
    `${withCommas(sizes.bootProgram)} bytes of the boot program`,
    `${withCommas(sizes.manifest)} bytes of its manifest`,
    `${withCommas(sizes.files)} bytes of files`,
  ];
  return finding('USER_DATA_TOO_LARGE', originOf(cluster, worker), {
    worker,
    size: sizes.whole,
    limit: userDataLimit,
    parts,
  });
}

/** Says what was moved to the archive. */
export function overflowed(cluster: Cluster, worker: string, files: readonly BundleFile[]): readonly Finding[] {
  if (files.length === 0) return [];
  const moved = files.map(file => `${file.path} (${withCommas(sizeOf(file))} bytes)`);
  return [finding('USER_DATA_OVERFLOW', originOf(cluster, worker), { worker, limit: userDataLimit, moved })];
}

function originOf({ file }: Cluster, worker: string) {
  return { file, path: ['workers', worker], atKey: true };
}
