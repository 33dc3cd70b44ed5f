/**
 * dockerode, the Docker client of Node.js programs: all of its plugin and volume calls against the daemon.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Dockerode from 'dockerode';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

describe('dockerode', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let docker: Dockerode;

  before(async () => {
    home = await makeDaemonHome();
    registry = await startRegistry();
    daemon = await startDaemon({ home: home.home });
    docker = new Dockerode({ socketPath: daemon.socket });
  });

  after(async () => {
    for (const { Name } of await docker.listPlugins()) {
      await docker.getPlugin(Name, undefined).remove({ force: true });
    }
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await registry.stop();
    await home.remove();
  });

  const plugin = (name: string, remote?: string) => docker.getPlugin(name, remote);

  /** dockerode's createPlugin() cannot attach an archive. */
  async function create(name: string): Promise<void> {
    const headers = { 'content-type': 'application/x-tar' };
    const query = new URLSearchParams({ name });
    const body = pluginArchive(volumePlugin);
    const answer = await callApi(daemon.socket, 'POST', `/plugins/create?${query}`, { headers, body });
    assert.equal(answer.status, 204, answer.text);
  }

  /** Read a stream of progress to its end. dockerode does not report an error inside the stream. */
  function finish(stream: NodeJS.ReadableStream): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      docker.modem.followProgress(stream, (error: Error | null, lines: unknown[]) => {
        if (error === null) resolve(lines);
        else reject(error);
      });
    });
  }

  describe('plugins', () => {
    it('have the life cycle list, inspect, configure, enable, disable, remove', async () => {
      const name = 'acme/life:latest';
      await create(name);
      const listed = await docker.listPlugins();
      assert.ok(
        listed.some(({ Name, Enabled }) => Name === name && !Enabled),
        `not listed: ${JSON.stringify(listed)}`,
      );
      await plugin(name).configure({ _body: ['DEBUG=7'] });
      const { Settings } = await plugin(name).inspect();
      assert.deepEqual(Settings.Env, ['DEBUG=7']);
      await plugin(name).enable();
      const enabled = await docker.listPlugins({ filters: { enabled: ['true'] } });
      assert.ok(
        enabled.some(({ Name }) => Name === name),
        `not listed as enabled: ${JSON.stringify(enabled)}`,
      );
      await plugin(name).disable();
      await plugin(name).enable({ timeout: 30 });
      await plugin(name).remove({ force: true });
      await assert.rejects(plugin(name).inspect(), {
        statusCode: 404,
        json: { message: `plugin "${name}" not found` },
      });
    });

    it('are pushed, pulled with the privileges that were shown, and upgraded', async () => {
      const remote = `${registry.host}/acme/shared:v1`;
      await create(remote);
      const pushed = String(await plugin(remote).push());
      assert.match(pushed, /"aux":{"Tag":"v1","Digest":"sha256:[0-9a-f]{64}","Size":\d+}/);
      await plugin(remote).remove();

      const local = 'local/shared:latest';
      const privileges = await plugin(local, remote).privileges();
      assert.ok(Array.isArray(privileges), 'privileges are no array');
      const pull = { _query: { name: local, remote }, _body: privileges };
      const lines = await finish(await plugin(local, remote).pull(pull));
      assert.ok(lines.length > 0, 'the pull told of no progress');
      assert.equal((await plugin(local).inspect()).PluginReference, remote);

      const upgrade = { _query: { remote }, _body: privileges };
      await plugin(local).upgrade(undefined, upgrade);
      await plugin(local).remove();
    });

    it('are not installed by a pull without consent', async () => {
      const remote = `${registry.host}/acme/consent:v1`;
      await create(remote);
      await plugin(remote).push();
      await plugin(remote).remove();
      const pull = { _query: { name: remote, remote }, _body: [] };
      const lines = await finish(await plugin(remote).pull(pull));
      assert.match(JSON.stringify(lines.at(-1)), /"error":"incorrect privileges/);
      await assert.rejects(plugin(remote).inspect(), { statusCode: 404 });
    });

    it('createPlugin() sends no archive and gets an error', async () => {
      await assert.rejects(docker.createPlugin({ name: 'acme/none' }), /failed to read from tar/);
    });
  });

  describe('volumes', () => {
    const driver = 'acme/vol:latest';
    before(async () => {
      await create(driver);
      await plugin(driver).enable();
    });

    it('have the life cycle create, list, inspect, remove', async () => {
      const volume = await docker.createVolume({
        Name: 'data',
        Driver: driver,
        DriverOpts: { size: '1' },
        Labels: { team: 'a' },
      });
      assert.equal(volume.name, 'data');
      const { Mountpoint, ...rest } = await volume.inspect();
      assert.match(Mountpoint, /\/propagated-mount\/data$/);
      const { CreatedAt: _, ...shown } = { CreatedAt: '', ...rest };
      assert.deepEqual(shown, {
        Name: 'data',
        Driver: driver,
        Labels: { team: 'a' },
        Options: { size: '1' },
        Scope: 'local',
        Status: { kind: 'folder' },
      });
      const { Volumes, Warnings } = await docker.listVolumes();
      assert.deepEqual([Volumes.map(({ Name }) => Name), Warnings], [['data'], null]);
      await volume.remove();
      await assert.rejects(volume.inspect(), {
        statusCode: 404,
        json: { message: 'get data: no such volume' },
      });
      await assert.rejects(volume.remove(), { statusCode: 404 });
    });

    it('are created without a name, filtered and pruned', async () => {
      const anonymous = await docker.createVolume({ Driver: driver });
      assert.match(anonymous.name, /^[0-9a-f]{64}$/);
      await docker.createVolume({ Name: 'named', Driver: driver, Labels: { team: 'a' } });
      const names = async (filters: string) =>
        (await docker.listVolumes({ filters })).Volumes.map(({ Name }) => Name);
      assert.deepEqual(await names('{"label":["team=a"]}'), ['named']);
      assert.deepEqual(await names('{"name":{"^named$":true}}'), ['named']);
      assert.deepEqual((await docker.pruneVolumes()).VolumesDeleted, [anonymous.name]);
      const pruned = await docker.pruneVolumes({ filters: { all: ['true'], label: ['team'] } });
      assert.deepEqual(pruned, { VolumesDeleted: ['named'], SpaceReclaimed: 0 });
      await assert.rejects(docker.listVolumes({ filters: '{"bogus":["x"]}' }), { statusCode: 400 });
    });

    it('cannot be created: the error has the reason', async () => {
      const message = 'create x: error looking up volume plugin nope: plugin "nope" not found';
      await assert.rejects(docker.createVolume({ Name: 'x', Driver: 'nope' }), {
        statusCode: 404,
        json: { message },
      });
      await assert.rejects(docker.createVolume({ Name: 'refused-1', Driver: driver }), {
        statusCode: 500,
        json: { message: 'create refused-1: out of space' },
      });
    });

    it('keep their plugin in use: disable is a conflict', async () => {
      const volume = await docker.createVolume({ Name: 'held', Driver: driver });
      await assert.rejects(plugin(driver).disable(), { statusCode: 409 });
      await volume.remove();
      await plugin(driver).disable();
      await plugin(driver).enable();
    });
  });
});
