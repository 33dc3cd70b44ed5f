import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppArmor } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { decidePluginSecurity } from './plugin-security.ts';

const read = (config: object = {}) =>
  parsePluginConfig(Buffer.from(JSON.stringify({ entrypoint: ['/p'], ...config }))).config;
const noAppArmor: AppArmor = {
  isEnabled: async () => false,
  requireProfile: async (choice) => {
    if (choice !== 'unconfined') throw new OutboardError('invalid', `no profile ${choice}`);
  },
  load: async () => assert.fail('loads a profile'),
};

/** A host whose kernel has AppArmor. */
function appArmorHost(name: string | undefined) {
  const asked: string[] = [];
  const host: AppArmor = {
    isEnabled: async () => true,
    requireProfile: async () => {},
    load: async (profile) => {
      asked.push(profile.name);
      return name;
    },
  };
  return { host, asked };
}

describe('decidePluginSecurity()', () => {
  test('filters system calls and allows no new privileges by default', async () => {
    const { security, notices } = await decidePluginSecurity(read(), {}, noAppArmor);
    assert.equal(security.noNewPrivileges, true);
    assert.equal(security.readOnlyRootfs, false);
    assert.ok((security.seccomp?.syscalls.length ?? 0) > 5, 'no filter');
    assert.equal(security.apparmorProfile, undefined);
    assert.deepEqual(notices, []);
  });

  test('follows the options', async () => {
    const options = { seccomp: 'unconfined', noNewPrivileges: false, readOnlyRootfs: true };
    const { security } = await decidePluginSecurity(read(), options, noAppArmor);
    assert.deepEqual(security, { noNewPrivileges: false, readOnlyRootfs: true });
  });

  test('relaxes the filter by the granted capabilities', async () => {
    const config = read({ linux: { capabilities: ['SYS_ADMIN'] } });
    const { security } = await decidePluginSecurity(config, { seccomp: 'builtin' }, noAppArmor);
    assert.ok(
      security.seccomp?.syscalls.some(({ names }) => names.includes('mount')),
      'mount is not allowed',
    );
  });

  test('loads the AppArmor profile of the plugin on a host that has AppArmor', async () => {
    const { host, asked } = appArmorHost('outboard-plugin-host-processes');
    const { security } = await decidePluginSecurity(read({ pidhost: true }), {}, host);
    assert.equal(security.apparmorProfile, 'outboard-plugin-host-processes');
    assert.deepEqual(asked, ['outboard-plugin-host-processes']);
  });

  test('takes the AppArmor profile of the options as it is', async () => {
    const { host, asked } = appArmorHost('outboard-plugin');
    for (const apparmor of ['mine', 'unconfined']) {
      const { security } = await decidePluginSecurity(read(), { apparmor }, host);
      assert.equal(security.apparmorProfile, apparmor);
    }
    assert.deepEqual(asked, []);
  });

  test('uses no profile where none can be loaded, with a notice', async () => {
    const { security, notices } = await decidePluginSecurity(read(), {}, appArmorHost(undefined).host);
    assert.equal(security.apparmorProfile, undefined);
    assert.match(notices.join(), /install the Debian package "apparmor"/);
  });

  test('refuses an AppArmor profile where there is no AppArmor', async () => {
    const decided = decidePluginSecurity(read(), { apparmor: 'mine' }, noAppArmor);
    await assert.rejects(decided, { kind: 'invalid', message: /no profile mine/ });
    await decidePluginSecurity(read(), { apparmor: 'unconfined' }, noAppArmor);
  });
});
