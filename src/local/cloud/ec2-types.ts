import type { InstanceTypeView } from '../../ports/compute.ts';

/** Families by architecture; Amazon EC2 Instance Types Guide. Of those that are not Nitro the console’s newest is not to be had. */
const families = {
  amd64: 't3 t3a m5 m5a m5n m6a m6i m7a m7i c5 c5a c6a c6i c7a c7i r5 r5a r6a r6i r7a r7i i4i'.split(' '),
  arm64: 't4g a1 m6g m7g m8g c6g c7g c8g r6g r7g r8g i4g'.split(' '),
  xen: 't2 m4 c4 r4'.split(' '),
};
const burstable = { nano: 2, micro: 2, small: 2, medium: 2, large: 2, xlarge: 4, '2xlarge': 8 };
const fixed = {
  medium: 1,
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
  '12xlarge': 48,
  '16xlarge': 64,
  '24xlarge': 96,
};

export type TypeFacts = InstanceTypeView & { readonly vcpus: number; readonly nitro: boolean };

/** An instance type by its name; undefined when EC2 has none such. */
export function typeFacts(name: string): TypeFacts | undefined {
  const [family = '', size = '', ...rest] = name.split('.');
  const arch = families.arm64.includes(family) ? 'arm64' : 'amd64';
  const nitro = !families.xen.includes(family);
  if (rest.length > 0 || (arch === 'amd64' && nitro && !families.amd64.includes(family))) return undefined;
  const sizes: Readonly<Record<string, number>> = /^t\d/.test(family) ? burstable : fixed;
  const vcpus = Object.hasOwn(sizes, size) ? sizes[size] : undefined;
  return vcpus === undefined ? undefined : { name, archs: [arch], vcpus, nitro };
}
