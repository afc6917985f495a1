import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  authorityKeyId,
  basicConstraints,
  bytes,
  caName,
  certSign,
  clientAuth,
  digitalSignature,
  dns,
  ecKey,
  eku,
  extension,
  type Forgery,
  forge,
  forgeCa,
  forgeWorker,
  ip,
  keyPem,
  keyUsage,
  name,
  now,
  oid,
  pem,
  rsaKey,
  san,
  serverAuth,
  subjectKeyId,
  text,
  tlv,
  workerExtensions,
  workerName,
} from './forge.ts';
import { judge } from './judge.ts';

const ca = forgeCa();
const day = 86_400_000;

function worker(over: Forgery): readonly string[] {
  const forged = forgeWorker(ca, over);
  return judge({ ca: ca.pem, certificate: forged.pem, key: keyPem(forged.key) }).codes;
}

/** The same worker under another CA. */
function under(over: Forgery, leaf: Forgery = {}): readonly string[] {
  const other = forgeCa(over);
  const forged = forgeWorker(other, leaf);
  return judge({ ca: other.pem, certificate: forged.pem, key: keyPem(forged.key) }).codes;
}

const without = (id: string, ...more: readonly Uint8Array[]) => [
  ...workerExtensions.filter(one => !Buffer.from(one).includes(Buffer.from(oid(id)))),
  ...more,
];
const sanOf = (...names: readonly Uint8Array[]) => ({ extensions: without('2.5.29.17', san(...names)) });
const address = ip(10, 0, 1, 20);
const host = dns('worker-0');

describe('a worker’s certificate', () => {
  const cases: Readonly<Record<string, readonly [Forgery, readonly string[]]>> = {
    'as it should be': [{}, []],
    'with RSA': [{ key: rsaKey() }, []],
    'with Ed25519': [{ key: generateKeyPairSync('ed25519').privateKey }, []],
    'with P-384': [{ key: ecKey('P-384') }, []],
    'of another node': [{ subject: name(['CN', 'system:node:worker-1'], ['O', 'system:nodes']) }, ['PKI_SUBJECT_CN']],
    'whose CN differs in case': [
      { subject: name(['CN', 'system:node:Worker-0'], ['O', 'system:nodes']) },
      ['PKI_SUBJECT_CN'],
    ],
    'with two CNs, the last being right': [
      { subject: name(['CN', 'x'], ['O', 'system:nodes'], ['CN', 'system:node:worker-0']) },
      [],
    ],
    'with two CNs, the first being right': [
      { subject: name(['CN', 'system:node:worker-0'], ['O', 'system:nodes'], ['CN', 'x']) },
      ['PKI_SUBJECT_CN'],
    ],
    'without a CN': [{ subject: name(['O', 'system:nodes']) }, ['PKI_SUBJECT_CN']],
    'with O before CN, in PrintableString': [
      { subject: name(['O', 'system:nodes', 0x13], ['CN', 'system:node:worker-0', 0x13]) },
      [],
    ],
    'without O': [{ subject: name(['CN', 'system:node:worker-0']) }, ['PKI_SUBJECT_O']],
    'with system:nodes as OU': [
      { subject: name(['CN', 'system:node:worker-0'], ['OU', 'system:nodes']) },
      ['PKI_SUBJECT_O'],
    ],
    'with a second, harmless O': [
      { subject: name(['CN', 'system:node:worker-0'], ['O', 'Example'], ['O', 'system:nodes']) },
      [],
    ],
    'of an administrator': [
      { subject: name(['CN', 'system:node:worker-0'], ['O', 'system:nodes'], ['O', 'system:masters']) },
      ['PKI_SUBJECT_MASTERS'],
    ],
    'for its name in upper case': [sanOf(dns('WORKER-0'), address), []],
    'for its name with a trailing dot': [sanOf(dns('worker-0.'), address), ['PKI_SAN_NAME']],
    'for a bare wildcard': [sanOf(dns('*'), address), ['PKI_SAN_NAME']],
    'for its name in a domain': [sanOf(dns('worker-0.example.com'), dns('*.example.com'), address), ['PKI_SAN_NAME']],
    'without any name': [{ extensions: without('2.5.29.17') }, ['PKI_SAN_IP', 'PKI_SAN_NAME']],
    'for another address': [sanOf(host, ip(10, 0, 1, 21)), ['PKI_SAN_IP']],
    'with its address as a DNS name': [sanOf(host, dns('10.0.1.20')), ['PKI_SAN_IP']],
    'with its address mapped into IPv6': [
      sanOf(host, ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 20)),
      ['PKI_SAN_IP'],
    ],
    'with an address of five bytes': [sanOf(host, ip(10, 0, 1, 20, 0)), ['PKI_CERTIFICATE_INVALID']],
    'for clients only': [{ extensions: without('2.5.29.37', eku(clientAuth)) }, ['PKI_EKU_SERVER_AUTH']],
    'for servers only': [{ extensions: without('2.5.29.37', eku(serverAuth)) }, ['PKI_EKU_CLIENT_AUTH']],
    'for any purpose': [{ extensions: without('2.5.29.37', eku('2.5.29.37.0')) }, ['PKI_EKU_ANY']],
    'without extended key usage': [{ extensions: without('2.5.29.37') }, []],
    'for encryption only': [{ extensions: without('2.5.29.15', keyUsage(0x20, 5)) }, ['PKI_KEY_USAGE']],
    'without key usage': [{ extensions: without('2.5.29.15') }, []],
    'that says CA:TRUE': [{ extensions: without('2.5.29.19', basicConstraints(true)) }, ['PKI_CERTIFICATE_IS_CA']],
    'for the CA’s key': [{ key: ca.key }, ['PKI_CERTIFICATE_IS_CA']],
    'expired a second ago': [{ notAfter: new Date(now - 1000) }, ['PKI_EXPIRED']],
    'that expires this very moment': [{ notAfter: new Date(now) }, ['PKI_EXPIRES_TODAY']],
    'that expires in a week': [{ notAfter: new Date(now + 7 * day) }, ['PKI_EXPIRES_SOON']],
    'that expires in 30 days': [{ notAfter: new Date(now + 30 * day) }, []],
    'not valid yet': [{ notBefore: new Date(now + 1000) }, ['PKI_NOT_YET_VALID']],
    'that outlives the CA': [{ notAfter: new Date(now + 4000 * day) }, ['PKI_OUTLIVES_CA']],
    'with a negative serial': [{ serial: bytes(0x80) }, ['PKI_SERIAL']],
    'with the serial zero': [{ serial: bytes(0) }, []],
    'with a padded serial': [{ serial: bytes(0, 1) }, ['PKI_CERTIFICATE_INVALID']],
    'with an unknown critical extension': [
      { extensions: [...workerExtensions, extension('1.2.3.4', bytes(5, 0), true)] },
      ['PKI_CRITICAL_EXTENSION'],
    ],
    'with an unknown extension': [{ extensions: [...workerExtensions, extension('1.2.3.4', bytes(5, 0))] }, []],
    'with an extension twice': [{ extensions: [...workerExtensions, eku(clientAuth)] }, ['PKI_CERTIFICATE_INVALID']],
    'that demands a policy': [
      { extensions: [...workerExtensions, extension('2.5.29.36', tlv(0x30, bytes(0x80, 1, 0)), true)] },
      ['PKI_POLICY'],
    ],
    'for a key identifier that is not the CA’s': [
      { extensions: without('2.5.29.35', authorityKeyId(9)) },
      ['PKI_KEY_ID_MISMATCH'],
    ],
    'for another serial of the CA': [
      { extensions: without('2.5.29.35', extension('2.5.29.35', tlv(0x30, tlv(0x82, bytes(7))))) },
      ['PKI_KEY_ID_MISMATCH'],
    ],
    'without a key identifier': [{ extensions: without('2.5.29.35') }, []],
    'signed by another key': [{ signer: ecKey() }, ['PKI_NOT_SIGNED_BY_CA']],
    'signed by a key of another type': [{ signer: rsaKey() }, ['PKI_NOT_SIGNED_BY_CA']],
    'issued by another name': [{ issuerName: name(['CN', 'other']) }, ['PKI_NOT_SIGNED_BY_CA']],
    'issued by the same name, encoded otherwise': [
      { issuerName: name(['CN', 'Kubernetes', 0x13], ['O', 'test', 0x13]) },
      ['PKI_NOT_SIGNED_BY_CA'],
    ],
    'signed with SHA-1': [{ hash: 'sha1' }, ['PKI_SIGNATURE_WEAK']],
    'signed with SHA-384': [{ hash: 'sha384' }, []],
    'with RSA-1024': [{ key: rsaKey(1024) }, ['PKI_KEY_WEAK']],
    'with RSA-768': [{ key: rsaKey(768) }, ['PKI_KEY_TYPE']],
    'with P-224': [{ key: ecKey('P-224') }, ['PKI_KEY_TYPE']],
    'with secp256k1': [{ key: ecKey('secp256k1') }, ['PKI_KEY_TYPE']],
    'of version 1': [{ version: 1, extensions: [] }, ['PKI_SAN_IP', 'PKI_SAN_NAME']],
  };
  for (const [title, [over, codes]] of Object.entries(cases)) test(title, () => expect(worker(over)).toEqual(codes));

  test('signed by itself', () => {
    const forged = forge({ subject: workerName, extensions: workerExtensions });
    const { codes, findings } = judge({ ca: ca.pem, certificate: forged.pem, key: keyPem(forged.key) });
    expect(codes).toEqual(['PKI_NOT_SIGNED_BY_CA']);
    expect(findings[0]?.message).toContain('signed by itself');
  });

  test('that is the CA’s own', () => {
    expect(judge({ ca: ca.pem, certificate: ca.pem, key: keyPem(ca.key) }).codes).toEqual([
      'PKI_CERTIFICATE_IS_CA',
      'PKI_KEY_USAGE',
      'PKI_SAN_IP',
      'PKI_SAN_NAME',
      'PKI_SUBJECT_CN',
      'PKI_SUBJECT_O',
    ]);
  });

  test('with another’s key', () => {
    const { codes, findings } = judge({ ca: ca.pem, certificate: forgeWorker(ca).pem, key: keyPem(ecKey()) });
    expect(codes).toEqual(['PKI_KEY_MISMATCH']);
    expect(findings[0]?.origin).toEqual({ file: 'pki/worker-0-key.pem', block: 1 });
  });
});

describe('a CA', () => {
  const forbid = (side: 0xa0 | 0xa1, ...subtrees: readonly Uint8Array[]) =>
    extension('2.5.29.30', tlv(0x30, tlv(side, ...subtrees.map(one => tlv(0x30, one)))), true);
  const constrained = (constraint: Uint8Array) => ({
    extensions: [basicConstraints(true), certSign(), subjectKeyId(1, 2, 3), constraint],
  });
  const cases: Readonly<Record<string, readonly [Forgery, readonly string[]]>> = {
    'without basic constraints': [{ extensions: [certSign(), subjectKeyId(1, 2, 3)] }, ['PKI_CA_NOT_CA']],
    'that says CA:FALSE': [
      { extensions: [basicConstraints(false), certSign(), subjectKeyId(1, 2, 3)] },
      ['PKI_CA_NOT_CA'],
    ],
    'of version 1': [{ version: 1, extensions: [] }, []],
    'that may not sign': [
      { extensions: [basicConstraints(true), digitalSignature(), subjectKeyId(1, 2, 3)] },
      ['PKI_CA_KEY_USAGE'],
    ],
    'without key usage': [{ extensions: [basicConstraints(true), subjectKeyId(1, 2, 3)] }, []],
    'with path length 0': [
      { extensions: [extension('2.5.29.19', tlv(0x30, bytes(1, 1, 0xff, 2, 1, 0)), true), certSign()] },
      [],
    ],
    'for servers only': [{ extensions: [basicConstraints(true), certSign(), eku(serverAuth)] }, ['PKI_CA_EKU']],
    'for clients and servers': [{ extensions: [basicConstraints(true), certSign(), eku(serverAuth, clientAuth)] }, []],
    'that is an intermediate': [{ issuerName: name(['CN', 'root']), signer: ecKey() }, ['PKI_CA_INTERMEDIATE']],
    'whose signature is not its own': [{ signer: ecKey() }, ['PKI_CA_SIGNATURE']],
    'signed with SHA-1, as roots may be': [{ hash: 'sha1' }, []],
    expired: [{ notAfter: new Date(now - 1) }, ['PKI_EXPIRED', 'PKI_OUTLIVES_CA']],
    'with RSA-1024': [{ key: rsaKey(1024) }, ['PKI_KEY_WEAK']],
    'that permits the worker’s names': [constrained(forbid(0xa0, dns('worker-0'), ip(10, 0, 0, 0, 255, 0, 0, 0))), []],
    'that permits other names': [constrained(forbid(0xa0, dns('example.com'))), ['PKI_CA_NAME_CONSTRAINTS']],
    'that permits other addresses': [
      constrained(forbid(0xa0, ip(192, 168, 0, 0, 255, 255, 0, 0))),
      ['PKI_CA_NAME_CONSTRAINTS'],
    ],
    'that excludes the address': [
      constrained(forbid(0xa1, ip(10, 0, 1, 0, 255, 255, 255, 0))),
      ['PKI_CA_NAME_CONSTRAINTS'],
    ],
    'that excludes other names': [constrained(forbid(0xa1, dns('example.com'))), []],
    'with constraints that Go does not know': [
      constrained(forbid(0xa0, tlv(0xa4, caName))),
      ['PKI_CRITICAL_EXTENSION'],
    ],
    'with an IP range that has a hole': [
      constrained(forbid(0xa0, ip(10, 0, 0, 0, 255, 0, 255, 0))),
      ['PKI_CERTIFICATE_INVALID'],
    ],
  };
  for (const [title, [over, codes]] of Object.entries(cases)) test(title, () => expect(under(over)).toEqual(codes));
});

describe('files', () => {
  const forged = forgeWorker(ca);
  const good = { ca: ca.pem, certificate: forged.pem, key: keyPem(forged.key) };
  const rsa = forgeWorker(ca, { key: rsaKey() });
  const rsaGood = { ca: ca.pem, certificate: rsa.pem, key: keyPem(rsa.key, 'pkcs1') };
  const crlf = (content: string) => `\ufeff${content.replaceAll('\n', '\r\n')}`;
  const encrypted = forged.key
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const traditional = forged.key
    .export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const publicPem = pem('PUBLIC KEY', forge({}).der);
  const cases: Readonly<
    Record<string, readonly [Partial<Record<keyof typeof good, string | Uint8Array>>, readonly string[]]>
  > = {
    'SEC1 with the curve before it': [
      { key: `${pem('EC PARAMETERS', oid('1.2.840.10045.3.1.7'))}${keyPem(forged.key, 'sec1')}` },
      [],
    ],
    'CRLF and a byte order mark': [{ ca: crlf(good.ca), certificate: crlf(good.certificate), key: crlf(good.key) }, []],
    'text before a block': [
      { certificate: `Certificate:\n    Data:\n        Version: 3 (0x2)\n${good.certificate}` },
      [],
    ],
    DER: [{ certificate: forged.der }, ['PKI_NOT_PEM']],
    'a key in DER': [{ key: forged.key.export({ type: 'pkcs8', format: 'der' }) }, ['PKI_NOT_PEM']],
    'UTF-16': [{ certificate: Buffer.from(`\ufeff${good.certificate}`, 'utf16le') }, ['PKI_NOT_PEM']],
    'a NUL byte': [{ certificate: `${good.certificate}\0` }, ['PKI_NOT_PEM']],
    'an empty file': [{ certificate: '' }, ['PKI_NOT_PEM']],
    'a file cut off': [{ certificate: good.certificate.slice(0, 300) }, ['PKI_NOT_PEM']],
    'damaged base64': [{ certificate: good.certificate.replace(/\n.{5}/, '\n!!!!!') }, ['PKI_NOT_PEM']],
    'a second block that is damaged': [
      { certificate: `${good.certificate}-----BEGIN CERTIFICATE-----\nMII\n` },
      ['PKI_NOT_PEM'],
    ],
    'a key in the certificate’s file': [{ certificate: good.key }, ['PKI_KEY_IN_CERTIFICATE']],
    'a key beside the certificate': [{ certificate: good.certificate + good.key }, ['PKI_KEY_IN_CERTIFICATE']],
    'a key in the CA’s file': [{ ca: good.ca + keyPem(ca.key) }, ['PKI_KEY_IN_CERTIFICATE']],
    'a certificate in the key’s file': [{ key: good.certificate }, ['PKI_CERTIFICATE_IN_KEY']],
    'a certificate beside the key': [{ key: good.key + good.certificate }, ['PKI_CERTIFICATE_IN_KEY']],
    'a chain': [{ certificate: good.certificate + good.ca }, ['PKI_SEVERAL_CERTIFICATES']],
    'two CAs': [{ ca: good.ca + forgeCa().pem }, ['PKI_SEVERAL_CERTIFICATES']],
    'two keys': [{ key: good.key + keyPem(ecKey()) }, ['PKI_SEVERAL_KEYS']],
    'an encrypted key': [{ key: encrypted }, ['PKI_KEY_ENCRYPTED']],
    'a key encrypted in the old form': [{ key: traditional }, ['PKI_KEY_ENCRYPTED']],
    'a request in the certificate’s file': [
      { certificate: pem('CERTIFICATE REQUEST', forged.der) },
      ['PKI_WRONG_BLOCK'],
    ],
    'a public key in the key’s file': [{ key: publicPem }, ['PKI_WRONG_BLOCK']],
    'an OpenSSH key': [{ key: pem('OPENSSH PRIVATE KEY', text('openssh-key-v1')) }, ['PKI_WRONG_BLOCK']],
    'a PuTTY key': [{ key: 'PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nEncryption: none\n' }, ['PKI_NOT_PEM']],
    'a key of zeros': [{ key: pem('PRIVATE KEY', new Uint8Array(64)) }, ['PKI_KEY_INVALID']],
    'an X25519 key': [{ key: keyPem(generateKeyPairSync('x25519').privateKey) }, ['PKI_KEY_TYPE']],
    'a certificate that is none': [{ certificate: pem('CERTIFICATE', text('hello')) }, ['PKI_CERTIFICATE_INVALID']],
  };
  for (const [title, [over, codes]] of Object.entries(cases))
    test(title, () => expect(judge({ ...good, ...over }).codes).toEqual(codes));

  test('every encoding of a key, and the bytes that travel', () => {
    for (const files of [
      good,
      { ...good, key: keyPem(forged.key, 'sec1') },
      rsaGood,
      { ...rsaGood, key: keyPem(rsa.key) },
    ]) {
      const { identity, codes } = judge({ ...files, key: crlf(files.key) });
      expect(codes).toEqual([]);
      expect(Buffer.from(identity.key?.pem.reveal() ?? []).toString()).toBe(files.key);
      expect(identity.certificate?.pem).toBe(files.certificate);
      expect(identity.certificate?.sha256).toBe(
        createHash('sha256')
          .update(identity.certificate?.der ?? '')
          .digest('hex'),
      );
    }
  });

  test('an absent key is an error for build and a warning for the rest', () => {
    expect(judge({ ...good, key: undefined }).codes).toEqual(['PKI_FILE_MISSING']);
    expect(judge({ ...good, key: undefined }, { keyRequired: false }).codes).toEqual(['PKI_KEY_ABSENT']);
  });

  test('an RSA key whose exponent is damaged, which OpenSSL loads', () => {
    const der = rsa.key.export({ type: 'pkcs1', format: 'der' });
    der.writeUInt8(der.readUInt8(300) ^ 1, 300);
    expect(judge({ ...rsaGood, key: pem('RSA PRIVATE KEY', der) }).codes).toEqual(['PKI_KEY_INVALID']);
  });

  test('an EC key with another’s public key, which OpenSSL believes', () => {
    const der = Buffer.from(forged.key.export({ type: 'sec1', format: 'der' }));
    der.writeUInt8(der.readUInt8(20) ^ 1, 20);
    expect(judge({ ...good, key: pem('EC PRIVATE KEY', der) }).codes).toEqual(['PKI_KEY_INVALID']);
  });
});
