import { dropInFolder } from '../../compile/kubelet.ts';
import { finding } from '../../diagnostics/diagnostic.ts';
import { layerOf, originOf } from './kubelet-origin.ts';
import { type KubeletConcern, list, read, show, text } from './kubelet-subject.ts';

/** Pods get the cluster's DNS: overrides agree with what the spec says of the cluster. */
export const kubeletDns: KubeletConcern = ({ kubelet, config, context: { cluster } }) => {
  // Node-local DNS listens on a link-local address and stands before the cluster's.
  const servers = list(config, 'clusterDNS').filter(address => !String(address).startsWith('169.254.'));
  const sameServers =
    servers.every(address => cluster.dns.includes(String(address))) && list(config, 'clusterDNS').length > 0;
  const domain = text(config, 'clusterDomain');
  const report = (field: string, spec: string, expected: string) =>
    finding('KUBELET_DNS', originOf(kubelet, [[field]]), {
      field,
      value: Array.isArray(read(config, field)) ? list(config, field).join(', ') || 'empty' : show(read(config, field)),
      spec,
      expected,
    });
  const value = read(config, 'clusterDNS');
  // A value of another type is reported as that, and says nothing of the cluster.
  const isList = value === undefined || (Array.isArray(value) && value.every(address => typeof address === 'string'));
  const isText = ['undefined', 'string'].includes(typeof read(config, 'clusterDomain'));
  return [
    ...(sameServers || !isList ? [] : [report('clusterDNS', 'cluster.dns', cluster.dns.join(', '))]),
    ...(!isText || domain.replace(/\.$/, '') === cluster.domain
      ? []
      : [report('clusterDomain', 'cluster.domain', cluster.domain)]),
  ];
};

/** What only the machine can know is left to the node's own drop-in, where the unit has one. */
export const kubeletNodeFacts: KubeletConcern = ({ kubelet, config, context }) => {
  const overridden = dropInFolder(context.inputs.components ?? []) !== undefined;
  const resolv = text(config, 'resolvConf');
  // The base's own value is what the drop-in would say where systemd-resolved runs.
  const isText = ['undefined', 'string'].includes(typeof read(config, 'resolvConf'));
  const resolvMatters = !isText
    ? false
    : overridden
      ? layerOf(kubelet, ['resolvConf']) > 0
      : resolv === '/etc/resolv.conf';
  const provider = text(config, 'providerID');
  return [
    ...(resolvMatters
      ? [finding('KUBELET_RESOLV_CONF', originOf(kubelet, [['resolvConf']]), { value: resolv || 'empty', overridden })]
      : []),
    ...(provider !== ''
      ? [finding('KUBELET_PROVIDER_ID', originOf(kubelet, [['providerID']]), { value: provider })]
      : []),
  ];
};
