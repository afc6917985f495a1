import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { contains, parseCidr, parseIpv4 } from '../../spec/address.ts';
import type { ClusterRule } from '../context.ts';

/** The service range: its size, and that the subnet does not overlap it. */
export const specServiceRange: ClusterRule = ({ cluster }) => {
  const services = parseCidr(cluster.serviceCidr);
  if (!services) return [];
  const findings: Finding[] = [];
  const origin = { file: cluster.file, path: ['cluster', 'serviceCidr'] };
  // validateClusterIPFlags of kube-apiserver: at most 20 host bits, and room for the “kubernetes” service and others.
  const reason =
    services.prefix < 12
      ? 'the api-server takes a prefix of 12 or longer'
      : services.prefix > 29
        ? 'it needs at least 8 addresses'
        : undefined;
  if (reason) findings.push(finding('SPEC_SERVICE_CIDR_SIZE', origin, { range: cluster.serviceCidr, reason }));
  const { subnetCidr } = cluster.aws;
  const subnet = subnetCidr === null ? undefined : parseCidr(subnetCidr);
  if (!subnet || subnetCidr === null) return findings;
  const subnetOrigin = { file: cluster.file, path: ['aws', 'subnetCidr'] };
  if (subnet.prefix < 16 || subnet.prefix > 28) {
    findings.push(finding('SPEC_SUBNET_SIZE', subnetOrigin, { range: subnetCidr }));
  }
  if (services.first <= subnet.last && subnet.first <= services.last) {
    const args = { services: cluster.serviceCidr, subnet: subnetCidr };
    const note = { message: 'the subnet is given here', origin: subnetOrigin };
    findings.push(finding('SPEC_SERVICE_CIDR_OVERLAP', origin, args, [note]));
  }
  return findings;
};

/** The cluster DNS is a service, and not the api-server's own. */
export const specDns: ClusterRule = ({ cluster }) => {
  const services = parseCidr(cluster.serviceCidr);
  if (!services) return [];
  return cluster.dns.flatMap((text, index): readonly Finding[] => {
    const address = parseIpv4(text) ?? 0;
    const origin = { file: cluster.file, path: ['cluster', 'dns', index] };
    const args = { address: text, range: cluster.serviceCidr };
    if (!contains(services, address)) return [finding('SPEC_DNS_OUTSIDE_SERVICES', origin, args)];
    return address === services.first + 1 ? [finding('SPEC_DNS_IS_API', origin, args)] : [];
  });
};

/** The api-server is somewhere that a machine of the subnet can reach before there is a cluster. */
export const specServer: ClusterRule = ({ cluster }) => {
  const reason = describeUnreachable(new URL(cluster.server).hostname, cluster.serviceCidr, cluster.domain);
  if (!reason) return [];
  const origin = { file: cluster.file, path: ['cluster', 'server'] };
  return [finding('SPEC_SERVER_UNREACHABLE', origin, { server: cluster.server, reason })];
};

function describeUnreachable(host: string, serviceCidr: string, domain: string): string | undefined {
  const itself = 'on a worker that is the worker itself';
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host.startsWith('127.')) return itself;
  if (host === '0.0.0.0') return '0.0.0.0 is where a server listens, not where it is reached';
  if (/^kubernetes(\.default(\.svc)?)?$/.test(host) || host.endsWith(`.svc.${domain}`))
    return 'that name is known inside pods only';
  const address = parseIpv4(host);
  const services = parseCidr(serviceCidr);
  if (address === undefined || !services || !contains(services, address)) return undefined;
  return `it is in the service range ${serviceCidr}, which kube-proxy provides only later`;
}
