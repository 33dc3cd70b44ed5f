import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSeccompProfile } from './profile-document.ts';

const rule = { names: ['read'], action: 'SCMP_ACT_ALLOW' };
const withRule = (more: object) => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [rule, { ...rule, ...more }],
});

describe('parseSeccompProfile()', () => {
  test('fills in absent and null fields', () => {
    const parsed = parseSeccompProfile('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": null}', '/p');
    assert.deepEqual(parsed, {
      defaultAction: 'SCMP_ACT_ALLOW',
      defaultErrnoRet: undefined,
      architectures: [],
      archMap: [],
      flags: [],
      rules: [],
    });
  });

  test('prefers the number of an error over its name', () => {
    const read = (more: object) => {
      const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...more });
      return parseSeccompProfile(text, '/p').defaultErrnoRet;
    };
    assert.equal(read({ defaultErrnoRet: 1, defaultErrno: 'ENOSYS' }), 1);
    assert.equal(read({ defaultErrno: 'ENOSYS' }), 38);
    assert.equal(read({ defaultErrno: '' }), undefined);
  });

  for (const [name, document, field] of [
    ['no object', [], /expected object/],
    ['no default action', {}, /"defaultAction": nothing/],
    ['an action that is none', { defaultAction: 'ALLOW' }, /"defaultAction": "ALLOW"/],
    [
      'a listener, which would be handed system calls',
      { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/s' },
      /"listenerPath": "\/s"/,
    ],
    ['an action for a listener', { defaultAction: 'SCMP_ACT_NOTIFY' }, /"defaultAction": "SCMP_ACT_NOTIFY"/],
    ['a rule without action', withRule({ action: undefined }), /"syscalls.1.action"/],
    ['a name with a space', withRule({ names: ['a b'] }), /"syscalls.1.names.0": "a b"/],
    [
      'an argument that no call has',
      withRule({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }),
      /args.0.index/,
    ],
    ['an operator that is none', withRule({ args: [{ index: 0, value: 0, op: '==' }] }), /args.0.op": "=="/],
    [
      'a value that JSON rounds',
      withRule({ args: [{ index: 0, value: 2 ** 53, op: 'SCMP_CMP_EQ' }] }),
      /args.0.value/,
    ],
    ['an error out of range', withRule({ errnoRet: 4096 }), /"syscalls.1.errnoRet": 4096/],
    ['an error that is none', withRule({ errno: 'constructor' }), /"syscalls.1.errno": "constructor"/],
    ['a kernel that is no version', withRule({ includes: { minKernel: 'new' } }), /minKernel": "new"/],
    ['too many rules', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: Array(2001).fill(rule) }, /"syscalls"/],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => parseSeccompProfile(JSON.stringify(document), '/p'),
        (error: Error) => {
          assert.match(error.message, /^seccomp profile "\/p": /);
          assert.match(error.message, field);
          return true;
        },
      );
    });
  }

  test('refuses text that is not JSON', () => {
    assert.throws(() => parseSeccompProfile('{', '/p'), {
      kind: 'invalid',
      message: 'seccomp profile "/p": want JSON',
    });
  });
});
