// Builds dist/: one bundled program (start-up costs little more than Node itself), the library, and its types.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zopfli from '@gfx/zopfli';
import { build } from 'esbuild';
import { parse } from 'yaml';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
process.chdir(root);
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  plugins: [nodeStreams()],
  // The ES modules of `async`, of which archiver needs a queue; fflate without its worker threads: both start 10 ms sooner.
  mainFields: ['module', 'main'],
  alias: { fflate: 'fflate/browser' },
  logLevel: 'warning',
};

/** One function for the loader to call, which returns the exports: CommonJS needs a module to export to. */
const loadable = {
  ...common,
  format: 'cjs',
  minifyIdentifiers: true,
  // What the loader compiles can require, and not import.
  supported: { 'dynamic-import': false },
  banner: { js: '(function(require,__program){const module={exports:{}},exports=module.exports;' },
  footer: { js: 'return module.exports})' },
  define: { 'import.meta.url': '__program', __built: 'true' },
};

const program = await build({
  ...loadable,
  plugins: [nodeStreams(), apart()],
  entryPoints: ['src/firstboot.ts'],
  outfile: 'dist/program.cjs',
  write: false,
});
// Only now: what does not build leaves the last build alone.
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const { path: file, contents } of program.outputFiles) writeFileSync(file, contents);
// What only some commands need is larger than all the rest: it is loaded by them alone.
for (const name of ['aws', 'kube'])
  await build({ ...loadable, entryPoints: [`src/adapters/${name}/sdk.ts`], outfile: `dist/${name}.cjs` });
for (const name of ['program', 'aws', 'kube']) toAscii(`dist/${name}.cjs`);
await build({
  ...common,
  entryPoints: { index: 'src/index.ts' },
  outdir: 'dist',
  format: 'esm',
  // CommonJS dependencies require() Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
copyFileSync('scripts/loader.cjs', 'dist/firstboot.cjs');
chmodSync('dist/firstboot.cjs', 0o755);
writeBuiltIn();
await writePrefix();
warmUp();
if (!process.argv.includes('--no-types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  });
}

/** The clients of AWS and Kubernetes are in files of their own, which the loader finds beside the program. */
function apart() {
  return {
    name: 'apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/sdk\.ts$/ }, ({ importer }) => {
        const [, name] = /adapters.(aws|kube)/.exec(importer) ?? [];
        return name && { path: `./${name}.cjs`, external: true };
      });
      onResolve({ filter: /^(@aws-sdk|@smithy|@kubernetes)\// }, ({ path: name }) => ({
        errors: [{ text: `${name} is to be imported by sdk.ts beside the adapter, and by nothing else` }],
      }));
    },
  };
}

/** esbuild leaves regular expressions as they are; the loader reads bytes as characters. */
function toAscii(file) {
  const text = readFileSync(file, 'utf8');
  const escaped = text.replace(
    /[^\0-\x7f]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (escaped !== text) writeFileSync(file, escaped);
}

/** archiver comes with copies of Node's streams for browsers and old Nodes; Node's own are the same, and loaded already. */
function nodeStreams() {
  return {
    name: 'node-streams',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^readable-stream(\/passthrough)?$/ }, ({ path: name }) => ({
        path: name,
        namespace: 'node-streams',
      }));
      onLoad({ filter: /.*/, namespace: 'node-streams' }, ({ path: name }) => ({
        contents: `module.exports = require('node:stream')${name.endsWith('passthrough') ? '.PassThrough' : ''};`,
      }));
    },
  };
}

/** bundles/ and cloud-init/ in one file, in the order of their names, with what their YAML says: a start of the program reads it once. */
function writeBuiltIn() {
  const names = ['bundles', 'cloud-init'].flatMap(folder =>
    readdirSync(folder, { recursive: true }).map(name => `${folder}/${name}`),
  );
  const files = names.filter(name => statSync(name).isFile() && !name.includes('__pycache__')).sort();
  const entries = files.map(name => {
    const text = readFileSync(name, 'utf8');
    const parsed = name.endsWith('.yaml') ? { parsed: parse(text) } : {};
    return [name, { text, executable: (statSync(name).mode & 0o111) !== 0, ...parsed }];
  });
  writeFileSync('dist/built-in.json', JSON.stringify(Object.fromEntries(entries)));
}

/** The part of every user-data that is firstboot's own, compressed once and for all; used where it is the same to the byte. */
async function writePrefix() {
  const { outputFiles } = await build({
    ...common,
    stdin: {
      contents:
        "export * from './src/emit/prefix.ts';\nexport * from './src/adapters/node-files.ts';\nexport * from './src/compile/boot-program.ts';",
      resolveDir: root,
      loader: 'ts',
    },
    format: 'esm',
    write: false,
    legalComments: 'none',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  mkdirSync('node_modules/.cache', { recursive: true });
  const program = path.resolve('node_modules/.cache/prefix.mjs');
  writeFileSync(program, outputFiles[0].contents);
  const { packPrefix, nodeFiles, readBootProgram } = await import(program);
  const { cloudConfig, bootProgram } = readBootProgram(nodeFiles(root, root));
  writeFileSync('dist/prefix.bin', await packPrefix(cloudConfig, bootProgram, deflateWell));
}

/** Zopfli finds about 5 % more than zlib: as a single block, which can be followed by others. */
function deflateWell(bytes) {
  return zopfli.deflateAsync(bytes, { numiterations: 60, blocksplitting: false });
}

/** Runs the program once on the example, so that V8's compiled code of what a build uses is kept beside it. */
function warmUp() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'firstboot-build-'));
  const run = (...args) =>
    execFileSync(process.execPath, [path.resolve('dist/firstboot.cjs'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  try {
    for (const file of ['cluster.yaml', 'pins.yaml'])
      cpSync(path.join('examples/from-scratch', file), path.join(folder, file));
    run('pki', 'issue', '--key-type', 'ec');
    rmSync('dist/cache', { recursive: true, force: true });
    run('build');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
