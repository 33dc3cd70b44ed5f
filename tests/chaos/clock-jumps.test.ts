/**
 * The clock of the host jumps by ten years, back and forth, while the daemon runs: plugins run on, one that ends is started again at
 * once, and operations work as before.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { readStoredPlugins } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { needsPrograms } from '../support/packed-programs.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
/** Of the Debian package libfaketime: replaces the functions of libc that tell the time of day. */
const library = `/usr/lib/${triplet}/faketime/libfaketimeMT.so.1`;
const msPerDay = 24 * 60 * 60 * 1000;

test('a clock that jumps by years stops no plugin and no operation', {
  skip: needsRoot || needsPrograms(library),
}, async () => {
  const { home, remove } = await makeDaemonHome();
  const clockFile = join(home, 'clock');
  const setClock = (days: number) => writeFile(clockFile, `${days < 0 ? '' : '+'}${days}d\n`);
  try {
    await setClock(0);
    const daemon = await startDaemon({
      home,
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clockFile,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        NO_FAKE_STAT: '1',
      },
    });
    const api = pluginApi(daemon.socket);
    await api.create('acme/p', perlPluginArchive());
    await api.enable('acme/p');
    const id = readStoredPlugins(daemon.dataRoot)[0]?.id ?? assert.fail('no plugin');

    for (const days of [-3650, 3650, 0]) {
      const pid = pidOfPlugin(daemon.execRoot, id);
      await setClock(days);
      const { SystemTime } = JSON.parse((await callApi(daemon.socket, 'GET', '/info')).text);
      const shift = (Date.parse(SystemTime) - Date.now()) / msPerDay;
      assert.ok(Math.abs(shift - days) < 1, 'the clock of the daemon has jumped');

      await api.create('acme/other', perlPluginArchive());
      await api.enable('acme/other');
      await api.disable('acme/other');
      await api.remove('acme/other');
      assert.equal(pidOfPlugin(daemon.execRoot, id), pid, 'the plugin has not been started again');

      process.kill(pid, 'SIGKILL');
      const isAnother = () => {
        try {
          return pidOfPlugin(daemon.execRoot, id) !== pid;
        } catch {
          return false; // none at the moment
        }
      };
      assert.ok(await pollUntil(isAnother, { timeoutMs: 30_000 }), 'the plugin is not started again');
      await untilPluginAccepts(daemon.execRoot, id);
    }
    await api.remove('acme/p', { force: true });
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
  } finally {
    await remove();
  }
});
