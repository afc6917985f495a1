import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type JsonMap, mergeDeep } from '../../src/tree/merge.ts';
import { type Built, build, issueExample, layOut, newFolder, place } from './cluster.ts';
import { need, needs, runInRoot } from './lab.ts';
import { selfSign } from './openssl.ts';
import { variants } from './variants.ts';

const requirements = [needs.root, needs.binary('kubelet')];
type Case = { readonly name: string; readonly config: JsonMap; readonly accepted: boolean; readonly late?: true };
const cases: readonly Case[] = JSON.parse(readFileSync(join(import.meta.dirname, 'kubelet-cases.json'), 'utf8')).cases;
const configPath = '/var/lib/kubelet/kubelet-config.yaml';

/**
 * The real kubelet, started by the unit's own command line over the worker's own files. It reads flags, configuration, drop-ins, kubeconfig,
 * CA, certificate and key, and then asks for the container runtime, which is not there: that is the one thing that it may stop at.
 */
const accepted = { version: 'v1.36.1', complaints: ['no container runtime'] };

function judge(said: string) {
  const complaints = said
    .split('\n')
    .filter(line => /^[EWF]\d{4} | lenient decoding /.test(line) && !/ logging\.go:\d+\] \[core\] /.test(line));
  const runtime = /validate CRI v1 runtime API for endpoint \\"unix:\/\/\/run\/containerd\/containerd\.sock\\"/;
  return {
    version: /"Kubelet version" kubeletVersion="(.*)"/.exec(said)?.[1],
    complaints: complaints.map(line => (runtime.test(line) ? 'no container runtime' : line)),
  };
}

describe.each(variants)('kubelet v1.36.1 given $name', variant => {
  let workers: readonly Built[];
  beforeAll(() => {
    workers = build(issueExample(variant));
  });

  test('takes the command line, the configuration and the identity', context => {
    need(context, ...requirements);
    for (const built of workers) expect(judge(start(layOut(built)))).toEqual(accepted);
  });
});

describe('kubelet v1.36.1 is a check that can fail', () => {
  let folder: string;
  beforeAll(() => {
    const [built] = build(issueExample(variants[0] as (typeof variants)[0]));
    folder = layOut(built as Built);
  });

  test.for<[string, object, RegExp]>([
    ['an unknown field', { clusterDns: ['10.32.0.10'] }, /unknown field/],
    ['a wrong type', { clusterDNS: '10.32.0.10' }, /cannot unmarshal string/],
    ['an unknown feature gate', { featureGates: { NoSuchGate: true } }, /unrecognized feature gate: NoSuchGate/],
    ['another version of the format', { apiVersion: 'kubelet.config.k8s.io/v1beta2' }, /is registered for version/],
    ['a duration without a unit', { runtimeRequestTimeout: '15' }, /missing unit in duration/],
    ['an unknown cipher suite', { tlsCipherSuites: ['TLS_ROT13'] }, /TLS_ROT13/],
    ['an unknown TLS version', { tlsMinVersion: 'VersionTLS09' }, /VersionTLS09/],
    ['a taint with an unknown effect', { registerWithTaints: [{ key: 'a', effect: 'Maybe' }] }, /Maybe/],
    ['a port out of range', { port: 70000 }, /port/i],
    ['a threshold of more than all', { imageGCHighThresholdPercent: 101 }, /imageGCHighThresholdPercent/],
  ])('%s is refused', ([, changes, complaint], context) => {
    need(context, ...requirements);
    const config: object = parse(readFileSync(join(folder, configPath), 'utf8'));
    const said = startWith(folder, configPath, stringify({ ...config, ...changes }));
    expect(judge(said)).not.toEqual(accepted);
    expect(said).toMatch(complaint);
  });

  test('a flag that this version does not have is refused', context => {
    need(context, ...requirements);
    expect(start(folder, '--pod-infra-container-image=pause')).toMatch(/unknown flag: --pod-infra-container-image/);
  });

  test('the key of another certificate is refused', context => {
    need(context, ...requirements, needs.openssl);
    const other = newFolder('other');
    selfSign(other, 'other', '/CN=other');
    const key = readFileSync(join(other, 'other-key.pem'), 'utf8');
    const ask = () => startWith(folder, '/var/lib/kubelet/kubelet-key.pem', key);
    let said = ask();
    // It loads the pair beside its other work, and on a busy machine may end for the lack of a runtime before that.
    for (let again = 0; again < 4 && judge(said).complaints.every(one => one === 'no container runtime'); again += 1)
      said = ask();
    expect(judge(said)).not.toEqual(accepted);
    expect(said).toMatch(/private key (type )?does not match public key/);
  });

  test.for<[string, RegExp]>([
    ['/var/lib/kubernetes/ca.pem', /unable to load root certificates/],
    ['/var/lib/kubelet/kubelet.pem', /kubelet\.pem|failed to find any PEM data/],
    ['/var/lib/kubelet/kubeconfig', /kubeconfig/],
  ])('a %s that is not one is refused', ([path, complaint], context) => {
    need(context, ...requirements);
    const said = startWith(folder, path, 'not what it should be\n');
    expect(judge(said)).not.toEqual(accepted);
    expect(said).toMatch(complaint);
  });
});

/** The table that firstboot's own checks of a KubeletConfiguration are tested with (test/kubelet): here the real one is asked. */
describe('kubelet v1.36.1 decides as kubelet-cases.json says', () => {
  let folder: string;
  let base: JsonMap;
  beforeAll(() => {
    const [built] = build(issueExample(variants[0] as (typeof variants)[0]));
    folder = layOut(built as Built);
    base = parse(readFileSync(join(folder, configPath), 'utf8'));
  });

  // What it decides `late`, after it has met its runtime, is not to be seen here.
  test.for(cases.filter(({ late }) => !late))('$name', ({ config, accepted: expected }, context) => {
    need(context, ...requirements);
    const said = startWith(folder, configPath, stringify(mergeDeep(base, config), { version: '1.1' }));
    expect(/validate CRI v1 runtime API/.test(said), said).toBe(expected);
  });
});

/** What the boot program finds out on the node, as a drop-in of the folder that the unit names. */
const dropIn = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
providerID: aws:///us-east-1a/i-0123456789abcdef0
resolvConf: /run/systemd/resolve/resolv.conf
`;

/** Starts the kubelet of a laid out node, and returns all that it said before it gave up. */
function start(folder: string, ...flags: readonly string[]): string {
  const argv = commandLine(folder);
  const dropIns = argv.find(word => word.startsWith('--config-dir='))?.split('=')[1];
  if (dropIns) place(folder, `${dropIns}/10-node.conf`, dropIn);
  place(folder, argv[0] as string, '', 0o755);
  const { stderr } = runInRoot(folder, [...argv, ...flags], {
    binaries: { [argv[0] as string]: 'kubelet' },
    seconds: 60,
  });
  return stderr.replace(/^.*FLAG: .*\n/gm, '');
}

/** The same with another content of one file, which is as it was afterwards. */
function startWith(folder: string, path: string, content: string): string {
  const before = readFileSync(join(folder, path));
  place(folder, path, content, 0o600);
  try {
    return start(folder);
  } finally {
    place(folder, path, before, 0o600);
  }
}

/** The words of ExecStart, as systemd would pass them on: of the unit and its drop-ins, with their environment put in. */
function commandLine(folder: string): readonly string[] {
  const units = join(folder, 'etc/systemd/system');
  const dropIns = readdirSync(units, { recursive: true, encoding: 'utf8' }).filter(file =>
    /^kubelet\.service\.d\/.*\.conf$/.test(file),
  );
  const lines = ['kubelet.service', ...dropIns.sort()].flatMap(file =>
    readFileSync(join(units, file), 'utf8').replaceAll('\\\n', ' ').split('\n'),
  );
  const valuesOf = (key: string) =>
    lines.filter(line => line.startsWith(`${key}=`)).map(line => line.slice(key.length + 1));
  const environment = Object.fromEntries(
    valuesOf('Environment').map(value => /^"?(\w+)=(.*?)"?$/.exec(value)?.slice(1) ?? []),
  );
  const words = (valuesOf('ExecStart').at(-1) ?? '').split(/\s+/);
  return words
    .flatMap(word => (word.startsWith('$') ? (environment[word.slice(1)] ?? '').split(/\s+/) : [word]))
    .filter(word => word !== '');
}
