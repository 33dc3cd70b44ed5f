/**
 * `systemctl reload` reports whether the configuration is in force, and the journal marks errors.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';
import { outboard, outboardCommand } from '../support/systemd-service.ts';

const skip = needsSystemd;
const configFile = '/var/lib/outboard.json';

let host: SystemdHost;

before(async () => {
  if (skip !== false) return;
  host = await bootSystemdHost();
  writeFileSync(host.path(configFile), '{"log-level":"info"}');
  await outboard(host, 'service', 'install', '--from-checkout');
  // The result of "systemctl edit".
  const directory = host.path('/etc/systemd/system/outboard.service.d');
  mkdirSync(directory);
  const command = outboardCommand('daemon', '--host', 'fd://', '--config', configFile).join(' ');
  writeFileSync(`${directory}/override.conf`, `[Service]\nExecStart=\nExecStart=${command}\n`);
  await host.ok('systemctl', 'daemon-reload');
  await host.ok('systemctl', 'start', 'outboard.service');
});

after(() => host?.[Symbol.asyncDispose]());

function show(property: string): Promise<string> {
  return host.ok('systemctl', 'show', '--value', `--property=${property}`, 'outboard.service');
}

/** Journal entries of the daemon, of this priority and above. */
function journal(priority: string): Promise<string> {
  return host.ok('journalctl', '--no-pager', '-o', 'cat', '-t', 'outboard', '-p', priority);
}

describe('"systemctl reload outboard"', { skip }, () => {
  test('succeeds once the new configuration is in force', async () => {
    writeFileSync(host.path(configFile), '{"log-level":"info","authorization-plugins":[]}');
    await host.ok('systemctl', 'reload', 'outboard.service');
    assert.equal(await show('ActiveState'), 'active');
    assert.match(await journal('info'), /^configuration reloaded$/m);
    assert.match(await journal('info'), /^outboard daemon ready on /m);
    assert.doesNotMatch(await journal('notice'), /reloaded|ready/);
  });

  for (const [name, document, reason] of [
    ['is not JSON', '{', /is not JSON/],
    ['has an unknown key', '{"log-levels":"info"}', /unknown key "log-levels"/],
    ['contradicts a flag', '{"hosts":["fd://"]}', /specified both as a flag and in the configuration file/],
  ] as const) {
    test(`fails when the file ${name}; the daemon keeps running, and a repaired file is loaded`, async () => {
      const pid = await show('MainPID');
      writeFileSync(host.path(configFile), document);
      const failed = await host.run('systemctl', 'reload', 'outboard.service');
      assert.equal(failed.code, 1, failed.stdout);
      assert.match(await journal('err'), reason);
      assert.equal(await outboard(host, 'ls', '--quiet'), '');
      writeFileSync(host.path(configFile), '{"log-level":"info"}');
      await host.ok('systemctl', 'reload', 'outboard.service');
      assert.deepEqual([await show('MainPID'), await show('ActiveState')], [pid, 'active']);
    });
  }
});
