import { expect, test } from 'vitest';
import { readMailbox } from '../../src/pki/mailbox.ts';
import * as der from './forge.ts';
import { judge } from './judge.ts';

/** What Go or OpenSSL refuses in parts that the other passes over: found by comparing with both (test/real/x509-mutations.test.ts). */
const caExtensions = [der.basicConstraints(true), der.certSign(), der.subjectKeyId(1, 2, 3)];
const constraints = (permitted: boolean, ...names: readonly Uint8Array[]) =>
  der.extension('2.5.29.30', der.tlv(0x30, der.tlv(permitted ? 0xa0 : 0xa1, ...names.map(one => der.tlv(0x30, one)))));
const known = [der.dns('worker-0'), der.ip(10, 0, 1, 20)];
const email = (value: string) => der.tlv(0x81, der.text(value));
const uri = (value: string) => der.tlv(0x86, der.text(value));
const zeros = (count: number) => Array<number>(count).fill(0);
const mapped = der.ip(...zeros(10), 255, 255, 10, 0, 1, 20);

function codes(caMore: readonly Uint8Array[], names: readonly Uint8Array[] = known): readonly string[] {
  const ca = der.forgeCa({ extensions: [...caExtensions, ...caMore] });
  const extensions = der.workerExtensions.map((one, i) => (i === 3 ? der.san(...names) : one));
  const leaf = der.forgeWorker(ca, { extensions });
  return judge({ ca: ca.pem, certificate: leaf.pem, key: der.keyPem(leaf.key) }).codes;
}

test.each([
  ['an e-mail constraint that is no address', [email('a b@example.com')], ['PKI_CERTIFICATE_INVALID']],
  ['a URI constraint that is an address', [uri('10.0.1.20')], ['PKI_CERTIFICATE_INVALID']],
  ['a dot as a constraint', [der.dns('.')], ['PKI_CERTIFICATE_INVALID']],
  ['constraints for other names', [email('a@example.com'), uri('.example.com')], []],
] as const)('in the CA, %s', (_, names, expected) => expect(codes([constraints(false, ...names)])).toEqual(expected));

test.each([
  ['an e-mail address that Go cannot read', [email('a b@example.com')], ['PKI_CA_NAME_CONSTRAINTS']],
  ['a quoted e-mail address', [email('"a b"@example.com')], []],
  ['a URI without a scheme and with a host that is forbidden', [uri('//forbidden/x')], ['PKI_CA_NAME_CONSTRAINTS']],
] as const)('under a CA with constraints, %s', (_, names, expected) =>
  expect(codes([constraints(false, uri('forbidden'))], [...known, ...names])).toEqual(expected),
);

test('to Go, a mapped address is in no range of IPv6', () => {
  const ranges = (...v6: readonly number[]) => [constraints(true, der.ip(10, 0, 0, 0, 255, 0, 0, 0), der.ip(...v6))];
  expect(codes(ranges(...zeros(32)), [...known, mapped])).toEqual(['PKI_CA_NAME_CONSTRAINTS']);
  expect(codes(ranges(...zeros(10), 255, 255, ...zeros(20)), [...known, mapped])).toEqual([]);
});

test('Go looks at one range alone, and bits below a mask lead it astray', () => {
  const range = (...octets: readonly number[]) => der.ip(...octets);
  const misleading = constraints(true, range(9, 0, 0, 0, 255, 0, 0, 0), range(10, 1, 2, 3, 255, 0, 0, 0));
  expect(codes([misleading])).toEqual(['PKI_CA_NAME_CONSTRAINTS']);
  const clean = constraints(true, range(9, 0, 0, 0, 255, 0, 0, 0), range(10, 0, 0, 0, 255, 0, 0, 0));
  expect(codes([clean])).toEqual([]);
});

test('OpenSSL finds no issuer where it cannot read an extension', () => {
  const directory = (tag: number, value: Uint8Array) =>
    der.tlv(0xa4, der.tlv(0x30, der.tlv(0x31, der.tlv(0x30, der.oid('2.5.4.3'), der.tlv(tag, value)))));
  expect(codes([], [...known, directory(0x0c, der.text('x'))])).toEqual([]);
  const odd = directory(0x1e, der.bytes(0));
  expect(codes([], [...known, odd])).toEqual(['PKI_CERTIFICATE_INVALID']);
  // Said once, of the CA.
  expect(codes([der.san(odd)])).toEqual(['PKI_CERTIFICATE_INVALID']);
});

test('a CA must name itself as its issuer', () => {
  expect(codes([der.authorityKeyId(9)])).toEqual(['PKI_KEY_ID_MISMATCH']);
  expect(codes([der.authorityKeyId(1, 2, 3)])).toEqual([]);
});

test('a URI whose host Go refuses', () => {
  for (const bad of ['//a..b', 'http://[::1::]/', 'http://a b/', 'http://x:y/', 'http://a"@b/'])
    expect(codes([], [...known, uri(bad)]), bad).toEqual(['PKI_CERTIFICATE_INVALID']);
  for (const good of ['//a.b', 'http://[::1]:80/', 'spiffe://example.com/a%20b', 'urn:x', ''])
    expect(codes([], [...known, uri(good)]), good).toEqual([]);
});

test('e-mail addresses as Go reads them', () => {
  expect(readMailbox('"a\\"b"@Example.com')).toEqual({ local: 'a"b', domain: 'example.com' });
  expect(readMailbox('a\\ b@x')).toEqual({ local: 'a b', domain: 'x' });
  for (const bad of ['', 'a', '@x', '.a@x', 'a.@x', 'a..b@x', 'a@x.', 'a@b@c.', 'a b@x', '"a@x', 'é@x'])
    expect(readMailbox(bad), bad).toBeUndefined();
});
