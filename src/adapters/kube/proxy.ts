import net from 'node:net';
import type { Environment } from './kubeconfig-files.ts';

/**
 * The proxy on the way to a server, by HTTPS_PROXY and NO_PROXY as kubectl reads them (golang.org/x/net/http/httpproxy); a
 * kubeconfig’s own proxy-url comes before it. Undefined: none.
 */
export function proxyFor(server: string, env: Environment): string | undefined {
  const proxy = env.HTTPS_PROXY || env.https_proxy;
  const { protocol, hostname, port } = new URL(server);
  if (!proxy || protocol !== 'https:') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(host)) return undefined;
  const spared = (env.NO_PROXY || env.no_proxy || '').split(',').map(entry => entry.trim().toLowerCase());
  if (spared.some(entry => entry !== '' && spares(entry, host, port || '443'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (net.isIPv4(host) && host.startsWith('127.'));
}

/** “*”, “10.0.0.0/8”, “10.0.1.10”, “example.org” with all below it, “.example.org”, “*.example.org”; a port may follow. */
function spares(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isWithin(host, entry);
  const withPort = /^(.+):(\d+)$/.exec(entry);
  const isAddress = net.isIP(entry) !== 0;
  const name = (withPort !== null && !isAddress ? (withPort[1] ?? '') : entry).replace(/^\*\./, '.');
  if (withPort !== null && !isAddress && withPort[2] !== port) return false;
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (net.isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isWithin(host: string, cidr: string): boolean {
  const family = net.isIP(host);
  const [network = '', bits = ''] = cidr.split('/');
  if (family === 0 || net.isIP(network) !== family || !/^\d+$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new net.BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
