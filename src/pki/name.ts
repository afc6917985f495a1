import { cursorOf, enter, isEmpty, malformed, readDer, readOid, rest, tags } from './der.ts';

/** One attribute of a name: a short type where there is one ("CN", "O"), else its OID. */
export type RelativeName = { readonly type: string; readonly value: string };

const shortTypes: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.17': 'postalCode',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** The attributes of a DER name in their order, whatever RDNs they stand in (Go flattens them the same way). */
export function readName(der: Uint8Array, what: string): readonly RelativeName[] {
  const attributes: RelativeName[] = [];
  const sequence = enter(cursorOf(der), tags.sequence, what);
  while (!isEmpty(sequence)) {
    const set = enter(sequence, tags.set, what);
    while (!isEmpty(set)) {
      const attribute = enter(set, tags.sequence, what);
      const oid = readOid(attribute, what);
      const tag = attribute.bytes[attribute.at] ?? 0;
      const value = decodeString(tag, rest(enter(attribute, undefined, what)), what);
      attributes.push({ type: shortTypes[oid] ?? oid, value });
    }
  }
  return attributes;
}

/** The string types that Go reads (parseASN1String); T61String is taken as Latin-1, as browsers and BoringSSL do. */
function decodeString(tag: number, bytes: Uint8Array, what: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (tag) {
    case 0x0c: {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        return malformed(`${what} has text that is not UTF-8`);
      }
    }
    case 0x13:
      return matching(/^[A-Za-z0-9'()*&+,\-./ :=?]*$/, buffer.toString('latin1'), what);
    case 0x16:
      return matching(/^[\0-\x7f]*$/, buffer.toString('latin1'), what);
    case 0x12:
      return matching(/^[0-9 ]*$/, buffer.toString('latin1'), what);
    case 0x14:
      return buffer.toString('latin1');
    case 0x1e:
      return decodeBmp(buffer, what);
    default:
      return malformed(`${what} has a value of a type that is no text`);
  }
}

function matching(allowed: RegExp, text: string, what: string): string {
  return allowed.test(text) ? text : malformed(`${what} has characters that its type forbids`);
}

function decodeBmp(bytes: Buffer, what: string): string {
  if (bytes.length % 2 !== 0) malformed(`${what} has malformed text`);
  const terminated = bytes.length >= 2 && bytes.readUInt16BE(bytes.length - 2) === 0;
  let text = '';
  for (let at = 0; at < bytes.length - (terminated ? 2 : 0); at += 2) {
    const unit = bytes.readUInt16BE(at);
    const reserved = unit >= 0xfffe || (unit >= 0xfdd0 && unit <= 0xfdef) || (unit >= 0xd800 && unit <= 0xdfff);
    if (reserved) malformed(`${what} has malformed text`);
    text += String.fromCharCode(unit);
  }
  return text;
}

/** A name as text, in its own order; what could break a line of output is escaped. */
export function nameText(name: readonly RelativeName[]): string {
  return name.map(({ type, value }) => `${type}=${printable(value)}`).join(',') || '(empty)';
}

/** A DER name as text, or that it is none. */
export function readNameText(der: Uint8Array): string {
  const read = readDer(der, () => readName(der, 'the name'));
  return read.ok ? nameText(read.value) : '(malformed)';
}

/** Text from a file, safe to print: control characters as \u…, at most 200 characters. */
export function printable(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 199)}…` : text;
  return short.replace(
    /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** All values of a type. */
export function valuesOf(name: readonly RelativeName[], type: string): readonly string[] {
  return name.flatMap(attribute => (attribute.type === type ? [attribute.value] : []));
}
