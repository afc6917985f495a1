import os from 'node:os';
import path from 'node:path';

/** Folder of fetched binaries, by their SHA-256 (XDG Base Directory Specification: a relative path counts for nothing). */
export function binaryCache(): string {
  const { XDG_CACHE_HOME: given = '' } = process.env;
  const caches = path.isAbsolute(given) ? given : path.join(os.homedir(), '.cache');
  return path.join(caches, 'firstboot', 'binaries');
}
