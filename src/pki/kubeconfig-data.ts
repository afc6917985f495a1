export type Embedded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/**
 * Decodes `…-data` into PEM text (bytes as Latin-1), as client-go does: standard base64, whose line ends do not count.
 */
export function decodePem(data: string): Embedded<string> {
  const text = data.includes('\n') || data.includes('\r') ? data.replace(/[\r\n]/g, '') : data;
  const reason = whyNotBase64(text);
  if (reason !== undefined) return { ok: false, reason };
  const bytes = Buffer.from(text, 'base64');
  const pem = bytes.toString('latin1');
  if (pem.includes('-----BEGIN ')) return { ok: true, value: pem };
  if (pem.startsWith('LS0tLS1CRUdJT')) return { ok: false, reason: 'it is encoded twice' };
  if (bytes[0] === 0x30) return { ok: false, reason: 'it decodes to DER, not to PEM' };
  return { ok: false, reason: bytes.length === 0 ? 'it is empty' : 'what it decodes to is no PEM' };
}

function whyNotBase64(text: string): string | undefined {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    return text.length % 4 === 0 ? undefined : 'its length is no multiple of four, so something is cut off';
  }
  if (text.startsWith('-----BEGIN')) return 'it is the PEM text itself, not encoded';
  if (/\s/.test(text)) return 'it has blanks in it, as when lines are joined';
  if (/^[A-Za-z0-9_-]+={0,2}$/.test(text)) return 'it is the URL variant of base64, with - and _';
  return 'it has characters that base64 does not have';
}

/** The DER of every certificate of a PEM text. Whether it is one is judged by whoever compares it. */
export function certificatesOf(pem: string): Embedded<readonly Uint8Array[]> {
  const certificates: Uint8Array[] = [];
  for (const [, body] of pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)) {
    certificates.push(Buffer.from(body ?? '', 'base64'));
  }
  if (certificates.length > 0) return { ok: true, value: certificates };
  const label = labelOf(pem);
  return {
    ok: false,
    reason: label === 'CERTIFICATE' ? 'the certificate is cut off or damaged' : `it holds a ${label}`,
  };
}

/** The PEM text of a private key, as bytes; whether the key can be used is judged by whoever compares it. */
export function keyOf(pem: string): Embedded<Uint8Array> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return { ok: true, value: Buffer.from(pem, 'latin1') };
  return { ok: false, reason: `it holds a ${labelOf(pem)}` };
}

function labelOf(pem: string): string {
  return /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(pem)?.[1] ?? 'PEM block without a label';
}
