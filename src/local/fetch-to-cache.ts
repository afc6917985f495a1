import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

type Wanted = { readonly sha256: string };

/** An answer must begin within this time, and go on after it: milliseconds. */
const usualPatience = 10_000;

/**
 * Fetches a file by URL into `target`, which appears whole and with the right digest or not at all, however many processes
 * do it at once. What went wrong, as the end of a sentence, or undefined.
 */
export async function fetchToCache(
  url: string,
  wanted: Wanted,
  target: string,
  patience = usualPatience,
): Promise<string | undefined> {
  if (!/^https?:/.test(url)) return 'is not fetched here: only a node’s role can read it';
  const part = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    const found = await download(url, part, patience);
    if (found !== wanted.sha256) return `gave a file of SHA-256 ${found}, pinned is ${wanted.sha256}`;
    fs.renameSync(part, target);
    return undefined;
  } catch (error) {
    return describe(error);
  } finally {
    fs.rmSync(part, { force: true });
  }
}

/** SHA-256 of what came. */
async function download(url: string, file: string, patience: number): Promise<string> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`did not answer for ${patience / 1000} s`)), patience);
  const hash = createHash('sha256');
  const output = await fs.promises.open(file, 'wx', 0o600);
  try {
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`answered ${response.status}`);
    }
    for await (const chunk of response.body) {
      timer.refresh();
      hash.update(chunk);
      await output.writeFile(chunk);
    }
    await output.sync();
  } finally {
    clearTimeout(timer);
    await output.close();
  }
  return hash.digest('hex');
}

/** undici hides why a connection failed in the cause, and names what it found itself by codes of its own. */
function describe(error: unknown): string {
  const { cause, message } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `did not answer for ${usualPatience / 1000} s`;
  if (code.startsWith('UND_ERR_')) return 'broke off';
  if (/^(answered|did not)/.test(message)) return message;
  return `could not be fetched (${code || message})`;
}
