import { expect, test } from 'vitest';
import { proxyFor } from '../../src/adapters/kube/proxy.ts';

const server = 'https://api.example.org:6443';
const HTTPS_PROXY = 'http://proxy:3128';

test.each([
  ['HTTPS_PROXY is taken', server, { HTTPS_PROXY }, HTTPS_PROXY],
  ['so is its small form', server, { https_proxy: HTTPS_PROXY }, HTTPS_PROXY],
  ['a proxy without a scheme is http', server, { HTTPS_PROXY: 'proxy:3128' }, HTTPS_PROXY],
  ['none is set', server, {}, undefined],
  ['HTTP_PROXY is for http', server, { HTTP_PROXY: HTTPS_PROXY }, undefined],
  ['this machine is never behind it', 'https://127.0.0.1:6443', { HTTPS_PROXY }, undefined],
  ['nor by its name', 'https://localhost:6443', { HTTPS_PROXY }, undefined],
  ['nor by IPv6', 'https://[::1]:6443', { HTTPS_PROXY }, undefined],
  ['NO_PROXY names all', server, { HTTPS_PROXY, NO_PROXY: '*' }, undefined],
  ['the host', server, { HTTPS_PROXY, NO_PROXY: 'x, API.example.org' }, undefined],
  ['a domain', server, { HTTPS_PROXY, NO_PROXY: 'example.org' }, undefined],
  ['what is below a domain', server, { HTTPS_PROXY, NO_PROXY: '.example.org' }, undefined],
  ['the same with a star', server, { HTTPS_PROXY, no_proxy: '*.example.org' }, undefined],
  ['half a name', server, { HTTPS_PROXY, NO_PROXY: 'ample.org' }, HTTPS_PROXY],
  ['its port', server, { HTTPS_PROXY, NO_PROXY: 'example.org:6443' }, undefined],
  ['another port', server, { HTTPS_PROXY, NO_PROXY: 'example.org:443' }, HTTPS_PROXY],
  ['an address', 'https://10.0.1.10:6443', { HTTPS_PROXY, NO_PROXY: '10.0.1.10' }, undefined],
  ['a network', 'https://10.0.1.10:6443', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['another network', 'https://10.0.1.10:6443', { HTTPS_PROXY, NO_PROXY: '192.168.0.0/16' }, HTTPS_PROXY],
  ['a network that is none', 'https://10.0.1.10:6443', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/99' }, HTTPS_PROXY],
  ['a network of IPv6', 'https://[fd00::1]:6443', { HTTPS_PROXY, NO_PROXY: 'fd00::/8' }, undefined],
  ['nothing of it', server, { HTTPS_PROXY, NO_PROXY: ',' }, HTTPS_PROXY],
] as const)('%s', (_, url, env, proxy) => {
  expect(proxyFor(url, env)).toBe(proxy);
});
