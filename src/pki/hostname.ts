/** Whether a certificate's DNS names cover a host name, as Go's VerifyHostname judges (the CN never counts). */
export function coversName(dnsNames: readonly string[], host: string): boolean {
  const name = lowerAscii(host);
  const valid = isHostname(name, false);
  const parts = name.replace(/\.$/, '').split('.');
  return dnsNames.some(pattern => {
    if (valid && isHostname(pattern, true)) return matchesPattern(lowerAscii(pattern), parts);
    return pattern !== '' && pattern !== '.' && lowerAscii(pattern) === name;
  });
}

/** Whether an IPv4 address is among a certificate's. An IPv4-mapped IPv6 address is not: OpenSSL compares the bytes. */
export function coversAddress(ipAddresses: readonly string[], address: string): boolean {
  return ipAddresses.includes(address);
}

/** ASCII only: Unicode's rules would make names equal that no resolver takes for equal. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, letter => letter.toLowerCase());
}

/** Letters, digits, dashes and underscores by label; a pattern may have `*` as its whole first label, but not alone. */
function isHostname(host: string, isPattern: boolean): boolean {
  const text = isPattern ? host : host.replace(/\.$/, '');
  if (text === '' || text === '*') return false;
  return text
    .split('.')
    .every((label, index) => (isPattern && index === 0 && label === '*') || /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(label));
}

function matchesPattern(pattern: string, host: readonly string[]): boolean {
  const labels = pattern.split('.');
  return (
    labels.length === host.length &&
    labels.every((label, index) => (index === 0 && label === '*') || label === host[index])
  );
}
