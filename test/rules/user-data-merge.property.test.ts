import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeCloudConfig } from '../../src/compile/cloud-config.ts';
import type { Json, JsonMap } from '../../src/tree/merge.ts';

const keys = ['bootcmd', 'runcmd', 'write_files', 'ssh', 'locale', '__proto__', 'other'];
const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const config = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 5 }) as fc.Arbitrary<JsonMap>;
const commands = fc.array(fc.array(fc.string(), { maxLength: 3 }), { maxLength: 3 });

describe('the user’s cloud-config merged into ours', () => {
  test('changes neither', () => {
    fc.assert(
      fc.property(config, config, (skeleton, user) => {
        const before = JSON.stringify([skeleton, user]);
        mergeCloudConfig(skeleton, user);
        expect(JSON.stringify([skeleton, user])).toBe(before);
      }),
    );
  });

  test.each(['bootcmd', 'runcmd'])('%s: ours first, then the user’s', key => {
    fc.assert(
      fc.property(config, config, commands, commands, (skeleton, user, ours, theirs) => {
        const merged = mergeCloudConfig({ ...skeleton, [key]: ours }, { ...user, [key]: theirs });
        expect(merged[key]).toEqual([...ours, ...theirs]);
      }),
    );
  });

  test('users: the image’s own first, and never twice', () => {
    const names = fc.uniqueArray(fc.constantFrom('default', 'ops', 'dev', 'audit'));
    fc.assert(
      fc.property(config, config, names, (skeleton, user, theirs) => {
        const { users } = mergeCloudConfig({ ...skeleton, users: ['default'] }, { ...user, users: theirs });
        expect(users).toEqual(theirs.includes('default') ? theirs : ['default', ...theirs]);
      }),
    );
  });

  test('without a cloud-config of the user’s it is ours', () => {
    fc.assert(
      fc.property(config, skeleton => {
        expect(mergeCloudConfig(skeleton, {})).toEqual({ ...skeleton });
      }),
    );
  });

  test('maps merge, the user’s value wins, and write_files stays the user’s', () => {
    const file = { path: '/etc/motd' };
    const skeleton = { ssh: { emit_keys_to_console: false }, ssh_deletekeys: true, write_files: [{ path: '/ours' }] };
    const user = { ssh: { other: 1 }, ssh_deletekeys: false, write_files: [file] };
    expect(mergeCloudConfig(skeleton, user)).toEqual({
      ssh: { emit_keys_to_console: false, other: 1 },
      ssh_deletekeys: false,
      write_files: [file],
    });
  });
});
