import type { CodeEntry } from '../codes.ts';
import { pkiCaCodes } from './pki-ca.ts';
import { pkiFileCodes } from './pki-file.ts';

type Entries = Readonly<Record<string, CodeEntry>>;

const certificateCodes = {
  PKI_SUBJECT_CN: {
    severity: 'error',
    title: 'The certificate names somebody else',
    message: (a: { what: string; expected: string; found: string | undefined }) =>
      a.found === undefined
        ? `${a.what} has no CN, where it must be ${a.expected}.`
        : `${a.what} has the CN ${a.found}, where it must be ${a.expected}.`,
    hint: 'issue a certificate for this name with `firstboot pki issue`, or give the file that belongs to it.',
    explain:
      'The api-server takes the last CN of a client certificate as the user’s name, to the letter. A kubelet that is not system:node:<its node’s name> may not register or read its pods; kube-proxy must be system:kube-proxy, which the built-in role is bound to.',
  },
  PKI_SUBJECT_O: {
    severity: 'error',
    title: 'The certificate lacks the group system:nodes',
    message: (a: { what: string; found: readonly string[] }) =>
      a.found.length === 0
        ? `${a.what} has no O, where it must be system:nodes.`
        : `${a.what} has the O ${a.found.join(', ')}, where system:nodes must be among them.`,
    hint: 'issue the certificate with O=system:nodes; `firstboot pki issue` does.',
    explain:
      'The api-server takes each O as a group, and its node authorizer knows a kubelet by the group system:nodes together with the name system:node:…. Without it every request is 403.',
  },
  PKI_SUBJECT_GROUP: {
    severity: 'warning',
    title: 'The certificate gives a group that it should not',
    message: (a: { what: string; group: string }) => `${a.what} also puts its holder into the group ${a.group}.`,
    hint: 'issue it anew with the groups that it needs and no other.',
    explain:
      'Each O of a client certificate is a group, with all that RBAC gives to it. Whoever gets onto the node has the key, and so the group’s rights.',
  },
  PKI_SUBJECT_MASTERS: {
    severity: 'error',
    title: 'The certificate makes its holder administrator of the cluster',
    message: (a: { what: string }) => `${a.what} puts its holder into the group system:masters.`,
    hint: 'issue it anew without O=system:masters; `firstboot pki issue` does.',
    explain:
      'Each O of a client certificate is a group. system:masters may do everything, past RBAC, until the certificate expires: whoever gets onto one node has the whole cluster.',
  },
  PKI_EXPIRED: {
    severity: 'error',
    title: 'A certificate has expired',
    message: (a: { what: string; notAfter: string; now: string }) =>
      `${a.what} expired at ${a.notAfter}; it is ${a.now}.`,
    hint: 'issue a new one with `firstboot pki issue --force`; when it is the CA’s, everything that it signed must be issued anew.',
    explain:
      'Both verifiers refuse it, so the kubelet could not register: “x509: certificate has expired or is not yet valid”.',
  },
  PKI_NOT_YET_VALID: {
    severity: 'error',
    title: 'A certificate is not valid yet',
    message: (a: { what: string; notBefore: string; now: string }) =>
      `${a.what} is valid from ${a.notBefore} only; it is ${a.now}.`,
    hint: 'check the clock of the machine that issued it and of this one; `firstboot pki issue` back-dates by an hour.',
    explain:
      'Both verifiers refuse it until then. A node whose clock is a little behind sees the same for a certificate that was issued just now.',
  },
  PKI_EXPIRES_TODAY: {
    severity: 'error',
    title: 'A certificate expires within a day',
    message: (a: { what: string; notAfter: string }) => `${a.what} expires at ${a.notAfter}, in less than a day.`,
    hint: 'issue a new one before machines are built with it: `firstboot pki issue --force`.',
    explain:
      'The machine would register and drop out of the cluster within a day. firstboot delivers certificates at launch and does not renew them on a running node.',
  },
  PKI_EXPIRES_SOON: {
    severity: 'warning',
    title: 'A certificate expires within 30 days',
    message: (a: { what: string; notAfter: string; days: number }) =>
      `${a.what} expires at ${a.notAfter}, in ${a.days} day${a.days === 1 ? '' : 's'}.`,
    hint: 'issue a new one with `firstboot pki issue --force` and replace the worker in time.',
    explain:
      'When it expires the node becomes NotReady and its pods are evicted. A replaced worker gets the new certificate.',
  },
  PKI_KEY_MISMATCH: {
    severity: 'error',
    title: 'Key and certificate do not belong together',
    message: (a: { what: string; key: string; certificate: string; certificateKey: string }) =>
      `${a.what} is ${a.key} with another public key than ${a.certificate}, which is for ${a.certificateKey}.`,
    hint: 'put the key beside the certificate that was made from it; if it is lost, issue both anew with `firstboot pki issue --force`.',
    explain:
      'The kubelet would stop at its start: “tls: private key does not match public key”. It comes about when two workers’ files are mixed up, or one of the two was renewed.',
  },
  PKI_KEY_SHARED: {
    severity: 'error',
    title: 'Two workers have one key',
    message: (a: { worker: string; other: string; fingerprint: string }) =>
      `${a.worker} has the same key as ${a.other} (public key ${a.fingerprint}).`,
    hint: 'give each worker a key of its own: `firstboot pki issue --force --worker NAME`.',
    explain:
      'Whoever gets into one of the machines can be the other. Mostly one worker’s files were copied for the next.',
  },
  PKI_KEY_TYPE: {
    severity: 'error',
    title: 'A key that Kubernetes cannot use',
    message: (a: { what: string; key: string; reason: string }) => `${a.what} is ${a.key}: ${a.reason}.`,
    hint: 'use RSA-2048 or EC P-256; `firstboot pki issue --force` makes either.',
    explain:
      'kubelet and api-server are written in Go. What its crypto/tls does not know fails every handshake, though OpenSSL may accept it.',
  },
  PKI_KEY_WEAK: {
    severity: 'warning',
    title: 'A key that is too short',
    message: (a: { what: string; key: string }) => `${a.what} is ${a.key}, which is less than 2048 bits.`,
    hint: 'use RSA-2048 or EC P-256; `firstboot pki issue --force` makes either.',
    explain:
      'RSA under 2048 bits has been disallowed since 2013 (NIST SP 800-131A) and OpenSSL refuses it at its usual security level. Go refuses it under 1024 bits.',
  },
  PKI_NOT_SIGNED_BY_CA: {
    severity: 'error',
    title: 'The CA did not sign the certificate',
    message: (a: {
      what: string;
      reason: 'name' | 'encoding' | 'key' | 'self';
      issuer: string;
      ca: string;
      caFile: string;
    }) => {
      switch (a.reason) {
        case 'self':
          return `${a.what} is signed by itself, not by the CA in ${a.caFile}, ${a.ca}.`;
        case 'name':
          return `${a.what} was issued by ${a.issuer}, but the CA in ${a.caFile} is ${a.ca}.`;
        case 'encoding':
          return `${a.what} names its issuer ${a.issuer} in another encoding than the CA in ${a.caFile} has its own name, and Go compares the bytes.`;
        case 'key':
          return `${a.what} names ${a.issuer} as its issuer, but the key of the CA in ${a.caFile}, which has that name, did not sign it.`;
      }
    },
    hint: 'put the CA that issued it into the PKI folder, or issue the certificate anew with this CA: `firstboot pki issue --force`.',
    explain:
      'The api-server would answer 401: “x509: certificate signed by unknown authority”. Two CAs of one name come about when the CA is made a second time; the name alone proves nothing. A certificate that was changed after signing looks the same.',
  },
  PKI_SIGNATURE_WEAK: {
    severity: 'error',
    title: 'A signature that Go refuses',
    message: (a: { what: string; algorithm: string; weak: boolean }) =>
      a.weak
        ? `${a.what} is signed with ${a.algorithm}, which can be forged.`
        : `${a.what} is signed with ${a.algorithm}, which Go does not know.`,
    hint: 'sign with SHA-256: `firstboot pki issue --force`, or `openssl x509 -sha256`.',
    explain:
      'crypto/x509 refuses MD5 and SHA-1 signatures (“x509: cannot verify signature: insecure algorithm”) and whatever it does not know, though OpenSSL may accept it.',
  },
  PKI_KEY_ID_MISMATCH: {
    severity: 'error',
    title: 'Key identifiers of certificate and CA differ',
    message: (a: {
      what: string;
      field: 'key identifier' | 'serial number' | 'issuer';
      named: string;
      found: string;
    }) => `${a.what} names an issuer with the ${a.field} ${a.named}, but the CA’s is ${a.found}.`,
    hint: 'issue the certificate anew with this CA file, or restore the CA file that it was issued with.',
    explain:
      'The CA’s certificate was made anew for the same key. Go passes over the difference, but OpenSSL (curl, Python, `openssl verify`) finds no issuer: “unable to get local issuer certificate”.',
  },
  PKI_EKU_CLIENT_AUTH: {
    severity: 'error',
    title: 'The certificate is not for clients',
    message: (a: { what: string; found: string }) => `${a.what} allows ${a.found}, not clientAuth.`,
    hint: 'issue it with the extended key usages clientAuth and serverAuth; `firstboot pki issue` does.',
    explain:
      'The kubelet shows it to the api-server as a client, which would answer 401: “x509: certificate specifies an incompatible key usage”.',
  },
  PKI_EKU_SERVER_AUTH: {
    severity: 'error',
    title: 'The certificate is not for servers',
    message: (a: { what: string; found: string }) => `${a.what} allows ${a.found}, not serverAuth.`,
    hint: 'issue it with the extended key usages clientAuth and serverAuth; `firstboot pki issue` does.',
    explain:
      'The node would register and run pods, but `kubectl logs` and `exec`, which go through the kubelet’s own server, would fail: “x509: certificate specifies an incompatible key usage”.',
  },
  PKI_EKU_ANY: {
    severity: 'warning',
    title: 'A certificate is for any purpose',
    message: (a: { what: string; lacks: readonly string[] }) =>
      `${a.what} allows any purpose, but does not name ${a.lacks.join(' and ')}.`,
    hint: 'name clientAuth and serverAuth in the extended key usage; for a CA, leave the extension out.',
    explain:
      'Go takes anyExtendedKeyUsage for every purpose. OpenSSL does not for TLS (“unsuitable certificate purpose”), so curl, Python and what else is built on it refuse the connection.',
  },
  PKI_SAN_NAME: {
    severity: 'error',
    title: 'The certificate is not for the worker’s name',
    message: (a: { what: string; name: string; found: readonly string[] }) =>
      a.found.length === 0
        ? `${a.what} has no DNS name, where ${a.name} must be one.`
        : `${a.what} is for ${a.found.join(', ')}, not for ${a.name}.`,
    hint: 'issue it with the worker’s name as a DNS subject alternative name; `firstboot pki issue` does.',
    explain:
      'Who connects to the kubelet by its node’s name compares the subject alternative names; the CN does not count (Go since 1.15). A wildcard covers exactly one label, and a trailing dot matches nothing.',
  },
  PKI_SAN_IP: {
    severity: 'error',
    title: 'The certificate is not for the worker’s address',
    message: (a: { what: string; address: string; found: readonly string[]; asName: boolean }) => {
      if (a.asName) return `${a.what} has ${a.address} as a DNS name, where it must be an IP address.`;
      return a.found.length === 0
        ? `${a.what} has no IP address, where ${a.address} must be one.`
        : `${a.what} is for ${a.found.join(', ')}, not for ${a.address}.`;
    },
    hint: 'issue it with the worker’s privateIp as an IP subject alternative name, or correct privateIp in cluster.yaml.',
    explain:
      'The api-server connects to the kubelet by its internal address. `kubectl logs` and `exec` would fail: “x509: certificate is valid for …, not …”. An IPv4 address must have four bytes there: OpenSSL does not match the IPv6-mapped form.',
  },
  PKI_KEY_USAGE: {
    severity: 'warning',
    title: 'The certificate’s key usage lacks digitalSignature',
    message: (a: { what: string; found: readonly string[] }) =>
      `${a.what} allows its key ${a.found.join(', ') || 'nothing'}, not digitalSignature.`,
    hint: 'issue it with the key usage digitalSignature (RSA may have keyEncipherment beside it); `firstboot pki issue` does.',
    explain:
      'TLS 1.3 signs with the key. Go does not look at the key usage of a certificate like this, but OpenSSL and whatever is built on it refuse the connection.',
  },
  PKI_CERTIFICATE_IS_CA: {
    severity: 'error',
    title: 'The certificate is a CA’s',
    message: (a: { what: string; reason: string }) => `${a.what} ${a.reason}.`,
    hint: 'issue the worker a certificate of its own, with CA:FALSE and its own key; `firstboot pki issue` does.',
    explain:
      'Whoever gets the node’s key could issue certificates that the whole cluster trusts, for an administrator too. Mostly the CA’s files were copied, or the CA’s profile was used for issuing.',
  },
  PKI_CRITICAL_EXTENSION: {
    severity: 'error',
    title: 'A critical extension that Go does not handle',
    message: (a: { what: string; oids: readonly string[] }) =>
      `${a.what} has the critical extension ${a.oids.join(', ')}, which Go does not handle.`,
    hint: 'issue the certificate without it, or not marked critical.',
    explain:
      'A verifier must refuse a certificate whose critical extension it does not know: “x509: unhandled critical extension”.',
  },
  PKI_SERIAL: {
    severity: 'error',
    title: 'A serial number that Go refuses',
    message: (a: { what: string; serial: string }) => `${a.what} has the negative serial number ${a.serial}.`,
    hint: 'issue the certificate anew, with a positive serial number (its first octet under 80 hex).',
    explain:
      'Go refuses the certificate when it parses it (since 1.23): “x509: negative serial number”. Home-made issuers that take random octets as the serial make one every second time.',
  },
  PKI_POLICY: {
    severity: 'error',
    title: 'The certificate demands a policy and names none',
    message: (a: { what: string }) => `${a.what} demands an explicit certificate policy, but names none.`,
    hint: 'issue it without policyConstraints.',
    explain:
      'With requireExplicitPolicy 0 and no policy Go finds no valid chain: “x509: no valid chains built: … invalid policies”.',
  },
  PKI_OUTLIVES_CA: {
    severity: 'warning',
    title: 'The certificate outlives its CA',
    message: (a: { what: string; notAfter: string; ca: string }) =>
      `${a.what} is valid until ${a.notAfter}, but its CA only until ${a.ca}.`,
    hint: 'renew the CA in time, or read the CA’s date as the certificate’s.',
    explain: 'When the CA expires every certificate that it signed is refused, whatever its own date says.',
  },
} satisfies Entries;

export const pkiCodes = { ...pkiFileCodes, ...certificateCodes, ...pkiCaCodes };
