import { parse } from 'yaml';
import type { Inspection } from './inspect.ts';

/** What the checks look at: the processes, the files, and the kubelet's own account of its configuration (configz). */
export type NodeFacts = Inspection & { readonly configz: Readonly<Record<string, any>> };
export type Verdict = {
  readonly id: string;
  readonly expected: string;
  readonly found: string;
  readonly passes: boolean;
};

export const cisFiles = {
  unit: '/etc/systemd/system/kubelet.service',
  proxyKubeconfig: '/var/lib/kube-proxy/kubeconfig',
  proxyConfig: '/var/lib/kube-proxy/kube-proxy-config.yaml',
  kubeconfig: '/var/lib/kubelet/kubeconfig',
  ca: '/var/lib/kubernetes/ca.pem',
  config: '/var/lib/kubelet/kubelet-config.yaml',
} as const;

type Check = {
  readonly id: string;
  readonly expected: string;
  readonly found: (node: NodeFacts) => unknown;
  /** Default: what was found is what is expected. */
  readonly good?: (found: any) => boolean;
};

const strictest = (limit: number) => (mode: string) =>
  /^[0-7]+$/.test(mode) && (Number.parseInt(mode, 8) & ~limit) === 0;
const modeOf = (id: string, path: string, limit: number): Check => ({
  id,
  expected: `${path}: 0${limit.toString(8)} or stricter`,
  found: node => node.stat[path]?.split(' ')[0],
  good: strictest(limit),
});
const ownerOf = (id: string, path: string): Check => ({
  id,
  expected: `${path}: root:root`,
  found: node => node.stat[path]?.split(' ')[1],
  good: owner => owner === '0:0',
});
const live = (id: string, expected: string, found: Check['found'], good: (found: any) => boolean): Check => ({
  id,
  expected,
  found,
  good,
});

/** Of a flag of the kubelet's command line. */
const flag = ({ argv }: NodeFacts, name: string) =>
  argv.kubelet?.filter(word => word.startsWith(`--${name}`)) ?? ['no kubelet'];
const yaml = ({ content }: NodeFacts, path: string) => parse(content[path] ?? '') ?? {};

const strongSuites = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
];

/** The worker-node checks of the CIS Kubernetes Benchmark 1.12. Flags would win over the file, so both are looked at. */
const checks: readonly Check[] = [
  modeOf('4.1.1', cisFiles.unit, 0o600),
  ownerOf('4.1.2', cisFiles.unit),
  modeOf('4.1.3', cisFiles.proxyKubeconfig, 0o600),
  ownerOf('4.1.4', cisFiles.proxyKubeconfig),
  modeOf('4.1.5', cisFiles.kubeconfig, 0o600),
  ownerOf('4.1.6', cisFiles.kubeconfig),
  modeOf('4.1.7', cisFiles.ca, 0o644),
  ownerOf('4.1.8', cisFiles.ca),
  modeOf('4.1.9', cisFiles.config, 0o600),
  ownerOf('4.1.10', cisFiles.config),
  live(
    '4.2.1',
    'anonymous requests: off',
    n => n.configz.authentication?.anonymous?.enabled,
    it => it === false,
  ),
  live(
    '4.2.2',
    'authorization: Webhook',
    n => n.configz.authorization?.mode,
    it => it === 'Webhook',
  ),
  live(
    '4.2.3',
    'a client CA',
    n => n.configz.authentication?.x509?.clientCAFile,
    it => it === cisFiles.ca,
  ),
  // A port of 0 is left out of what the kubelet tells, and is the default of the file.
  live(
    '4.2.4',
    'read-only port: 0',
    n => n.configz.readOnlyPort ?? 0,
    it => it === 0,
  ),
  live(
    '4.2.5',
    'streaming idle timeout: not 0',
    n => n.configz.streamingConnectionIdleTimeout,
    it => /^[1-9]/.test(it ?? ''),
  ),
  live(
    '4.2.6',
    'iptables chains: true',
    n => n.configz.makeIPTablesUtilChains,
    it => it === true,
  ),
  live(
    '4.2.7',
    'no --hostname-override',
    n => flag(n, 'hostname-override'),
    it => it.length === 0,
  ),
  live(
    '4.2.8',
    'event QPS: 50',
    n => n.configz.eventRecordQPS,
    it => it === 50,
  ),
  live(
    '4.2.9',
    'certificate and key',
    n => [n.configz.tlsCertFile, n.configz.tlsPrivateKeyFile],
    it => it.every((path: unknown) => typeof path === 'string'),
  ),
  live(
    '4.2.10',
    'certificate rotation: not false',
    n => [yaml(n, cisFiles.config).rotateCertificates, ...flag(n, 'rotate-certificates')],
    it => it.length === 1 && it[0] !== false,
  ),
  live(
    '4.2.11',
    'RotateKubeletServerCertificate: not false',
    n => [n.configz.featureGates?.RotateKubeletServerCertificate, ...flag(n, 'feature-gates')],
    it => it.length === 1 && it[0] !== false,
  ),
  live(
    '4.2.12',
    'strong cipher suites alone',
    n => n.configz.tlsCipherSuites,
    it => Array.isArray(it) && it.length > 0 && it.every(suite => strongSuites.includes(suite)),
  ),
  live(
    '4.2.13',
    'a limit of processes in a pod',
    n => n.configz.podPidsLimit,
    it => it > 0,
  ),
  live(
    '4.2.14',
    'seccomp by default',
    n => n.configz.seccompDefault,
    it => it === true,
  ),
  live(
    '4.3.1',
    'kube-proxy’s metrics on loopback',
    n => [yaml(n, cisFiles.proxyConfig).metricsBindAddress, n.argv['kube-proxy']?.join(' ')],
    it => it[0] === '127.0.0.1:10249' && String(it[1]).endsWith(` --config=${cisFiles.proxyConfig}`),
  ),
];

export function judge(node: NodeFacts): readonly Verdict[] {
  return checks.map(({ id, expected, found, good = it => it === expected }) => {
    const value = found(node);
    return { id, expected, found: JSON.stringify(value) ?? 'nothing', passes: good(value) };
  });
}
