/** Text as the content of an XML element; what XML 1.0 cannot have at all, such as a NUL, becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"'\r]/g, one => `&#${one.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}
