import type { Component } from '../../compile/component.ts';
import { kubeletConfigPath } from '../../compile/kubelet.ts';
import { finding } from '../../diagnostics/diagnostic.ts';
import { originOf } from './kubelet-origin.ts';
import { bool, type KubeletConcern, number, pathOf, read, show, text } from './kubelet-subject.ts';

/** Who may ask the kubelet, and what. */
export const kubeletAccess: KubeletConcern = ({ kubelet, config }) => {
  const at = (field: string) => originOf(kubelet, [pathOf(field)]);
  const port = number(config, 'readOnlyPort', 0);
  const address = text(config, 'address');
  return [
    ...(bool(config, 'authentication.anonymous.enabled', false)
      ? [finding('KUBELET_ANONYMOUS', at('authentication.anonymous.enabled'), {})]
      : []),
    ...(text(config, 'authorization.mode') === 'AlwaysAllow'
      ? [finding('KUBELET_AUTHORIZATION', at('authorization.mode'), {})]
      : []),
    ...(isLoopback(address) ? [finding('KUBELET_ADDRESS', at('address'), { address })] : []),
    ...(port !== 0 ? [finding('KUBELET_READ_ONLY_PORT', at('readOnlyPort'), { port })] : []),
  ];
};

/** 127.0.0.0/8 and ::1, written in any way that Go's net.ParseIP takes. */
function isLoopback(address: string): boolean {
  return /^127\.|^::ffff:127\.|^[0:]*:0*1$/i.test(address);
}

/** CA, certificate and key are the files that the bundle brings; what a component's own overlay brings is as good. */
export const kubeletFiles: KubeletConcern = ({ kubelet, config, context }) => {
  const components = context.inputs.components ?? [];
  const overlay = new Set(components.flatMap(component => component.overlay.map(file => file.path)));
  const bootstrap = bool(config, 'serverTLSBootstrap', false);
  return files.flatMap(({ field, from, code }) => {
    const brought = identityPaths(components, from);
    const [expected] = brought;
    const found = absolute(text(config, field));
    // With serverTLSBootstrap the two TLS files are not read.
    if (
      expected === undefined ||
      brought.includes(found) ||
      overlay.has(found) ||
      (code === 'KUBELET_TLS_FILES' && bootstrap)
    )
      return [];
    return [finding(code, originOf(kubelet, [pathOf(field)]), { field, found: show(read(config, field)), expected })];
  });
};

const files = [
  { field: 'authentication.x509.clientCAFile', from: 'ca', code: 'KUBELET_CLIENT_CA' },
  { field: 'tlsCertFile', from: 'certificate', code: 'KUBELET_TLS_FILES' },
  { field: 'tlsPrivateKeyFile', from: 'key', code: 'KUBELET_TLS_FILES' },
] as const;

/** The kubelet joins a relative path to the folder of its configuration. */
function absolute(path: string): string {
  return path === '' || path.startsWith('/') ? path : `${kubeletConfigPath.replace(/[^/]*$/, '')}${path}`;
}

/** Paths on the node of a kind of identity file; the worker's own, or the CA. */
function identityPaths(components: readonly Component[], from: 'ca' | 'certificate' | 'key'): readonly string[] {
  return components.flatMap(component =>
    component.identity
      .filter(entry => entry.from === from && (from === 'ca' || entry.of === undefined))
      .map(entry => entry.path),
  );
}

/** The kubelet does not get itself another certificate than the issued one. */
export const kubeletRotation: KubeletConcern = ({ kubelet, config }) =>
  ['rotateCertificates', 'serverTLSBootstrap']
    .filter(field => bool(config, field, false))
    .map(field => finding('KUBELET_CERTIFICATE_ROTATION', originOf(kubelet, [[field]]), { field }));
