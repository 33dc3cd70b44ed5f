import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AppArmorHost, createAppArmor, isInProfileList, requireAppArmorProfile } from './apparmor.ts';

/** The kernel's list of loaded profiles, if AppArmor is enabled. */
const loadedProfiles = '/sys/kernel/security/apparmor/profiles';
const profile = {
  name: 'outboard-loading',
  text: ({ hasAbi3 }: AppArmorHost) =>
    `${hasAbi3 ? 'abi <abi/3.0>,\n' : ''}profile outboard-loading {\n  file,\n}\n`,
};
const hasParser = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser'].some((path) => existsSync(path));

test('createAppArmor() loads a profile into the kernel, and reports a host without AppArmor', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-apparmor-'));
  try {
    const appArmor = createAppArmor(directory);
    const isEnabled = await appArmor.isEnabled();
    if (!existsSync(loadedProfiles)) assert.equal(isEnabled, false);
    if (isEnabled && hasParser) {
      const name = await appArmor.load(profile);
      assert.match(readFileSync(loadedProfiles, 'utf8'), new RegExp(`^${name} \\(enforce\\)$`, 'm'));
      assert.equal(await appArmor.load(profile), name);
    } else if (!hasParser) {
      assert.equal(await appArmor.load(profile), undefined);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('requireAppArmorProfile() refuses a profile that the kernel does not have', async () => {
  await requireAppArmorProfile('unconfined');
  await assert.rejects(requireAppArmorProfile('outboard-none'), {
    kind: 'invalid',
    message: /^AppArmor profile "outboard-none"(?:: AppArmor is not enabled on| is not loaded on) this host/,
  });
});

test('isInProfileList() reads the list of the kernel', () => {
  const list =
    'docker-default (enforce)\n/usr/sbin/cupsd (complain)\nlsb_release (enforce)\nwith (x) (unconfined)\n';
  for (const name of ['docker-default', '/usr/sbin/cupsd', 'with (x)'])
    assert.ok(isInProfileList(list, name), name);
  for (const name of ['docker', 'enforce', 'docker-default (enforce)'])
    assert.ok(!isInProfileList(list, name), name);
});
