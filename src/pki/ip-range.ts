/** Address and mask, 4 or 16 octets each. */
export type IpRange = { readonly address: Uint8Array; readonly mask: Uint8Array };

/** Whether the range has the address; as OpenSSL compares, by octets. */
export function inRange(octets: Uint8Array, { address, mask }: IpRange): boolean {
  return (
    address.length === octets.length && octets.every((octet, i) => ((octet ^ (address[i] ?? 0)) & (mask[i] ?? 0)) === 0)
  );
}

/**
 * Whether Go finds the address in one of the ranges (constraints.go). It looks at one range alone, the last that does not begin above the
 * address, so that bits below a mask lead it astray; and to it a mapped address is of another kind than IPv6.
 */
export function goFinds(octets: Uint8Array, ranges: readonly IpRange[]): boolean {
  const sorted = ranges.filter(({ address }) => address.length === octets.length).sort(byAddress);
  const kept: IpRange[] = [];
  for (const range of sorted) {
    const before = kept.at(-1);
    if (!before || !isWithin(range, before)) kept.push(range);
  }
  const above = kept.findIndex(({ address }) => Buffer.compare(address, octets) >= 0);
  const at = above === -1 ? kept.length : above;
  const exact = kept[at];
  if (exact && Buffer.compare(exact.address, octets) === 0) return true;
  const candidate = kept[Math.max(at - 1, 0)];
  return candidate !== undefined && goContains(candidate, octets);
}

const byAddress = (a: IpRange, b: IpRange) => Buffer.compare(a.address, b.address) || Buffer.compare(a.mask, b.mask);

function isWithin({ address, mask }: IpRange, outer: IpRange): boolean {
  const last = address.map((octet, i) => octet | (~(mask[i] ?? 0) & 0xff));
  return goContains(outer, address) && goContains(outer, last);
}

function goContains(range: IpRange, octets: Uint8Array): boolean {
  return isMapped(octets) === isMapped(range.address) && inRange(octets, range);
}

function isMapped(octets: Uint8Array): boolean {
  return octets.length === 16 && octets.every((octet, i) => i >= 12 || octet === (i >= 10 ? 0xff : 0));
}
