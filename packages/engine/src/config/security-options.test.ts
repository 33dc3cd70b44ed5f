import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSecurityOptions } from './security-options.ts';

describe('parseSecurityOptions()', () => {
  for (const [texts, expected] of [
    [[], {}],
    [['seccomp=unconfined'], { seccomp: 'unconfined' }],
    [['seccomp:unconfined'], { seccomp: 'unconfined' }],
    [['seccomp=default'], { seccomp: 'default' }],
    [['seccomp=builtin'], { seccomp: 'builtin' }],
    [['seccomp=/etc/outboard//a=b:c.json'], { seccomp: '/etc/outboard/a=b:c.json' }],
    [['apparmor=unconfined'], { apparmor: 'unconfined' }],
    [['apparmor=docker-default'], { apparmor: 'docker-default' }],
    [['no-new-privileges'], { noNewPrivileges: true }],
    [['no-new-privileges=true'], { noNewPrivileges: true }],
    [['no-new-privileges:false'], { noNewPrivileges: false }],
    [['no-new-privileges', 'seccomp=/p', 'no-new-privileges=0'], { noNewPrivileges: false, seccomp: '/p' }],
  ] as const) {
    test(`reads ${JSON.stringify(texts)}`, () => assert.deepEqual(parseSecurityOptions(texts), expected));
  }

  for (const [text, message] of [
    ['', /^invalid security option "": want "seccomp=", "apparmor=" or "no-new-privileges"$/],
    ['label=disable', /^invalid security option "label=disable"/],
    ['systempaths=unconfined', /^invalid security option/],
    ['SECCOMP=unconfined', /^invalid security option/],
    ['seccomp', /^invalid seccomp profile ""/],
    ['seccomp=', /^invalid seccomp profile ""/],
    ['seccomp=profile.json', /want "default", .* absolute path of a profile on the host of the daemon$/],
    ['seccomp=/etc/../x', /^invalid seccomp profile "\/etc\/\.\.\/x"/],
    ['seccomp=/', /^invalid seccomp profile/],
    ['seccomp=/a\0', /^invalid seccomp profile/],
    [`seccomp=/${'a'.repeat(4095)}`, /^invalid seccomp profile/],
    ['apparmor=', /^invalid AppArmor profile ""/],
    ['apparmor=a b', /^invalid AppArmor profile "a b"/],
    ['apparmor=a\nb', /^invalid AppArmor profile/],
    ['no-new-privileges=yes', /^invalid security option "no-new-privileges=yes": want "true" or "false"$/],
  ] as const) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseSecurityOptions([text]), { kind: 'invalid', message });
    });
  }
});
