import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Built, build, issueExample, newFolder, place } from './cluster.ts';
import { need, needs, type Release, releases, runInRoot } from './lab.ts';
import { variants } from './variants.ts';

/** cloud-init 22.4, 25.1 and 26.x, each with the Python and PyYAML of its own Debian release. */
describe.each(Object.keys(releases) as Release[])('cloud-init of Debian %s', release => {
  const requirements = [needs.root, needs.release(release)];

  test('is the release that is meant', context => {
    need(context, ...requirements);
    const { stdout, stderr } = runInRoot(newFolder('empty'), ['cloud-init', '--version'], { release });
    expect((stdout + stderr).trim().split(' ').at(-1)).toMatch(releases[release]);
  });

  describe.each(variants)('given $name', variant => {
    let workers: readonly Built[];
    const readings = new Map<Built, Reading>();
    beforeAll(() => {
      workers = build(issueExample(variant));
    });
    const read = (built: Built): Reading => {
      const reading = readings.get(built) ?? readUserData(release, readFileSync(join(built.folder, 'user-data')));
      readings.set(built, reading);
      return reading;
    };

    test('finds nothing to say about user-data.yaml, nor about what is in user-data', context => {
      need(context, ...requirements);
      const packed = workers.map(({ folder }) => gunzipSync(readFileSync(join(folder, 'user-data'))).toString());
      for (const userData of new Set([...packed, ...workers.map(built => built.userData)])) {
        expect(schema(release, userData)).toEqual(accepted);
      }
    });

    test('unpacks user-data to one cloud-config with the values of user-data.yaml', context => {
      need(context, ...requirements);
      for (const built of workers) {
        expect(read(built).types).toEqual(['text/cloud-config']);
        expect(read(built).config).toEqual(built.cloudConfig);
      }
    });

    test('writes the files that bundle.json lists, to the byte, the mode and the owner', context => {
      need(context, ...requirements);
      for (const built of workers) {
        const { files } = read(built);
        const travelling = built.bundle.files.filter(file => file.via === 'user-data');
        expect(travelling.length).toBeGreaterThan(5);
        for (const { path, mode, owner, size, sha256 } of travelling) {
          expect({ path, ...files[path] }).toEqual({ path, mode, owner, size, sha256 });
        }
        for (const { path } of built.bundle.files.filter(file => file.secret)) expect(files).not.toHaveProperty([path]);
      }
    });
  });

  describe('is a check that can fail', () => {
    const skeleton = '#cloud-config\nhostname: worker-0\nusers: [default]\n';
    test.for([
      ['a wrong type', `${skeleton}write_files: [{path: /x, permissions: 600, content: x}]\n`],
      ['an argv with a number in it', `${skeleton}runcmd: [[echo, 1]]\n`],
      ['what is deprecated', `${skeleton}ssh_pwauth: "no"\n`],
      ['a header with a space', skeleton.replace('#', '# ')],
      ['YAML that does not parse', `${skeleton}write_files: [{path: /x\n`],
    ] as const)('%s is not accepted', ([, userData], context) => {
      need(context, ...requirements);
      expect(schema(release, userData)).not.toEqual(accepted);
    });

    test('truncated gzip, base64 of gzip and a BOM yield no cloud-config', context => {
      need(context, ...requirements);
      const gzip = gzipSync(skeleton);
      expect(readUserData(release, gzip).types).toEqual(['text/cloud-config']);
      for (const broken of [
        gzip.subarray(0, 30),
        Buffer.from(gzip.toString('base64')),
        Buffer.from(`\uFEFF${skeleton}`),
      ]) {
        expect(readUserData(release, broken).types).not.toEqual(['text/cloud-config']);
      }
    });
  });
});

const accepted = { code: 0, complaints: '' };

/** `cloud-init schema`; deprecations leave its exit code 0, so what it prints is looked at as well. */
function schema(release: Release, userData: string | Uint8Array) {
  const folder = newFolder('schema');
  place(folder, 'user-data', userData);
  const { code, stdout, stderr } = runInRoot(folder, ['cloud-init', 'schema', '--config-file', '/user-data'], {
    release,
  });
  const complaints = (stdout + stderr).replace(/^Valid (schema|cloud-config:?) \/user-data$/m, '').trim();
  return { code, complaints };
}

type Reading = {
  readonly types: readonly string[];
  readonly config: unknown;
  readonly files: Readonly<Record<string, object>>;
};

function readUserData(release: Release, userData: Uint8Array): Reading {
  const folder = newFolder('read');
  writeFileSync(join(folder, 'user-data'), userData);
  copyFileSync(join(import.meta.dirname, 'read_user_data.py'), join(folder, 'read_user_data.py'));
  const { code, stdout, stderr } = runInRoot(folder, ['python3', '/read_user_data.py', '/user-data'], { release });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
