import { finding } from '../../diagnostics/diagnostic.ts';
import { originOf } from './kubelet-origin.ts';
import { duration, type KubeletConcern, list, pathOf, read, show } from './kubelet-subject.ts';

/** CIS 4.2.12: the suites with forward secrecy and authenticated encryption, by the names that the check knows. */
const strongSuites = new Set(
  ['ECDSA', 'RSA'].flatMap(key =>
    ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305'].map(cipher => `TLS_ECDHE_${key}_WITH_${cipher}`),
  ),
);

type Check = {
  readonly check: string;
  readonly field: string;
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
};

/** Worker-node checks of the CIS Kubernetes Benchmark 1.12 that no rule of its own covers, and the two values beyond it. */
const checks: readonly Check[] = [
  { check: 'CIS 4.2.1', field: 'authentication.webhook.enabled', expected: 'true', ok: value => value !== false },
  {
    check: 'CIS 4.2.5',
    field: 'streamingConnectionIdleTimeout',
    expected: '5m or so, not 0',
    ok: value => duration({ value: value as string }, 'value', 1) > 0,
  },
  { check: 'CIS 4.2.6', field: 'makeIPTablesUtilChains', expected: 'true', ok: value => value !== false },
  { check: 'CIS 4.2.8', field: 'eventRecordQPS', expected: '50', ok: value => typeof value === 'number' && value > 0 },
  { check: 'CIS 4.2.10', field: 'rotateCertificates', expected: 'it not to be false', ok: value => value !== false },
  {
    check: 'CIS 4.2.11',
    field: 'featureGates.RotateKubeletServerCertificate',
    expected: 'it not to be false',
    ok: value => value !== false,
  },
  {
    check: 'CIS 4.2.13',
    field: 'podPidsLimit',
    expected: '4096 or another limit',
    ok: value => typeof value === 'number' && value > 0,
  },
  { check: 'CIS 4.2.14', field: 'seccompDefault', expected: 'true', ok: value => value === true },
  {
    check: 'the hardening beyond CIS',
    field: 'tlsMinVersion',
    expected: 'VersionTLS12 or VersionTLS13',
    ok: value => value === 'VersionTLS12' || value === 'VersionTLS13',
  },
  { check: 'the hardening beyond CIS', field: 'protectKernelDefaults', expected: 'true', ok: value => value === true },
];

/** A value of the base that an override weakens. */
export const kubeletHardening: KubeletConcern = ({ kubelet, config }) => {
  const weak = checks
    .filter(({ field, ok }) => !ok(read(config, field)))
    .map(({ check, field, expected }) =>
      finding('KUBELET_HARDENING', originOf(kubelet, [pathOf(field)]), {
        check,
        field,
        value: show(read(config, field)),
        expected,
      }),
    );
  const suites = list(config, 'tlsCipherSuites');
  const poor = suites.filter(suite => !strongSuites.has(String(suite)));
  if (suites.length > 0 && poor.length === 0) return weak;
  const value = suites.length === 0 ? 'not set' : poor.map(show).join(', ');
  const expected = 'only ECDHE suites with GCM or CHACHA20_POLY1305 (without _SHA256 at its end)';
  return [
    ...weak,
    finding('KUBELET_HARDENING', originOf(kubelet, [['tlsCipherSuites']]), {
      check: 'CIS 4.2.12',
      field: 'tlsCipherSuites',
      value,
      expected,
    }),
  ];
};
