import { type MissingBinary, openBinaries, type Places, type WantedBinary } from '../binaries.ts';
import type { Stored } from '../object-server.ts';

export type OpenedBinaries = (wanted: readonly WantedBinary[]) => Promise<{
  readonly stored: readonly Stored[];
  readonly missing: readonly MissingBinary[];
}>;

/** Binaries as openBinaries finds them; many instances want the same, and each is looked for once. */
export function openEachOnce(places: Places): OpenedBinaries {
  const opened = new Map<string, ReturnType<typeof openBinaries>>();
  const openOne = (binary: WantedBinary) => {
    const key = `${binary.name}/${binary.arch}/${binary.sha256}`;
    const found = opened.get(key) ?? openBinaries([binary], places);
    opened.set(key, found);
    return found;
  };
  return async wanted => {
    const all = await Promise.all(wanted.map(openOne));
    return { stored: all.flatMap(({ stored }) => stored), missing: all.flatMap(({ missing }) => missing) };
  };
}
