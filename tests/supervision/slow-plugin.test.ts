/**
 * A plugin that takes 40 seconds to open its socket. The time is real, so this file is one test, which runs beside others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin, perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';

/** As long as a real plugin that mounts a large bucket first. */
const startSeconds = 40;

function slowPluginArchive(): Buffer {
  const { config = {}, ...plugin } = perlPlugin('plain');
  const command = `echo mounting; sleep ${startSeconds}; exec /usr/bin/perl /plugin.pl`;
  return pluginArchive({ ...plugin, config: { ...config, Entrypoint: ['/bin/sh', '-c', command] } });
}

test('S02 S03 a plugin that is ready after 40 s is enabled with a long timeout, fails with a short one, and delays no other', {
  skip: needsRoot,
}, async (context) => {
  const { home, remove } = await makeDaemonHome();
  const daemon = await startDaemon({ home });
  const api = pluginApi(daemon.socket);
  const names = ['patient', 'hasty', 'other'];
  context.after(async () => {
    for (const name of names) await api.remove(name, { force: true });
    assert.equal(await daemon.end('SIGTERM'), 0);
    await remove();
  });
  const enable = (name: string, timeout: number) =>
    callApi(daemon.socket, 'POST', `/plugins/${name}/enable?timeout=${timeout}`);
  const list = async () => {
    const { text } = await callApi(daemon.socket, 'GET', '/outboard/v1/plugins');
    const listed: readonly { Name: string; State: { Status: string } }[] = JSON.parse(text);
    return Object.fromEntries(listed.map(({ Name, State }) => [Name.replace(':latest', ''), State.Status]));
  };
  await api.create('patient', slowPluginArchive());
  await api.create('hasty', slowPluginArchive());
  await api.create('other', perlPluginArchive());

  const settled: string[] = [];
  const patient = enable('patient', 120).finally(() => settled.push('patient'));
  // 0 means the default of 30 s, not endless.
  const hasty = enable('hasty', 0).finally(() => settled.push('hasty'));
  assert.equal((await enable('other', 0)).status, 200);
  assert.deepEqual(await list(), { hasty: 'starting', other: 'running', patient: 'starting' });
  const docker = await callApi(daemon.socket, 'GET', '/plugins');
  assert.equal(JSON.parse(docker.text).length, names.length);
  await api.disable('other');
  settled.push('other');

  const refused = await hasty;
  assert.equal(refused.status, 500);
  assert.match(
    refused.text,
    /the socket of plugin \\"hasty:latest\\" did not accept a connection within 30 s; its last log lines: \\"mounting\\"/,
  );
  assert.deepEqual(await list(), { hasty: 'disabled', other: 'disabled', patient: 'starting' });

  const enabled = await patient;
  assert.equal(enabled.status, 200, enabled.text);
  assert.deepEqual(settled, ['other', 'hasty', 'patient']);
  assert.deepEqual(await list(), { hasty: 'disabled', other: 'disabled', patient: 'running' });
});
