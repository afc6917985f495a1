// `npm run bench -- --boot`: the boot program's own time over the same bytes fetched, hashed and unpacked by nothing else.
// With --machines N also, N times each and alternating, in a machine of the lab: from the moment at which bootcmd can run to the
// kubelet's start, firstboot's and the tutorial's own steps (test/lab/baseline.sh). Needs the lab's binaries and image
// (test/lab/build.sh, mkimage.sh), python3 and curl; machines need root. Nothing is asserted.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { parseDocument } from 'yaml';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
const program = path.join(root, 'dist/firstboot.cjs');
const text = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 };
const firstboot = (...args) => execFileSync(process.execPath, [program, ...args], text);
const seconds = value => `${value.toFixed(2)} s`;
const medianOf = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The example with pins of the lab's binaries; its mirror holds them as upstream packs them. */
function makeCluster(folder) {
  for (const name of ['cluster.yaml', 'pins.yaml'])
    fs.copyFileSync(path.join(root, 'examples/from-scratch', name), path.join(folder, name));
  const document = parseDocument(fs.readFileSync(path.join(folder, 'pins.yaml'), 'utf8'));
  for (const [name, versions] of Object.entries(document.toJS().binaries))
    for (const [version, { amd64 }] of Object.entries(versions)) {
      for (const fact of ['sha256', 'size', 'files']) document.deleteIn(['binaries', name, version, 'amd64', fact]);
      const place = path.join(folder, 'mirror', name, version, 'amd64');
      fs.mkdirSync(place, { recursive: true });
      const file = path.join(place, path.basename(amd64.url));
      execFileSync(path.join(root, 'test/lab/release.sh'), [name, file], { stdio: 'inherit' });
    }
  fs.writeFileSync(path.join(folder, 'pins.yaml'), document.toString());
  const cluster = path.join(folder, 'cluster.yaml');
  firstboot('pin', '--cluster', cluster, '--mirror', path.join(folder, 'mirror'));
  firstboot('pki', 'issue', '--key-type', 'ec', '--cluster', cluster);
  return cluster;
}

/** Binaries as the worker's boot manifest has them. */
function binariesOf(cluster) {
  const out = path.join(path.dirname(cluster), 'build');
  firstboot('build', '--cluster', cluster, '--out', out);
  const yaml = fs.readFileSync(path.join(out, 'from-scratch/worker-0/user-data.yaml'), 'utf8');
  const entry = parseDocument(yaml)
    .toJS()
    .write_files.find(file => file.path === '/var/lib/firstboot/manifest.json');
  return JSON.parse(entry.content).binaries;
}

/** A server like the one of a rehearsal, in a process of its own. */
async function startServer(folder, binaries) {
  const outfile = path.join(root, 'node_modules/.cache/serve-mirror.mjs');
  const entryPoints = [path.join(root, 'scripts/serve-mirror.ts')];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  const wanted = JSON.stringify(binaries.map(one => ({ ...one, arch: 'amd64' })));
  const child = spawn(process.execPath, [outfile, path.join(folder, 'mirror'), path.join(folder, 'cache'), wanted], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  return { base: `http://127.0.0.1:${String(port).trim()}`, end: () => child.kill() };
}

function runFloor(folder, base, binaries) {
  const place = fs.mkdtempSync(path.join(folder, 'floor-'));
  const lines = binaries.map(({ urls, sha256, unpack, members = [] }) => {
    const from = `${base}/${urls[0].replace('https://', '')}`;
    return [from, sha256, ...(unpack ? (members.length > 0 ? members : ['-']) : [])].join(' ');
  });
  const start = performance.now();
  execFileSync(path.join(root, 'scripts/bench-boot-floor.sh'), [place], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const took = (performance.now() - start) / 1000;
  fs.rmSync(place, { recursive: true });
  return took;
}

function runProgram(folder, cluster) {
  const place = path.join(folder, 'root');
  const mirror = path.join(folder, 'mirror');
  const { report } = JSON.parse(
    firstboot('rehearse', 'worker-0', '--cluster', cluster, '--mirror', mirror, '--root', place, '--json'),
  );
  fs.rmSync(place, { recursive: true });
  const { phases } = report;
  const phaseTimes = phases.map(({ phase, start, end }) => [phase, end - start]);
  return { took: startOfPython() + phases.at(-1).end - phases[0].start, phaseTimes };
}

/** What comes before the first phase: the interpreter, and the modules that the program imports. */
function startOfPython() {
  const folder = path.join(root, 'cloud-init/firstboot');
  const sources = fs.readdirSync(folder).filter(name => name.endsWith('.py'));
  const imports = sources.flatMap(
    name => fs.readFileSync(path.join(folder, name), 'utf8').match(/^(import|from) .*/gm) ?? [],
  );
  const own = new RegExp(`^(import|from) (${sources.map(name => name.replace('.py', '')).join('|')})\\b`);
  const start = performance.now();
  execFileSync('python3', ['-I', '-c', imports.filter(one => !own.test(one)).join('\n')], text);
  return (performance.now() - start) / 1000;
}

/** When cloud-init's network stage began, which runs bootcmd first: seconds since the kernel's start. */
function beginOf(console) {
  return Number(/Cloud-init v\. \S+ running 'init' .* Up ([\d.]+) seconds/.exec(console)?.[1]);
}

function bootBaseline(folder, image) {
  const kept = path.join(fs.mkdtempSync(path.join(folder, 'baseline-')), 'run');
  const env = { ...process.env, UNTIL: 'kubelet', KEEP: kept };
  execFileSync(path.join(root, 'test/lab/baseline.sh'), [image], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const console = fs.readFileSync(path.join(kept, 'console0.log'), 'utf8');
  const marks = [...console.matchAll(/MARK (\w+)\S* ([\d.]+)/g)].map(([, name, at]) => [name, Number(at)]);
  return { begin: beginOf(console), marks };
}

function bootFirstboot(folder, cluster, image) {
  const work = fs.mkdtempSync(path.join(folder, 'boot-'));
  const from = ['disk.img', 'vmlinuz', 'initrd.img'].map(name => path.join(image, name));
  const machine = ['--image', from[0], '--kernel', from[1], '--initrd', from[2], '--work', work];
  const mirror = ['--mirror', path.join(folder, 'mirror')];
  firstboot('boot', 'worker-0', '--cluster', cluster, ...machine, ...mirror, '--until', 'units');
  const console = fs.readFileSync(path.join(work, 'worker-0/console.log'), 'utf8');
  const lines = console.match(/firstboot: \{.*\}/g).map(line => JSON.parse(line.slice(11)));
  const marks = lines.filter(one => one.status === 'ok').map(({ phase, t }) => [phase, t]);
  fs.rmSync(work, { recursive: true });
  return { begin: beginOf(console), marks: [['identify begins', lines[0].t], ...marks.slice(0, 7)] };
}

function benchMachines(folder, cluster, count, image, line) {
  const took = { firstboot: [], baseline: [] };
  for (let run = 0; run < count; run++) {
    const pair = { firstboot: bootFirstboot(folder, cluster, image), baseline: bootBaseline(folder, image) };
    for (const [name, { begin, marks }] of Object.entries(pair)) {
      took[name].push(marks.at(-1)[1] - begin);
      const steps = marks.map(([mark, at]) => `${mark} ${(at - begin).toFixed(1)}`);
      line(`  run ${run + 1}, ${name}, seconds after its begin`, steps.join(', '));
    }
  }
  const [own, other] = [medianOf(took.firstboot), medianOf(took.baseline)];
  line('bootcmd to the kubelet’s start, in a machine', `${seconds(own)} (${took.firstboot.map(seconds).join(', ')})`);
  line('  the tutorial’s own steps', `${seconds(other)} (${took.baseline.map(seconds).join(', ')})`);
  line('  times the baseline', `${(own / other).toFixed(2)}; aim 1`);
}

/** `folder` is scratch space on the disk that is measured; alternating runs. */
export async function benchBoot(folder, { runs, machines, image }, line) {
  const cluster = makeCluster(folder);
  const binaries = binariesOf(cluster);
  const { base, end } = await startServer(folder, binaries);
  try {
    runFloor(folder, base, binaries);
    const pairs = Array.from({ length: runs }, () => ({
      floor: runFloor(folder, base, binaries),
      program: runProgram(folder, cluster),
    }));
    const floor = medianOf(pairs.map(pair => pair.floor));
    const own = medianOf(pairs.map(pair => pair.program.took));
    line(
      'boot program in a rehearsal, with its start',
      `${seconds(own)} (${pairs.map(one => seconds(one.program.took)).join(', ')})`,
    );
    line(
      '  curl, sha256sum and tar on the same bytes',
      `${seconds(floor)} (${pairs.map(one => seconds(one.floor)).join(', ')})`,
    );
    line('  times the floor', `${(own / floor).toFixed(2)}; aim 1.2`);
    for (const [index, [phase]] of pairs[0].program.phaseTimes.entries())
      line(`  ${phase}`, seconds(medianOf(pairs.map(one => one.program.phaseTimes[index][1]))));
  } finally {
    end();
  }
  const lab = process.env.LAB ?? path.join(os.homedir(), '.cache/firstboot-lab');
  if (machines > 0) benchMachines(folder, cluster, machines, image ?? path.join(lab, 'trixie'), line);
}
