import type { Bundle, BundleFile } from '../compile/bundle.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { Secret } from '../tree/secret.ts';
import { userDataLimit } from './user-data.ts';

type Facts = {
  readonly fingerprint: string;
  readonly digest: string;
  readonly archiveSize: number;
  readonly userDataSize: number;
  readonly isArchived: (file: BundleFile) => boolean;
  readonly digestOf: (content: Uint8Array) => string;
};

/** bundle.json: every file, where it travels and where it comes from; of a secret, neither bytes nor hash. */
export function describeBundle(
  bundle: Bundle,
  { fingerprint, digest, archiveSize, userDataSize, isArchived, digestOf }: Facts,
) {
  return {
    version: 1,
    cluster: bundle.cluster,
    worker: bundle.worker,
    arch: bundle.arch,
    fingerprint,
    archive: { digest, size: archiveSize },
    userData: { size: userDataSize, limit: userDataLimit },
    files: bundle.files.map(file => {
      const { path, mode, content, origin } = file;
      const common = {
        path,
        mode,
        owner: 'root:root',
        size: content instanceof Secret ? content.size : content.length,
      };
      const travels = { via: isArchived(file) ? 'archive' : 'user-data', origin: describeOrigin(origin) };
      return content instanceof Secret
        ? { ...common, secret: true, ...travels }
        : { ...common, sha256: digestOf(content), secret: false, ...travels };
    }),
    binaries: bundle.binaries.map(({ name, version, urls, sha256, install, unpack }) => ({
      name,
      version,
      url: urls[0],
      sha256,
      path: install ?? unpack,
    })),
    units: bundle.units,
    certificate: bundle.certificate,
  };
}

function describeOrigin({ file, path }: Origin): string {
  return path && path.length > 0 ? `${file}#${path.join('.')}` : file;
}
