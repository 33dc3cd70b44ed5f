/**
 * The npm package `outboard` on a Debian with Node.js and npm: the sessions of docs/install.md, with a plugin that lives
 * through the upgrade.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, realpath, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuiltPackages, builtPackages } from '../support/built-package.ts';
import { runSessionWith } from '../support/console-session.ts';
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
const oldVersion = '0.1.9';

let files: GuestFiles;
let guest: DebianGuest;
let registry: TestRegistry;
let packages: { readonly old: BuiltPackages; readonly current: BuiltPackages };
let plugin: InstalledPlugin;
let daemon: GuestDaemon;

before(async () => {
  if (skip !== false) return;
  packages = { old: await builtPackages(oldVersion), current: await builtPackages() };
  files = await makeGuestFiles(await debianRoot('ready'));
  for (const { npmPackage } of Object.values(packages))
    await cp(npmPackage, join(files.shared, basename(npmPackage)));
  await addNode(join(files.changes, 'upper', 'usr', 'local'));
  guest = await enterGuest(files);
  registry = await startRegistry();
});
after(async () => {
  await registry?.stop();
  await guest?.[Symbol.asyncDispose]();
  await files?.[Symbol.asyncDispose]();
});

/** This Node.js, and the npm of this machine. */
async function addNode(prefix: string): Promise<void> {
  const npm = dirname(dirname(await realpath(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())));
  for (const directory of ['bin', 'lib/node_modules'])
    await mkdir(join(prefix, directory), { recursive: true });
  await cp(process.execPath, join(prefix, 'bin', 'node'));
  await cp(npm, join(prefix, 'lib', 'node_modules', 'npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(prefix, 'bin', 'npm'));
  const authorities = npmSetting('cafile');
  if (authorities !== undefined) await cp(authorities, join(files.shared, 'authorities.pem'));
}

/** A setting of npm on this machine. */
function npmSetting(name: string): string | undefined {
  const value = execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
  return ['null', 'undefined', ''].includes(value) ? undefined : value;
}

/** Run a session of the page. The upgrade goes to the current version, from one before. */
async function session(name: string): Promise<void> {
  const pairs: readonly (readonly [shown: string, real: string])[] = [
    ['0.2.0', oldVersion],
    ['0.2.1', packages.current.version],
  ];
  const settings = {
    npm_config_cache: '/run/host/cache',
    npm_config_registry: npmSetting('registry') ?? '',
    ...(npmSetting('cafile') !== undefined && { npm_config_cafile: '/run/host/authorities.pem' }),
  };
  await runSessionWith('docs/install.md', name, async (command) => {
    const typed = pairs.reduce((text, [shown, real]) => text.replaceAll(shown, real), command);
    const { code, stdout, stderr } = await guest.run(['sh', '-c', `cd /run/host && ${typed}`], {
      env: settings,
    });
    assert.equal(code, 0, `$ ${typed}\n${stdout}${stderr}`);
    if (command.startsWith('npm ')) return '';
    return pairs.reduceRight((text, [shown, real]) => text.replaceAll(real, shown), stdout + stderr);
  });
}

describe('the npm package of the program', { skip }, () => {
  let filesBefore: readonly string[];

  test('is installed as the page says, and a plugin lives', async () => {
    filesBefore = await changedFiles(files);
    await session('npm');
    daemon = await startGuestDaemon(guest);
    plugin = await installPlugin(guest, { registry: registry.host, shared: files.shared });
  });

  test('a service would start the installed program with this Node.js', async () => {
    await guest.ok('outboard', 'service', 'install', '--prefix', '/tmp/system');
    const unit = await guest.ok('cat', '/tmp/system/etc/systemd/system/outboard.service');
    const program = '/usr/local/lib/node_modules/outboard/bin/outboard';
    assert.ok(unit.includes(`\nExecStart=/usr/local/bin/node ${program} daemon --host fd://\n`), unit);
  });

  test('is upgraded as the page says, while the plugin runs', async () => {
    const before = await plugin.process();
    await session('npm-upgrade');
    await daemon.stop();
    daemon = await startGuestDaemon(guest);
    const version = await guest.ok('outboard', 'version', '--format', '{{.Server.Version}}');
    assert.equal(version, packages.current.version);
    assert.equal(await plugin.process(), before);
  });

  test('is removed as the page says, and nothing is left', async () => {
    await plugin.end();
    await daemon.stop();
    await session('npm-removal');
    await guest.ok('rm', '-r', '/var/lib/outboard', '/run/outboard');
    assert.deepEqual(await tracesOn(guest), []);
    assert.deepEqual(await changedFiles(files), filesBefore);
  });
});
