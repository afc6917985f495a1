// Prints times, memory and sizes of the program, and the floor: the same certificates parsed and verified, archives made,
// user-data compressed and files written by nothing else, on all cores. Nothing is asserted.
//   npm run bench [-- --workers 10000 --rsa 500 --runs 5]
//   npm run bench -- --boot [--runs 5] [--machines 3 [--image FOLDER]]     the boot program: scripts/bench-boot.mjs
//   npm run bench -- --aws                                                  calls to AWS, a thousand workers: scripts/bench-aws.ts
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { benchBoot } from './bench-boot.mjs';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '10000' },
    rsa: { type: 'string', default: '500' },
    runs: { type: 'string', default: '5' },
    boot: { type: 'boolean', default: false },
    aws: { type: 'boolean', default: false },
    machines: { type: 'string', default: '0' },
    image: { type: 'string' },
  },
});
const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
const program = path.join(root, 'dist/firstboot.cjs');
const floorProgram = path.join(root, 'scripts/bench-floor.mjs');
const runs = Number(values.runs);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-bench-'));

/** Wall time in milliseconds and peak memory in MiB of one process; GNU time is not everywhere, so the process tells itself. */
function run(args, cwd) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', path.join(root, 'scripts/bench-rss.cjs'), ...args],
    { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')} exited with ${status}: ${stderr.slice(0, 500)}`);
  return { ms, mib: Number(/peak (\d+) KiB/.exec(stderr)?.[1] ?? 0) / 1024 };
}

function best(args, cwd, count = runs) {
  const results = Array.from({ length: count }, () => run(args, cwd)).sort((a, b) => a.ms - b.ms);
  return {
    least: results[0].ms,
    median: results[Math.floor(count / 2)].ms,
    mib: Math.max(...results.map(one => one.mib)),
  };
}

function makeCluster(name, count, keyType) {
  const cluster = path.join(folder, name);
  fs.mkdirSync(cluster);
  const workers = Array.from({ length: count }, (_, n) =>
    `  worker-${n}: {privateIp: 10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}}`.replace(
      /\.(\d+)\.(\d+)\}$/,
      (_, c, d) => `.${c}.${d}}`,
    ),
  );
  const spec = fs
    .readFileSync(path.join(root, 'examples/from-scratch/cluster.yaml'), 'utf8')
    .replace(/^.*subnetCidr.*\n/m, '')
    .replace(/workers:\n[\s\S]*/, `workers:\n${workers.join('\n')}\n`);
  fs.writeFileSync(path.join(cluster, 'cluster.yaml'), spec);
  fs.copyFileSync(path.join(root, 'examples/from-scratch/pins.yaml'), path.join(cluster, 'pins.yaml'));
  process.stderr.write(`issuing ${count} identities (${keyType}) …\n`);
  run([program, 'pki', 'issue', '--key-type', keyType], cluster);
  return cluster;
}

const line = (what, figures) => console.log(`${what.padEnd(44)} ${figures}`);
const ms = value => `${value.toFixed(0)} ms`;

try {
  if (values.aws) await benchAws();
  else if (values.boot) await benchBoot(folder, { runs, machines: Number(values.machines), image: values.image }, line);
  else benchCompiler();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function benchAws() {
  const outfile = path.join(root, 'node_modules/.cache/bench-aws.mjs');
  const entryPoints = [path.join(root, 'scripts/bench-aws.ts')];
  const target = { bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'warning' };
  await build({ entryPoints, outfile, ...target });
  await import(outfile);
}

function benchCompiler() {
  const two = makeCluster('two', 2, 'rsa');
  const node = best(['-e', '0'], two, 3 * runs);
  const build = best([program, 'build'], two, 3 * runs);
  line('node -e 0', `${ms(node.median)} (least ${ms(node.least)})`);
  line(
    'firstboot build, 2 workers RSA-2048',
    `${ms(build.median)} (least ${ms(build.least)}), ${(build.median / node.median).toFixed(2)} times node -e 0; aim 2`,
  );
  const worker = path.join(two, 'build/from-scratch/worker-0');
  const whole = fs.statSync(path.join(worker, 'user-data')).size;
  // SHA-256, size of the plain bytes, plain bytes, compressed bytes: see src/emit/prefix.ts.
  const prefix = fs.readFileSync(path.join(root, 'dist/prefix.bin'));
  const boot = prefix.length - 36 - prefix.readUInt32BE(32);
  line(
    'user-data of the example’s worker',
    `${whole} bytes with the boot program (aim 10240), ${whole - boot} before it (aim 6144)`,
  );
  line('user-data.yaml, readable', `${gunzipSync(fs.readFileSync(path.join(worker, 'user-data'))).length} bytes`);

  for (const [count, type] of [
    [Number(values.workers), 'ec'],
    [Number(values.rsa), 'rsa'],
  ]) {
    if (count === 0) continue;
    const cluster = makeCluster(`many-${type}`, count, type);
    const measured = best([program, 'build'], cluster, Math.min(runs, 3));
    const floor = best([floorProgram, cluster, path.join(folder, 'floor')], cluster, Math.min(runs, 3));
    line(
      `firstboot build, ${count} workers ${type === 'ec' ? 'EC P-256' : 'RSA-2048'}`,
      `${ms(measured.median)}, peak ${measured.mib.toFixed(0)} MiB`,
    );
    line('  floor on all cores', `${ms(floor.median)}; ${(measured.median / floor.median).toFixed(2)} times (aim 1.5)`);
    if (type === 'ec' && count >= 4000) {
      const half = makeCluster('half-ec', count / 2, 'ec');
      const halved = best([program, 'build'], half, 1);
      line(
        `firstboot build, ${count / 2} workers EC P-256`,
        `${ms(halved.median)}, peak ${halved.mib.toFixed(0)} MiB; half the workers, ${(measured.median / halved.median).toFixed(2)} times faster`,
      );
    }
  }
}
