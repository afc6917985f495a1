import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openBytes, openFile } from '../file-content.ts';
import type { Blob } from './s3-types.ts';

/** Where the bytes are. A name is never used again. */
export type Blobs = {
  readonly write: (stream: AsyncIterable<Uint8Array>) => Promise<Blob>;
  readonly open: (blob: Blob, from: number) => AsyncIterable<Uint8Array>;
  readonly remove: (blobs: readonly Blob[]) => Promise<void>;
};

export function memoryBlobs(): Blobs {
  const stored = new Map<string, Uint8Array>();
  return {
    write: async stream => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      // A copy: who gave the bytes may write over them.
      const bytes = Buffer.concat(chunks);
      const name = newName();
      stored.set(name, bytes);
      return { name, size: bytes.length };
    },
    open: ({ name }, from) => openBytes(stored.get(name) ?? Buffer.alloc(0))(from),
    remove: async blobs => {
      for (const { name } of blobs) stored.delete(name);
    },
  };
}

/** A file each in a folder of its own. What `known` does not name was left by a write that was cut off, and goes. */
export function folderBlobs(folder: string, known: ReadonlySet<string>): Blobs {
  const fileOf = (name: string) => path.join(folder, name);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of fs.readdirSync(folder)) if (!known.has(name)) fs.rmSync(fileOf(name), { force: true });
  return {
    write: async stream => {
      const name = newName();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = fs.createWriteStream(fileOf(name), { mode: 0o600, flags: 'wx' });
      try {
        await pipeline(stream, file);
      } catch (error) {
        await rm(fileOf(name), { force: true });
        throw error;
      }
      return { name, size: file.bytesWritten };
    },
    open: ({ name }, from) => openFile(fileOf(name))(from),
    remove: async blobs => {
      await Promise.all(blobs.map(({ name }) => rm(fileOf(name), { force: true })));
    },
  };
}

function newName(): string {
  return randomBytes(16).toString('hex');
}
