import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../pki/name.ts';
import { masked } from '../../tree/shown.ts';
import type { KubeconfigSubject } from './kubeconfig-subject.ts';

/** The server is the spec's; a trailing slash and a spelt-out default port make no difference. */
export function kubeconfigServer({ kubeconfig: { file, cluster }, context }: KubeconfigSubject): readonly Finding[] {
  const expected = context.cluster.server;
  const { server } = cluster;
  if (server === undefined)
    return [
      finding('KUBECONFIG_SERVER', { file, path: cluster.path }, { server: undefined, expected, slip: undefined }),
    ];
  if (server.value === expected || isSame(server.value, expected)) return [];
  const shown = printable(masked(server.value));
  return [
    finding(
      'KUBECONFIG_SERVER',
      { file, path: server.path },
      { server: shown, expected, slip: slipOf(server.value, expected) },
    ),
  ];
}

function isSame(server: string, expected: string): boolean {
  if (!URL.canParse(server)) return false;
  const { href } = new URL(server);
  return href === new URL(expected).href;
}

function slipOf(server: string, expected: string): string | undefined {
  if (!server.includes('://')) return 'it is no URL, the scheme is missing';
  if (!URL.canParse(server)) return 'it is no URL';
  const found = new URL(server);
  const wanted = new URL(expected);
  if (found.protocol !== 'https:') return `the scheme is ${found.protocol.slice(0, -1)}, not https`;
  if (['localhost', '127.0.0.1', '[::1]', '0.0.0.0'].includes(found.hostname))
    return 'on the worker that is the worker itself, not the api-server';
  if (found.hostname !== wanted.hostname) return undefined;
  if (found.port !== wanted.port) return found.port === '' ? `port ${wanted.port} is missing` : 'the port differs';
  return 'there is something behind the address';
}
