/**
 * The rules for access to the host: propagated mount, devices and capabilities.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, validate } from '../testing/validated-config.ts';

describe('validatePluginConfig() on host access', () => {
  for (const propagatedMount of [
    '..',
    '/..',
    '/',
    'relative',
    '/proc',
    '/proc/x',
    '/sys',
    '/dev/x',
    '/run/docker/plugins',
    '/var/run/docker/plugins/a',
    '/a\u0001b',
  ]) {
    test(`I11 refuses the propagated mount ${JSON.stringify(propagatedMount)}`, () => {
      assertRefused({ propagatedMount }, 'PropagatedMount', JSON.stringify(propagatedMount));
    });
  }

  test('I15 refuses control characters in device paths, and mistakes in them on create', () => {
    assertRefused({ linux: { devices: [{ path: '/dev/a\nb' }] } }, 'Linux.Devices[0].Path');
    for (const path of ['/dev/../etc', 'fuse', '/dev/fuse/']) {
      assert.throws(
        () => validate({ linux: { devices: [{ path }] } }, 'create'),
        /Linux\.Devices\[0\]\.Path/,
      );
      assert.match(validate({ linux: { devices: [{ path }] } }).join(), /Linux\.Devices\[0\]\.Path/);
    }
    assert.deepEqual(
      validate({
        linux: { devices: [{ name: 'd', path: '', settable: ['path'] }, { path: '/dev/net/tun' }] },
      }),
      [],
    );
    for (const path of [null, '']) {
      assert.match(validate({ linux: { devices: [{ path }] } }).join(), /the plugin cannot start without$/);
    }
  });

  for (const name of [
    'cap_sys_admin',
    'sys_admin',
    'CAP_FUTURE',
    'ALL',
    'CAP_ALL',
    '',
    'CAP_',
    'CAP_CAP_KILL',
    'CAP_KILL ',
  ]) {
    test(`I16 refuses the capability ${JSON.stringify(name)}`, () => {
      assertRefused({ linux: { capabilities: [name] } }, 'unknown capability', JSON.stringify(name));
    });
  }

  test('I16 suggests the canonical name for another letter case', () => {
    assertRefused({ linux: { capabilities: ['sys_admin'] } }, 'want CAP_SYS_ADMIN');
  });

  test('I16 accepts names with and without CAP_, and warns of duplicates', () => {
    assert.deepEqual(
      validate({ linux: { capabilities: ['CAP_BPF', 'NET_ADMIN', 'CAP_CHECKPOINT_RESTORE'] } }),
      [],
    );
    assert.match(validate({ linux: { capabilities: ['CAP_KILL', 'KILL'] } }).join(), /twice/);
  });
});
