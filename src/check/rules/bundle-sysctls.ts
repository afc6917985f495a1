import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { ClusterRule } from '../context.ts';

/** Components agree on the kernel that they run on. */
export const bundleSysctls: ClusterRule = ({ inputs }) => {
  const first = new Map<string, { readonly component: string; readonly value: string; readonly origin: Origin }>();
  const findings: Finding[] = [];
  for (const { name: component, file, kernel } of inputs.components ?? []) {
    for (const [sysctl, value] of Object.entries(kernel.sysctls)) {
      const origin = { file, path: ['kernel', 'sysctls', sysctl] };
      // sysctl.d takes net/ipv4/ip_forward for net.ipv4.ip_forward.
      const key = sysctl.replaceAll('/', '.');
      const other = first.get(key);
      if (!other) first.set(key, { component, value, origin });
      else if (other.value !== value) {
        const args = { sysctl, component, value, other: other.component, otherValue: other.value };
        const note = { message: `${other.component} sets it here`, origin: other.origin };
        findings.push(finding('BUNDLE_SYSCTL_CONFLICT', origin, args, [note]));
      }
    }
  }
  return findings;
};
