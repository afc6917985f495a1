import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { generateDocs } from '../scripts/generate-docs.ts';
import { root } from './support/cluster.ts';

test.each(Object.entries(generateDocs()))('%s is up to date (npm run docs)', (file, text) => {
  expect(fs.readFileSync(path.join(root, file), 'utf8')).toBe(text);
});
