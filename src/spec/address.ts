/** IPv4 addresses and ranges as numbers, for containment checks. IPv6 is not looked into: EC2 workers are named by IPv4. */
export type Cidr = { readonly first: number; readonly last: number; readonly prefix: number };

/** The address as an unsigned 32-bit number; undefined when it is not four decimal octets without leading zeros. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every(octet => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255))
    return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** An IPv4 range; undefined when it is none, or when the address has bits beyond the prefix (10.0.1.5/24). */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d|[12]\d|3[012])$/.exec(text);
  const first = match?.[1] === undefined ? undefined : parseIpv4(match[1]);
  if (first === undefined) return undefined;
  const prefix = Number(match?.[2]);
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

export function contains(range: Cidr, address: number): boolean {
  return range.first <= address && address <= range.last;
}
