import type { Bundle } from '../compile/bundle.ts';
import { sha256 } from '../tree/digest.ts';
import { sortedEntries } from '../tree/order.ts';
import { Secret } from '../tree/secret.ts';

/**
 * What the running node and its instance are, as one hash: files uncompressed, binaries, units, launch parameters as
 * specified. A private key counts as the hash of its public key, so that a plan needs no key. Not in it: the boot program,
 * URLs, archive bytes, firstboot's version, so an upgrade of firstboot replaces nobody.
 */
export function fingerprintOf(
  bundle: Bundle,
  digestOf: (content: Uint8Array) => string,
  publicKeyOf: (path: string) => string,
): string {
  return sha256(
    canonical({
      v: 1,
      cluster: bundle.cluster,
      worker: bundle.worker,
      privateIp: bundle.privateIp,
      arch: bundle.arch,
      files: bundle.files.map(({ path, mode, content }) => [
        path,
        mode,
        content instanceof Secret ? `public key ${publicKeyOf(path)}` : digestOf(content),
      ]),
      binaries: bundle.binaries.map(({ name, version, sha256: digest, install, unpack, members }) => ({
        name,
        version,
        digest,
        install,
        unpack,
        members,
      })),
      units: bundle.units,
      modules: bundle.modules,
      launch: bundle.launch,
    }),
  );
}

/** JSON with sorted keys and without undefined values: equal values give equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = sortedEntries(value as Record<string, unknown>).filter(([, one]) => one !== undefined);
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
