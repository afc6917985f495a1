import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { program } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that all of a run's folders, and so its throwaway keys, lie in. */
    scratch: string;
  }
}

/** One scratch folder for the run, removed at its end. */
export function setup(project: TestProject): () => void {
  if (!existsSync(program)) throw new Error(`${program} is not there: run make build first`);
  const scratch = mkdtempSync(join(tmpdir(), 'firstboot-real-'));
  project.provide('scratch', scratch);
  return () => rmSync(scratch, { recursive: true, force: true });
}
