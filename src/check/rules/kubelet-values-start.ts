import { type Conditions, needsGate, oneOf, type Refusal } from './kubelet-refusal.ts';
import { bool, duration, enabled, list, read, text } from './kubelet-subject.ts';
import { second } from './kubelet-units.ts';

/** Preferred and insecure values of the kubelet's --tls-cipher-suites: crypto/tls of the Go that it is built with. */
const suites = new Set(
  [
    ...['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'],
    ...['ECDSA', 'RSA'].flatMap(key =>
      [
        'AES_128_CBC_SHA',
        'AES_128_CBC_SHA256',
        'AES_128_GCM_SHA256',
        'AES_256_CBC_SHA',
        'AES_256_GCM_SHA384',
        'CHACHA20_POLY1305',
        'CHACHA20_POLY1305_SHA256',
        'RC4_128_SHA',
      ].map(cipher => `ECDHE_${key}_WITH_${cipher}`),
    ),
    'ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
    ...[
      '3DES_EDE_CBC_SHA',
      'AES_128_CBC_SHA',
      'AES_128_CBC_SHA256',
      'AES_128_GCM_SHA256',
      'AES_256_CBC_SHA',
      'AES_256_GCM_SHA384',
      'RC4_128_SHA',
    ].map(cipher => `RSA_WITH_${cipher}`),
  ].map(name => `TLS_${name}`),
);

/** Curves of crypto/tls (1.36 is built with Go 1.26): P-256, P-384, P-521, X25519 and the hybrids with ML-KEM. */
const curves = [23, 24, 25, 29, 4587, 4588, 4589];

export const startConditions: Conditions = {
  authorizationMode: oneOf('authorization.mode', ['Webhook', 'AlwaysAllow'], 'Webhook'),
  hairpinMode: oneOf('hairpinMode', ['promiscuous-bridge', 'hairpin-veth', 'none'], 'promiscuous-bridge'),
  changeDetection: oneOf('configMapAndSecretChangeDetectionStrategy', ['Watch', 'Cache', 'Get'], 'Watch'),
  tlsMinVersion: oneOf(
    'tlsMinVersion',
    ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'],
    'VersionTLS12',
  ),
  tlsCipherSuites: ({ config }) =>
    list(config, 'tlsCipherSuites').flatMap((suite, index) =>
      typeof suite !== 'string' || suites.has(suite)
        ? []
        : [
            {
              field: `tlsCipherSuites.${index}`,
              value: suite,
              path: ['tlsCipherSuites', index],
              reason: 'it is no cipher suite of Go',
            },
          ],
    ),
  tlsCurvePreferences: ({ config }) =>
    list(config, 'tlsCurvePreferences').flatMap((curve, index, all) => {
      const reason = !curves.includes(Number(curve))
        ? `it is no curve of Go (${curves.join(', ')})`
        : all.indexOf(curve) < index
          ? 'it is there twice'
          : undefined;
      return reason === undefined
        ? []
        : [
            {
              field: `tlsCurvePreferences.${index}`,
              value: String(curve),
              path: ['tlsCurvePreferences', index],
              reason,
            },
          ];
    }),
  serverTLSBootstrap: subject =>
    bool(subject.config, 'serverTLSBootstrap', false) && !enabled(subject, 'RotateKubeletServerCertificate')
      ? needsGate('serverTLSBootstrap', 'RotateKubeletServerCertificate')
      : undefined,
  runOnce: ({ config }) =>
    bool(config, 'runOnce', false) ? { field: 'runOnce', reason: 'the mode is gone' } : undefined,

  shutdown: subject => {
    const { config } = subject;
    const [all, critical] = ['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'].map(field =>
      duration(config, field, 0),
    ) as [number, number];
    const byPriority = list(config, 'shutdownGracePeriodByPodPriority').length > 0;
    const refusals: Refusal[] = [];
    if (enabled(subject, 'GracefulNodeShutdown')) {
      if (critical > all)
        refusals.push({
          field: 'shutdownGracePeriodCriticalPods',
          reason: 'it must not be more than shutdownGracePeriod',
          with: ['shutdownGracePeriod'],
        });
      if (all < 0 || (all > 0 && all < second))
        refusals.push({ field: 'shutdownGracePeriod', reason: 'it must be 0 or at least 1s' });
      if (critical < 0 || (critical > 0 && critical < second))
        refusals.push({ field: 'shutdownGracePeriodCriticalPods', reason: 'it must be 0 or at least 1s' });
    } else if (all > 0 || critical > 0)
      refusals.push(
        needsGate(all > 0 ? 'shutdownGracePeriod' : 'shutdownGracePeriodCriticalPods', 'GracefulNodeShutdown'),
      );
    if (!byPriority) return refusals;
    const gate = 'GracefulNodeShutdownBasedOnPodPriority';
    if (!enabled(subject, gate)) refusals.push(needsGate('shutdownGracePeriodByPodPriority', gate));
    else if (all > 0 || critical > 0) {
      refusals.push({
        field: 'shutdownGracePeriodByPodPriority',
        reason: 'shutdownGracePeriod is set, too',
        with: ['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'],
      });
    }
    return refusals;
  },
  swap: subject => {
    const field = 'memorySwap.swapBehavior';
    if (text(subject.config, field) === '') return undefined;
    return enabled(subject, 'NodeSwap')
      ? oneOf(field, ['NoSwap', 'LimitedSwap'], 'NoSwap')(subject)
      : needsGate(field, 'NodeSwap');
  },
  pullCredentials: subject => {
    const { config } = subject;
    const field = 'imagePullCredentialsVerificationPolicy';
    const allowed = list(config, 'preloadedImagesVerificationAllowlist').length > 0;
    const gate = 'KubeletEnsureSecretPulledImages';
    if (!enabled(subject, gate)) {
      return [field, 'preloadedImagesVerificationAllowlist']
        .filter(one => (one === field ? text(config, one) !== '' : allowed))
        .map(one => needsGate(one, gate));
    }
    const policies = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'];
    const wrong = oneOf(field, policies, 'NeverVerifyPreloadedImages')(subject);
    if (wrong) return wrong;
    return allowed && text(config, field) !== 'NeverVerifyAllowlistedImages'
      ? {
          field: 'preloadedImagesVerificationAllowlist',
          reason: `${field} must be NeverVerifyAllowlistedImages`,
          with: [field],
        }
      : imagePatterns(list(config, 'preloadedImagesVerificationAllowlist'));
  },
  systemLogQuery: subject => {
    const field = 'enableSystemLogQuery';
    if (!bool(subject.config, field, false)) return undefined;
    if (!enabled(subject, 'NodeLogQuery')) return needsGate(field, 'NodeLogQuery');
    return bool(subject.config, 'enableSystemLogHandler', true)
      ? undefined
      : { field, reason: 'it needs enableSystemLogHandler', with: ['enableSystemLogHandler'] };
  },
  podLogsDir: ({ config }) => {
    const path = text(config, 'podLogsDir', '/var/log/pods');
    // The kubelet joins a relative path to the folder of its configuration, and so cleans it.
    const clean = !path.startsWith('/') || isClean(path);
    const reason = !clean
      ? 'it must have no “.”, “..”, double or last slash'
      : /[^\0-\x7f]/.test(path)
        ? 'it must be ASCII'
        : undefined;
    return reason === undefined ? undefined : { field: 'podLogsDir', reason };
  },
  hiddenMetrics: ({ config, minor }) => {
    const field = 'showHiddenMetricsForVersion';
    const previous = `1.${minor - 1}`;
    return read(config, field) !== undefined && text(config, field, previous) !== previous
      ? { field, reason: `it must be the previous minor, ${previous}` }
      : undefined;
  },
};

function isClean(path: string): boolean {
  return path === '/' || (/^(\/[^/]+)+$/.test(path) && !path.split('/').some(part => part === '.' || part === '..'));
}

/** pkg/kubelet/images/pullmanager: an image without tag and digest, or a registry with a path and a last star. */
function imagePatterns(patterns: readonly unknown[]): readonly Refusal[] {
  return patterns.flatMap((pattern, index) => {
    if (typeof pattern !== 'string') return [];
    const bare = pattern.replace(/\/\*$/, '/');
    const wrong =
      pattern === '' ||
      pattern !== pattern.trim() ||
      bare.includes('*') ||
      bare === '/' ||
      (bare === pattern && /@|:[^/]*$/.test(pattern));
    const path = ['preloadedImagesVerificationAllowlist', index];
    return wrong
      ? [
          {
            field: path.join('.'),
            value: show(pattern),
            path,
            reason: 'it must be an image without tag and digest, or end in /*',
          },
        ]
      : [];
  });
}

function show(text: string): string {
  return `“${text}”`;
}
