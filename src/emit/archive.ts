import { TarArchive } from 'archiver';
import type { BundleFile } from '../compile/bundle.ts';
import { concatBytes } from '../tree/bytes.ts';
import { Secret } from '../tree/secret.ts';

/**
 * secrets.tar: members named by their path without the leading slash, in the order given (sorted by path), owner 0:0, their
 * mode, time 0. Uncompressed, since the private key alone is no gain, and so that its size tells nothing of the content.
 */
export async function writeArchive(files: readonly BundleFile[]): Promise<Secret> {
  const archive = new TarArchive({});
  const chunks: Uint8Array[] = [];
  archive.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<void>((done, failed) => archive.on('end', done).on('error', failed));
  for (const { path, mode, content } of files) {
    const bytes = content instanceof Secret ? content.reveal() : content;
    archive.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      name: path.slice(1),
      mode: Number.parseInt(mode, 8),
      date: new Date(0),
    });
  }
  await archive.finalize();
  await ended;
  return new Secret(concatBytes(chunks));
}
