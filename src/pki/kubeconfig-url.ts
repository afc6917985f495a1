import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Path } from '../diagnostics/origin.ts';
import type { JsonMap } from '../tree/merge.ts';
import { hasPassword, masked } from '../tree/shown.ts';
import { printable } from './name.ts';

/** Faults of a cluster's proxy-url and tls-server-name. */
export function addressFindings(file: string, cluster: JsonMap, path: Path): readonly Finding[] {
  const findings: Finding[] = [];
  const proxy = cluster['proxy-url'];
  const reason = typeof proxy === 'string' && proxy !== '' ? whyNoProxy(proxy) : undefined;
  if (typeof proxy === 'string' && reason) {
    findings.push(
      finding('KUBECONFIG_PROXY', { file, path: [...path, 'proxy-url'] }, { value: printable(masked(proxy)), reason }),
    );
  }
  // The kubeconfig on the node has the proxy too, as a template in user-data.
  if (typeof proxy === 'string' && hasPassword(proxy)) {
    findings.push(
      finding(
        'USER_DATA_CREDENTIAL',
        { file, path: [...path, 'proxy-url'] },
        { where: 'proxy-url', kind: 'a URL with a password' },
      ),
    );
  }
  const name = cluster['tls-server-name'];
  if (typeof name === 'string' && name !== '' && !isHostOrAddress(name)) {
    findings.push(
      finding('KUBECONFIG_TLS_SERVER_NAME', { file, path: [...path, 'tls-server-name'] }, { value: printable(name) }),
    );
  }
  return findings;
}

/** client-go's parseProxyURL: an URL of http, https or socks5. */
function whyNoProxy(text: string): string | undefined {
  if (!URL.canParse(text)) return 'it is no URL';
  const { protocol, hostname } = new URL(text);
  if (!['http:', 'https:', 'socks5:'].includes(protocol))
    return `its scheme is ${protocol.slice(0, -1)}, not http, https or socks5`;
  return hostname === '' ? 'it has no host' : undefined;
}

function isHostOrAddress(text: string): boolean {
  return (
    /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text) || /^[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*$/.test(text)
  );
}
