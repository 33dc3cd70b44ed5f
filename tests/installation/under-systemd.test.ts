/**
 * The tarball and the Debian package on a Debian host with systemd: the sessions of docs/install.md, with a plugin that
 * lives through the upgrade, and nothing left at the end.
 */
import assert from 'node:assert/strict';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuiltPackages, builtPackages } from '../support/built-package.ts';
import { runSessionWith } from '../support/console-session.ts';
import { debianRoot, type GuestFiles, makeGuestFiles, needsDebianGuest } from '../support/debian-guest.ts';
import { changedFiles, tracesOn } from '../support/installation-traces.ts';
import { type InstalledPlugin, installPlugin } from '../support/installed-plugin.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';

const skip = needsDebianGuest || needsSystemd;
const oldVersion = '0.1.9';

let files: GuestFiles;
let host: SystemdHost;
let registry: TestRegistry;
let packages: { readonly old: BuiltPackages; readonly current: BuiltPackages };

before(async () => {
  if (skip !== false) return;
  packages = { old: await builtPackages(oldVersion), current: await builtPackages() };
  files = await makeGuestFiles(await debianRoot('ready'));
  for (const kind of ['tarball', 'debianPackage'] as const) {
    const directory = join(files.shared, kind);
    await mkdir(directory);
    for (const each of Object.values(packages)) await cp(each[kind], join(directory, basename(each[kind])));
  }
  host = await bootSystemdHost(files);
  registry = await startRegistry({ within: ['nsenter', `--target=${host.pid}`, '--net', '--'] });
  await host.ok('useradd', '--no-create-home', 'alice');
  await host.ok('useradd', '--no-create-home', 'mallory');
  await host.ok(
    'sh',
    '-c',
    'echo "APT::Install-Recommends 0; APT::Get::Assume-Yes 1;" > /etc/apt/apt.conf.d/99test',
  );
});
after(async () => {
  await registry?.stop();
  await host?.[Symbol.asyncDispose]();
  await files?.[Symbol.asyncDispose]();
});

/** Run a session of the page. The upgrade goes to the current version, from one before. */
async function session(name: string): Promise<void> {
  const { current } = packages;
  const pairs: readonly (readonly [shown: string, real: string])[] = [
    ['0.2.0', oldVersion],
    ['0.2.1', current.version],
    ['amd64', current.processor],
  ];
  await runSessionWith('docs/install.md', name, async (command) => {
    const typed = pairs.reduce((text, [shown, real]) => text.replaceAll(shown, real), command);
    const directory = name.startsWith('tarball') ? 'tarball' : 'debianPackage';
    await cp(join(packages.old.directory, 'SHA256SUMS'), join(files.shared, directory, 'SHA256SUMS'));
    const { code, stdout, stderr } = await host.run('sh', '-c', `cd /run/host/${directory} && ${typed}`);
    assert.equal(code, 0, `$ ${typed}\n${stdout}${stderr}`);
    if (/^(apt-get|systemctl) /.test(command)) return '';
    return pairs.reduceRight((text, [shown, real]) => text.replaceAll(real, shown), stdout + stderr);
  });
}

/** Traces of Outboard on the host, units included. */
async function traces(): Promise<readonly string[]> {
  const units = await host.ok('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'outboard*');
  return [...(await tracesOn(host)), ...units.split('\n').filter((line) => line !== '')];
}

/** Use the API as a user. @returns the exit code */
async function listAs(user: string): Promise<number | null> {
  return (await host.run('runuser', '--user', user, '--', 'outboard', 'ls')).code;
}

for (const [kind, program] of [
  ['tarball', `/opt/outboard-${oldVersion}-linux-amd64/bin/outboard`],
  ['debian', '/usr/bin/outboard'],
] as const) {
  describe(`the ${kind === 'debian' ? 'Debian package' : kind} on a host with systemd`, { skip }, () => {
    let plugin: InstalledPlugin;
    let filesBefore: readonly string[];
    let process = '';

    test('is installed as the page says, and a plugin lives', async () => {
      filesBefore = await changedFiles(files);
      assert.deepEqual(await traces(), []);
      await session(kind);
      const start = await host.ok('systemctl', 'show', '--property=ExecStart', 'outboard.service');
      assert.match(start, new RegExp(`path=${program.replace('amd64', packages.old.processor)} ;`));
      plugin = await installPlugin(host, { registry: registry.host, shared: files.shared });
      process = await plugin.process();
    });

    test('members of the group use the API without root; nobody else does, nor do they reach more', async () => {
      await host.ok('usermod', '--append', '--groups', 'outboard', 'alice');
      assert.deepEqual([await listAs('alice'), await listAs('mallory')], [0, 1]);
      await host.ok('sh', '-c', 'find /run/outboard /var/lib/outboard -mindepth 1 > /run/host/paths');
      const open =
        'while read -r path; do [ ! -r "$path" ] && [ ! -w "$path" ] || echo "$path"; done < /run/host/paths';
      const found = await host.ok('runuser', '--user', 'alice', '--', 'sh', '-c', open);
      assert.equal(found, '/run/outboard/outboard.sock');
      await host.ok('gpasswd', '--delete', 'alice', 'outboard');
    });

    test('the journal has all under one identifier, and errors with their priority', async () => {
      const journal = (...args: readonly string[]) =>
        host.ok('journalctl', '--no-pager', '-o', 'cat', ...args);
      await host.ok('sh', '-c', 'mkdir -p /etc/outboard && echo "{" > /etc/outboard/daemon.json');
      assert.equal((await host.run('systemctl', 'reload', 'outboard.service')).code, 1);
      await host.ok('sh', '-c', 'echo "{}" > /etc/outboard/daemon.json');
      assert.match(
        await journal('-t', 'outboard'),
        /^outboard daemon ready on [\s\S]*^ready plugin=.* stream=stderr$/m,
      );
      for (const by of ['-t', '-u']) {
        const errors = await journal(by, 'outboard', '-p', 'err');
        assert.match(errors, /daemon\.json.* is not JSON/);
        assert.doesNotMatch(errors, /ready/);
      }
    });

    test('is upgraded as the page says, while the plugin runs', async () => {
      await session(`${kind}-upgrade`);
      const version = await host.ok('outboard', 'version', '--format', '{{.Server.Version}}');
      assert.equal(version, packages.current.version);
      assert.equal(await plugin.process(), process);
    });

    test('is removed as the page says, and nothing is left', async () => {
      await plugin.end();
      await session(`${kind}-removal`);
      if (kind === 'tarball') await session('tarball-purge');
      // Nobody answered the question of the purge, so they stay.
      else await host.ok('rm', '-r', '/var/lib/outboard');
      assert.deepEqual(await traces(), []);
      assert.deepEqual(await changedFiles(files), filesBefore);
    });
  });
}
