import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKube } from '../../src/adapters/kube/open-kube.ts';
import { OperationError } from '../../src/diagnostics/operation-error.ts';
import { issue, makeCa, type Pair } from '../support/pki.ts';
import { type FakeApi, json, openFakeApi } from './fake-api.ts';

let folder: string;
let api: FakeApi;
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-kubeconfig-'));
  api = await openFakeApi((_, response) => json(response, 200, { kind: 'NodeList', metadata: {}, items: [] }));
});
afterEach(async () => {
  await api.close();
  fs.rmSync(folder, { recursive: true });
});

type Parts = { server?: string; cluster?: object; user?: object; context?: string; current?: string };

/** A kubeconfig of one cluster, one user and one context, each with this name. */
function kubeconfig(name: string, parts: Parts = {}): string {
  const {
    server = api.server,
    cluster = {},
    user = { token: 'secret-token' },
    context = name,
    current = context,
  } = parts;
  const authority = Buffer.from(api.ca.certificate).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': authority, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name: context, context: { cluster: name, user: name } }],
    'current-context': current,
  });
}

function write(name: string, text: string, mode = 0o600): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
  return file;
}

const openWith = (env: Readonly<Record<string, string>> = {}, given?: string) =>
  openKube(given, folder, { HOME: path.join(folder, 'home'), PATH: process.env.PATH, ...env });

async function broken(work: Promise<unknown>): Promise<OperationError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OperationError)) throw error ?? new Error('it did not fail');
  return error;
}

async function authorization(env: Readonly<Record<string, string>> = {}, given?: string): Promise<string | undefined> {
  await (await openWith(env, given))?.nodes();
  return api.received.at(-1)?.headers.authorization;
}

describe('where the kubeconfig is', () => {
  test('nowhere: nobody is asked', async () => {
    expect(await openWith()).toBeUndefined();
    expect(await openWith({ KUBECONFIG: '' })).toBeUndefined();
    write('home/.kube/config', '');
    expect(await openWith()).toBeUndefined();
  });

  test('--kubeconfig comes before KUBECONFIG, and that before ~/.kube/config', async () => {
    write('home/.kube/config', kubeconfig('home', { user: { token: 'of-home' } }));
    expect(await authorization()).toBe('Bearer of-home');
    write('env.yaml', kubeconfig('env', { user: { token: 'of-env' } }));
    expect(await authorization({ KUBECONFIG: 'env.yaml' })).toBe('Bearer of-env');
    write('given.yaml', kubeconfig('given', { user: { token: 'of-given' } }));
    expect(await authorization({ KUBECONFIG: 'env.yaml' }, 'given.yaml')).toBe('Bearer of-given');
  });

  test('files of KUBECONFIG are joined; the first to say something counts', async () => {
    write('a.yaml', JSON.stringify({ users: [{ name: 'b', user: { token: 'of-a' } }] }));
    write('b.yaml', kubeconfig('b', { user: { token: 'of-b' } }));
    write('c.yaml', kubeconfig('c'));
    const KUBECONFIG = ['a.yaml', 'missing.yaml', 'b.yaml', 'c.yaml'].join(path.delimiter);
    expect(await authorization({ KUBECONFIG })).toBe('Bearer of-a');
  });

  test('the api-server of the context is the port’s', async () => {
    write('config', kubeconfig('one'));
    expect((await openWith({}, 'config'))?.server).toBe(api.server);
  });
});

describe('KUBE_CONFIG_NOT_READ', () => {
  test.each([
    ['--kubeconfig', {}, 'missing.yaml'],
    ['KUBECONFIG', { KUBECONFIG: `missing.yaml${path.delimiter}none.yaml` }, undefined],
  ] as const)('a file of %s that is not there', async (_, env, given) => {
    const { code, message, hint } = await broken(openWith(env, given));
    expect([code, message, hint]).toEqual([
      'KUBE_CONFIG_NOT_READ',
      'the kubeconfig missing.yaml cannot be read: there is no such file.',
      'name another by --kubeconfig or KUBECONFIG.',
    ]);
  });

  test('a folder in its place', async () => {
    expect(await broken(openWith({}, '.'))).toMatchObject({
      code: 'KUBE_CONFIG_NOT_READ',
      message: expect.stringContaining('it is a folder'),
    });
  });
});

describe('KUBE_CONFIG_BROKEN', () => {
  const secret = 'c2VjcmV0';
  test.each([
    ['no YAML', `users: [{name: me, user: {token: ${secret}`, 'it is not valid YAML'],
    ['a key twice', `token: ${secret}\ntoken: ${secret}`, 'it is not valid YAML'],
    ['a list', '- a', 'it is no map'],
    ['clusters that are no list', 'clusters: {a: b}', 'clusters is no list'],
    ['a user without a name', `users: [{user: {token: ${secret}}}]`, 'users[0] is not {name, user: {…}}'],
  ])('%s', async (_, text, what) => {
    write('config', text);
    const { code, message, stack } = await broken(openWith({}, 'config'));
    expect(code).toBe('KUBE_CONFIG_BROKEN');
    expect(message).toBe(`the kubeconfig config cannot be used: ${what}.`);
    expect(`${stack}`).not.toContain(secret);
  });

  test.each([
    ['a server without https', { server: 'http://10.0.1.10:6443' }, 'http://10.0.1.10:6443, which is not encrypted'],
    ['a server that is no URL', { server: 'nowhere' }, 'none that is a URL'],
    [
      'an authority that is no PEM',
      { cluster: { 'certificate-authority-data': 'AAAA' } },
      'certificate-authority-data is not PEM',
    ],
    [
      'an authority that is not there',
      { cluster: { 'certificate-authority': 'ca.pem' } },
      'ca.pem cannot be read (ENOENT)',
    ],
    ['groups to impersonate', { user: { as: 'a', 'as-groups': ['b'] } }, 'as-groups, which is not supported'],
  ])('%s', async (_, parts, what) => {
    write('config', kubeconfig('one', parts));
    expect(await broken(openWith({}, 'config'))).toMatchObject({
      code: 'KUBE_CONFIG_BROKEN',
      message: expect.stringContaining(what),
    });
  });

  test('a certificate without its key, or with another’s', async () => {
    const [one, other] = [await client(), await client()];
    write('config', kubeconfig('one', { user: { 'client-certificate-data': base64(one.certificate) } }));
    expect((await broken(openWith({}, 'config'))).message).toContain('a certificate and no key');
    const user = { 'client-certificate-data': base64(one.certificate), 'client-key-data': base64(other.key) };
    write('config', kubeconfig('one', { user }));
    const { message } = await broken(openWith({}, 'config'));
    expect(message).toContain('its key does not belong to its certificate');
    expect(message).not.toContain(user['client-key-data']);
  });
});

describe('KUBE_CONTEXT_MISSING', () => {
  const one = () => JSON.parse(kubeconfig('one'));
  test.each([
    ['none is set', { 'current-context': '' }, 'config has no current-context', 'there is one'],
    [
      'there is none of its name',
      { 'current-context': 'two' },
      'no context “two”, its current-context',
      'there is one',
    ],
    [
      'it names no cluster of the file',
      { clusters: [] },
      'no cluster “one”, which context “one” names',
      'another file',
    ],
    ['it names no user of the file', { users: [] }, 'no user “one”, which context “one” names', 'another file'],
  ])('%s', async (_, changes, what, hint) => {
    write('config', JSON.stringify({ ...one(), ...changes }));
    expect(await broken(openWith({}, 'config'))).toMatchObject({
      code: 'KUBE_CONTEXT_MISSING',
      message: expect.stringContaining(what),
      hint: expect.stringContaining(hint),
    });
  });
});

describe('KUBE_CERTIFICATE_EXPIRED', () => {
  test.each([
    ['one that ended', { notBefore: Date.UTC(2020, 0), notAfter: Date.UTC(2021, 0) }, 'ended on 2021-01-01T00:00:00Z'],
    [
      'one that has not begun',
      { notBefore: Date.UTC(2090, 0), notAfter: Date.UTC(2091, 0) },
      'is valid only from 2090-01-01T00:00:00Z',
    ],
  ])('%s', async (_, times, what) => {
    const { certificate, key } = await client(times);
    write('me.pem', certificate);
    write('me-key.pem', key);
    write('config', kubeconfig('one', { user: { 'client-certificate': 'me.pem', 'client-key': 'me-key.pem' } }));
    const { code, message } = await broken(openWith({}, 'config'));
    expect(code).toBe('KUBE_CERTIFICATE_EXPIRED');
    expect(message).toMatch(/^the client certificate of CN=me in config .*; it is 20\d\d-\S+Z now\.$/);
    expect(message).toContain(what);
  });

  test('one that is valid is taken, by path relative to the kubeconfig', async () => {
    const { certificate, key } = await client();
    write('deep/me.pem', certificate);
    write('deep/me-key.pem', key);
    write('deep/config', kubeconfig('one', { user: { 'client-certificate': 'me.pem', 'client-key': 'me-key.pem' } }));
    expect(await (await openWith({}, 'deep/config'))?.nodes()).toEqual([]);
  });
});

describe('a program that gets the credentials', () => {
  const credential = (token: string) => JSON.stringify({ kind: 'ExecCredential', status: { token } });
  const plugin = (script: string, rest: object = {}) => {
    write('deep/login', `#!/bin/sh\n${script}\n`, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login', args: ['get-token'], ...rest };
    write('deep/config', kubeconfig('one', { user: { exec } }));
  };

  test('is found beside the kubeconfig and told what it is for', async () => {
    plugin(`echo "$KUBERNETES_EXEC_INFO" >"$OUT"\necho '${credential('of-program')}'`, {
      env: [{ name: 'OUT', value: path.join(folder, 'told') }],
    });
    expect(await authorization({}, 'deep/config')).toBe('Bearer of-program');
    expect(JSON.parse(fs.readFileSync(path.join(folder, 'told'), 'utf8'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  test('is asked again when its credential ends, once for all requests', async () => {
    const soon = new Date(Date.now() + 10_000).toISOString();
    const status = JSON.stringify({ kind: 'ExecCredential', status: { token: 'short', expirationTimestamp: soon } });
    plugin(`echo run >>"$OUT"\necho '${status}'`, { env: [{ name: 'OUT', value: path.join(folder, 'runs') }] });
    const kube = await openWith({}, 'deep/config');
    const runs = () => fs.readFileSync(path.join(folder, 'runs'), 'utf8').split('\n').length - 1;
    expect(runs()).toBe(1);
    await Promise.all([kube?.nodes(), kube?.nodes()]);
    // It ends within the margin, so that each round asks anew.
    expect(runs()).toBe(2);
  });

  test('may give a client certificate', async () => {
    const { certificate, key } = await client();
    const status = { clientCertificateData: certificate, clientKeyData: key };
    write('deep/credential', JSON.stringify({ kind: 'ExecCredential', status }));
    plugin('cat "$(dirname "$0")/credential"');
    expect(await (await openWith({}, 'deep/config'))?.nodes()).toEqual([]);
  });

  test.each([
    [
      'fails',
      'echo first >&2; echo "session has expired, log in again" >&2; exit 1',
      'session has expired, log in again.',
    ],
    ['fails without a word', 'exit 3', 'it ended with an error and said nothing.'],
    ['prints no credential', 'echo eyJhbGciOiJub25lIn0', 'what it printed is no ExecCredential.'],
    ['prints a credential without a status', "echo '{}'", 'what it printed is no ExecCredential.'],
  ])('KUBE_CREDENTIALS_FAILED: %s', async (_, script, why) => {
    plugin(script);
    const { code, message, hint } = await broken(openWith({}, 'deep/config'));
    expect(code).toBe('KUBE_CREDENTIALS_FAILED');
    expect(message).toBe(`“${path.join(folder, 'deep/login')} get-token” gave no credentials: ${why}`);
    expect(message).not.toContain('eyJhbGci');
    expect(hint).toContain('kubectl get nodes');
  });

  test('KUBE_CREDENTIALS_FAILED: is not there', async () => {
    plugin('true', { command: 'no-such-login', installHint: 'install it from example.org.' });
    expect(await broken(openWith({}, 'deep/config'))).toMatchObject({
      code: 'KUBE_CREDENTIALS_FAILED',
      message: '“no-such-login get-token” gave no credentials: the program was not found.',
      hint: 'install it from example.org.',
    });
  });

  test('a token’s file is read, without its line end, or missed', async () => {
    write('config', kubeconfig('one', { user: { tokenFile: 'token' } }));
    expect(await broken(openWith({}, 'config'))).toMatchObject({
      code: 'KUBE_CREDENTIALS_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
    write('token', 'of-file\n');
    expect(await authorization({}, 'config')).toBe('Bearer of-file');
  });
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function client(times: { readonly notBefore?: number; readonly notAfter?: number } = {}): Promise<Pair> {
  return issue({ cn: 'me', ca: await makeCa(), ...times });
}
