import type { Bundle } from '../compile/bundle.ts';
import { canonicalJson } from '../tree/canonical-json.ts';
import { sha256 } from '../tree/digest.ts';
import { byCodeUnit } from '../tree/order.ts';
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
    canonicalJson({
      v: 1,
      cluster: bundle.cluster,
      worker: bundle.worker,
      privateIp: bundle.privateIp,
      arch: bundle.arch,
      files: factsOf(bundle, digestOf, publicKeyOf),
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

/** A key that is absent counts as one that is there: its public key is in the certificate. */
function factsOf(
  { files, absentKeys }: Bundle,
  digestOf: (content: Uint8Array) => string,
  publicKeyOf: (path: string) => string,
): readonly (readonly [path: string, mode: string, content: string])[] {
  const secret = (path: string) => `public key ${publicKeyOf(path)}`;
  const present = files.map(
    ({ path, mode, content }) => [path, mode, content instanceof Secret ? secret(path) : digestOf(content)] as const,
  );
  const absent = absentKeys.map(({ path, mode }) => [path, mode, secret(path)] as const);
  return absent.length === 0 ? present : [...present, ...absent].sort(([a], [b]) => byCodeUnit(a, b));
}
