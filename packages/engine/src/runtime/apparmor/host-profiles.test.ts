import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAppArmor } from './host-profiles.ts';

/** The kernel's list of loaded profiles, if it confines programs by AppArmor. */
const loadedProfiles = '/sys/kernel/security/apparmor/profiles';
const hasParser = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser'].some((path) => existsSync(path));

test('createAppArmor() loads a profile into the kernel where there is AppArmor, and says so where there is none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-apparmor-'));
  try {
    const appArmor = createAppArmor(directory);
    const isEnabled = await appArmor.isEnabled();
    if (!existsSync(loadedProfiles)) assert.equal(isEnabled, false);
    const openings = { mounting: true, sysfs: true, hostProcesses: true };
    if (isEnabled && hasParser) {
      const name = await appArmor.load(openings);
      assert.match(readFileSync(loadedProfiles, 'utf8'), new RegExp(`^${name} \\(enforce\\)$`, 'm'));
      assert.equal(await appArmor.load(openings), name);
    } else if (!hasParser) {
      assert.equal(await appArmor.load(openings), undefined);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
