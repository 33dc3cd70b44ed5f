/**
 * Requests of docker-py 7, byte for byte as recorded, for volumes and their endpoints: paths carry the version of
 * `/version`, slashes and colons in names are not escaped, and booleans are Python's.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiAnswer, callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

describe('docker-py', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: TestDaemon;
  let version: string;

  before(async () => {
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
    const told = await send('GET', '/version');
    version = `v${told.ApiVersion}`;
    const create = '/plugins/create?name=acme%2Fvol';
    const answer = await callApi(daemon.socket, 'POST', create, { body: pluginArchive(volumePlugin) });
    assert.equal(answer.status, 204, answer.text);
    await call('POST', 'plugins/acme/vol/enable?timeout=0', 200);
  });

  after(async () => {
    await callApi(daemon.socket, 'DELETE', '/plugins/acme/vol:latest?force=True');
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await home.remove();
  });

  async function send(method: string, path: string, body?: string) {
    return parse(await exchange(method, path, body));
  }

  function exchange(method: string, path: string, body?: string): Promise<ApiAnswer> {
    const headers: Record<string, string> = {
      Host: 'localhost',
      'User-Agent': 'docker-sdk-python/7.1.0',
      'Accept-Encoding': 'gzip, deflate',
      Accept: '*/*',
      Connection: 'keep-alive',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body ?? '')) }),
    };
    return callApi(daemon.socket, method, path, { headers, ...(body === undefined ? {} : { body }) });
  }

  /** Send a request and assert the status. @returns the document of the response; undefined without a body */
  async function call(method: string, path: string, status: number, body?: string) {
    const answer = await exchange(method, `/${version}/${path}`, body);
    assert.equal(answer.status, status, answer.text);
    return answer.text === '' ? undefined : parse(answer);
  }

  // Each test asserts the fields that it reads.
  const parse = (answer: ApiAnswer) => JSON.parse(answer.text) as Record<string, unknown>;

  it('volumes.create() with all arguments, and with none', async () => {
    const all =
      '{"Name": "data", "Driver": "acme/vol", "DriverOpts": {"size": "1"}, "Labels": {"team": "a"}}';
    const volume = await call('POST', 'volumes/create', 201, all);
    assert.deepEqual(
      [volume?.Name, volume?.Driver, volume?.Options, volume?.Labels],
      ['data', 'acme/vol:latest', { size: '1' }, { team: 'a' }],
    );
    const anonymous = await call('POST', 'volumes/create', 201, '{"Driver": "acme/vol"}');
    assert.match(String(anonymous?.Name), /^[0-9a-f]{64}$/);
    const nulls = '{"Name": "nulls", "Driver": "acme/vol", "DriverOpts": null}';
    assert.equal((await call('POST', 'volumes/create', 201, nulls))?.Name, 'nulls');
  });

  it('volumes.list() with filters', async () => {
    const names = async (query: string) => {
      const { Volumes } = (await call('GET', `volumes${query}`, 200)) as { Volumes: { Name: string }[] };
      return Volumes.map(({ Name }) => Name);
    };
    assert.equal((await names('')).length, 3);
    const filters = '%7B%22dangling%22%3A+%5B%22true%22%5D%2C+%22name%22%3A+%5B%22data%22%5D%7D';
    assert.deepEqual(await names(`?filters=${filters}`), ['data']);
  });

  it('volumes.get() of existing volumes and of unknown names', async () => {
    assert.equal((await call('GET', 'volumes/data', 200))?.Name, 'data');
    assert.deepEqual(await call('GET', 'volumes/nope', 404), { message: 'get nope: no such volume' });
    assert.deepEqual(await call('GET', 'volumes/bad/name', 404), { message: 'get bad/name: no such volume' });
  });

  it('volumes.prune() with an empty body and without Content-Type', async () => {
    const none = await call('POST', 'volumes/prune?filters=%7B%22label%22%3A+%5B%22x%22%5D%7D', 200);
    assert.deepEqual(none, { VolumesDeleted: [], SpaceReclaimed: 0 });
    const pruned = await call('POST', 'volumes/prune', 200);
    assert.match(JSON.stringify(pruned), /^{"VolumesDeleted":\["[0-9a-f]{64}"\],"SpaceReclaimed":0}$/);
  });

  it('remove() and remove(force=True)', async () => {
    await call('DELETE', 'volumes/data?force=False', 204);
    assert.deepEqual(await call('DELETE', 'volumes/data?force=False', 404), {
      message: 'get data: no such volume',
    });
    await call('DELETE', 'volumes/data?force=True', 204);
  });

  it('plugins that are in use are disabled by force=True only', async () => {
    const refused = await call('POST', 'plugins/acme/vol:latest/disable?force=False', 409);
    assert.match(String(refused?.message), /^plugin acme\/vol:latest is in use: volume nulls/);
    await call('POST', 'plugins/acme/vol:latest/disable?force=True', 200);
    await call('POST', 'plugins/acme/vol:latest/set', 204, '["DEBUG=5"]');
    await call('POST', 'plugins/acme/vol:latest/enable?timeout=0', 200);
  });
});
