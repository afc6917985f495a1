// Lints and formats Python without Python: ruff as WebAssembly. `--write` formats; else what is not formatted is a finding.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ruff from '@astral-sh/ruff-wasm-nodejs';

const { PositionEncoding, Workspace } = ruff;
const folders = ['cloud-init/firstboot', 'test/boot'];
const write = process.argv.includes('--write');

const workspace = new Workspace(
  {
    'line-length': 120,
    'target-version': 'py39',
    lint: {
      // pycodestyle, pyflakes, bugbear, imports, comprehensions, simplifications, pylint's errors, ruff's own.
      select: ['E', 'F', 'W', 'B', 'I', 'C4', 'SIM', 'PLE', 'RUF'],
      // B006: no default is changed. B904: an exit has no cause to tell.
      ignore: ['B006', 'B904'],
      isort: { 'known-first-party': ['case', 'cloud', 'fetch', 'modules', 'node', 'report', 'worker'] },
    },
  },
  PositionEncoding.Utf16,
);

let findings = 0;
for (const folder of folders) {
  for (const name of readdirSync(folder).filter(file => file.endsWith('.py'))) {
    const file = path.join(folder, name);
    const source = readFileSync(file, 'utf8');
    for (const { code, message, start_location: at } of workspace.check(source)) {
      findings += 1;
      console.error(`${file}:${at.row}:${at.column}: ${code} ${message}`);
    }
    const formatted = workspace.format(source);
    if (formatted === source) continue;
    if (write) writeFileSync(file, formatted);
    else {
      findings += 1;
      console.error(`${file}: not formatted (npm run format)`);
    }
  }
}
process.exitCode = findings === 0 ? 0 : 1;
