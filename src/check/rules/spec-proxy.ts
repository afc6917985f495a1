import { finding } from '../../diagnostics/diagnostic.ts';
import { contains, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { ClusterRule } from '../context.ts';

/** With a proxy, api-server and services are reached directly. */
export const specProxy: ClusterRule = ({ cluster }) => {
  const { proxy } = cluster.node;
  if (!proxy) return [];
  const origin = { file: cluster.file, path: ['node', 'proxy', 'noProxy'] };
  const server = new URL(cluster.server).hostname;
  return [
    ...(proxy.noProxy.some(entry => coversHost(entry, server))
      ? []
      : [finding('SPEC_NO_PROXY', origin, { what: 'the api-server', address: server })]),
    ...(proxy.noProxy.some(entry => coversRange(entry, cluster.serviceCidr))
      ? []
      : [finding('SPEC_NO_PROXY', origin, { what: 'the services', address: cluster.serviceCidr })]),
  ];
};

/** As Go's golang.org/x/net/http/httpproxy reads an entry: `*`, an address, a range, a domain with what is below it, `.domain` without itself. */
function coversHost(entry: string, host: string): boolean {
  if (entry === '*') return true;
  const address = parseIpv4(host);
  const range = parseCidr(entry);
  if (range) return address !== undefined && contains(range, address);
  const name = entry.toLowerCase().replace(/:\d+$/, '').replace(/^\*\./, '.');
  if (address !== undefined) return name === host;
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function coversRange(entry: string, services: string): boolean {
  if (entry === '*') return true;
  const range = parseCidr(entry);
  const wanted = parseCidr(services);
  return range !== undefined && wanted !== undefined && contains(range, wanted.first) && contains(range, wanted.last);
}
