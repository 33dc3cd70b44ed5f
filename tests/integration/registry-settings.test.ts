/**
 * The daemon's settings about registries: a mirror of Docker Hub, blocked hosts, and their change by a reload.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('a daemon with a mirror of Docker Hub', { skip: needsRoot }, () => {
  let home: string;
  let remove: () => Promise<void>;
  let registry: TestRegistry;
  let daemon: TestDaemon;

  before(async () => {
    ({ home, remove } = await makeDaemonHome());
    await mkdir(join(home, 'registries.d'));
    registry = await startRegistry();
    const args = ['--registry-mirror', `http://${registry.host}`, '--registries-conf', ''];
    daemon = await startDaemon({
      home,
      args: [...args, '--registries-dir', join(home, 'registries.d')],
      env: { HTTPS_PROXY: 'http://user:hunter2@proxy.invalid:3128', NO_PROXY: '.lan' },
    });
  });
  after(async () => {
    await remove();
    await registry.stop();
  });

  const write = (text: string) => writeFile(join(home, 'registries.d', 'own.json'), text);
  const reload = async (logged: RegExp) => {
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.untilLogged(logged);
  };
  const hub = () => callApi(daemon.socket, 'GET', '/plugins/privileges?remote=acme/mirrored:v1');

  it('installs plugins of Docker Hub from it', async () => {
    const api = pluginApi(daemon.socket);
    const name = `${registry.host}/acme/mirrored:v1`;
    await api.create(name, pluginArchive());
    await api.push(name);
    await api.remove(name);
    await api.pull('acme/mirrored:v1', 'acme/mirrored:v1');
    const { text } = await callApi(daemon.socket, 'GET', '/plugins/acme/mirrored:v1/json');
    assert.equal(JSON.parse(text).PluginReference, 'docker.io/acme/mirrored:v1');
  });

  it('shows mirror and proxies without the password', async () => {
    const { text } = await callApi(daemon.socket, 'GET', '/info');
    const { RegistryConfig, HttpsProxy, NoProxy } = JSON.parse(text);
    assert.deepEqual(RegistryConfig.Mirrors, [`http://${registry.host}/`]);
    assert.deepEqual([HttpsProxy, NoProxy], ['http://xxxxx:xxxxx@proxy.invalid:3128', '.lan']);
    assert.doesNotMatch(daemon.log() + text, /hunter2/);
  });

  it('blocks hosts after a reload, and keeps blocking them after one that fails', async () => {
    await write('{\n  "docker.io": { "blocked": true }\n}');
    await reload(/configuration reloaded/);
    const { status, text } = await hub();
    assert.equal(status, 403, text);
    const file = join(home, 'registries.d', 'own.json');
    assert.match(
      JSON.parse(text).message,
      /docker.io\/acme\/mirrored is blocked on this host by entry "docker.io" in /,
    );
    assert.ok(JSON.parse(text).message.endsWith(`"${file}" line 2`), text);

    const headers = { 'content-type': 'application/json' };
    const login = await callApi(daemon.socket, 'POST', '/auth', {
      headers,
      body: '{"username":"u","password":"p"}',
    });
    assert.equal(login.status, 403, login.text);

    await write('{ "docker.io": { "blocked": tru } }');
    await reload(/cannot reload the configuration/);
    assert.equal((await hub()).status, 403);

    const doctor = await callApi(daemon.socket, 'GET', '/outboard/v1/doctor');
    const checks: readonly { readonly Name: string; readonly Message: string }[] = JSON.parse(
      doctor.text,
    ).Checks;
    assert.ok(
      checks.find(({ Name }) => Name === 'registries')?.Message.startsWith(`configured by ${file}; mirrors`),
    );
  });
});
