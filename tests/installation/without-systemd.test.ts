/**
 * The Debian package on a bare Debian without systemd, installed by apt with what it depends on: a plugin lives through an
 * upgrade, a removal ends it, and a purge leaves nothing.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuiltPackages, builtPackages } from '../support/built-package.ts';
import {
  type DebianGuest,
  debianRoot,
  enterGuest,
  type GuestDaemon,
  type GuestFiles,
  makeGuestFiles,
  needsDebianGuest,
  startGuestDaemon,
} from '../support/debian-guest.ts';
import { changedFiles, tracesOn } from '../support/installation-traces.ts';
import { type InstalledPlugin, installPlugin } from '../support/installed-plugin.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const skip = needsDebianGuest;
const data = '/var/lib/outboard';
const unsafe = ['-o', 'Dpkg::Options::=--force-unsafe-io'];

let files: GuestFiles;
let guest: DebianGuest;
let registry: TestRegistry;
let packages: { readonly old: BuiltPackages; readonly current: BuiltPackages };
let plugin: InstalledPlugin;
let daemon: GuestDaemon;
let process = '';

before(async () => {
  if (skip !== false) return;
  packages = { old: await builtPackages('0.1.9'), current: await builtPackages() };
  files = await makeGuestFiles(await debianRoot('bare'));
  for (const { debianPackage } of Object.values(packages))
    await cp(debianPackage, join(files.shared, basename(debianPackage)));
  guest = await enterGuest(files);
  registry = await startRegistry();
});
after(async () => {
  await registry?.stop();
  await guest?.[Symbol.asyncDispose]();
  await files?.[Symbol.asyncDispose]();
});

/** Run apt-get. @returns its whole output */
async function apt(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await guest.run(['apt-get', '-qq', '-y', ...unsafe, ...args]);
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}

function install({ debianPackage }: BuiltPackages): Promise<string> {
  return apt('install', '--no-install-recommends', `/run/host/${basename(debianPackage)}`);
}

describe('the Debian package without systemd', { skip }, () => {
  test('brings what it depends on, and starts nothing', async () => {
    assert.deepEqual([await tracesOn(guest), await changedFiles(files)], [[], []]);
    await install(packages.old);
    assert.deepEqual(await tracesOn(guest), [await guest.ok('getent', 'group', 'outboard')]);
    assert.equal(await guest.ok('cat', '/etc/outboard/daemon.json'), '{}');
    const unmet = await guest.ok('dpkg', '--audit');
    assert.equal(unmet, '');
  });

  test('a plugin lives', async () => {
    daemon = await startGuestDaemon(guest);
    plugin = await installPlugin(guest, { registry: registry.host, shared: files.shared });
    process = await plugin.process();
  });

  test('an upgrade names the daemon that is still the version before; the plugin outlives both', async () => {
    const said = await install(packages.current);
    assert.match(said, /outboard: process \d+ is still the version before: restart it/);
    await guest.ok('outboard', 'ls');
    await daemon.stop();
    daemon = await startGuestDaemon(guest);
    assert.equal(
      await guest.ok('outboard', 'version', '--format', '{{.Server.Version}}'),
      packages.current.version,
    );
    assert.equal(await plugin.process(), process);
    await plugin.releaseVolume();
  });

  test('a removal ends daemon and plugins, and keeps them on disk', async () => {
    const said = await apt('remove', 'outboard');
    const groups = (await tracesOn(guest)).filter((trace) => !trace.startsWith('/run/'));
    assert.deepEqual(groups, [await guest.ok('getent', 'group', 'outboard')], said);
    assert.equal(await guest.ok('find', '/sys/fs/cgroup', '-name', `outboard-${plugin.id}`), '');
    assert.ok(existsSync(guest.path(`${data}/plugins/${plugin.id}/config.json`)));
  });

  test('a purge with the answer yes leaves nothing', async () => {
    await guest.ok('sh', '-c', 'echo outboard outboard/purge-plugins boolean true | debconf-set-selections');
    // apt keeps it, for its priority; it came with iptables.
    await apt('purge', '--autoremove', 'outboard', 'netbase');
    assert.deepEqual(await tracesOn(guest), []);
    // netbase makes it once, and leaves it.
    assert.deepEqual(await changedFiles(files), ['/etc/hosts']);
  });
});
