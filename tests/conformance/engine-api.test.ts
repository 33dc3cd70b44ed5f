/**
 * The Docker Engine API's errors as the daemon gives them: each row of what Docker answers, with the better-typed
 * status where its versions differ.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';

interface Row {
  readonly title: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly status: number;
  readonly message: RegExp | string;
}

const json = 'application/json';
const digest = `sha256:${'0'.repeat(64)}`;
const id = 'f'.repeat(64);

/** A registry that no one listens as, so that nothing is found out. */
const nowhere = '127.0.0.1:1/acme/p';

const rows: readonly Row[] = [
  ...(
    [
      '/plugins/nope/json',
      '/plugins/acme%2Fnope:v1/json',
      `/plugins/${id}/json`,
      `/plugins/a@${digest}/json`,
    ] as const
  ).map(
    (path): Row => ({
      title: `inspecting ${path.slice(0, 30)}`,
      method: 'GET',
      path,
      status: 404,
      message: `plugin "${decodeURIComponent(path.slice('/plugins/'.length, -'/json'.length))}" not found`,
    }),
  ),
  {
    title: 'an unparsable name',
    method: 'GET',
    path: '/plugins/UPPER..Case/json',
    status: 404,
    message: 'plugin "UPPER..Case" not found',
  },
  {
    title: 'enabling what is not there',
    method: 'POST',
    path: '/plugins/nope/enable?timeout=0',
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'disabling what is not there',
    method: 'POST',
    path: '/plugins/nope/disable',
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'removing what is not there',
    method: 'DELETE',
    path: '/plugins/nope?force=1',
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'setting what is not there',
    method: 'POST',
    path: '/plugins/nope/set',
    body: '["A=b"]',
    type: json,
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'pushing what is not there',
    method: 'POST',
    path: '/plugins/nope/push',
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'upgrading what is not there',
    method: 'POST',
    path: `/plugins/nope/upgrade?remote=${nowhere}`,
    body: '[]',
    type: json,
    status: 404,
    message: 'plugin "nope" not found',
  },
  {
    title: 'a timeout that is no number',
    method: 'POST',
    path: '/plugins/nope/enable?timeout=abc',
    status: 400,
    message: 'strconv.Atoi: parsing "abc": invalid syntax',
  },
  {
    title: 'privileges without remote',
    method: 'GET',
    path: '/plugins/privileges',
    status: 400,
    message: /^invalid reference format/,
  },
  {
    title: 'privileges of a bad remote',
    method: 'GET',
    path: '/plugins/privileges?remote=Acme/P',
    status: 400,
    message: 'invalid reference format: repository name must be lowercase',
  },
  {
    title: 'privileges of an ID',
    method: 'GET',
    path: `/plugins/privileges?remote=${id}`,
    status: 400,
    message: `invalid repository name (${id}), cannot specify 64-byte hexadecimal strings`,
  },
  {
    title: 'privileges of an unreachable remote',
    method: 'GET',
    path: `/plugins/privileges?remote=${nowhere}`,
    status: 503,
    message: /127\.0\.0\.1:1/,
  },
  {
    title: 'pulling a bad remote',
    method: 'POST',
    path: '/plugins/pull?remote=',
    body: '[]',
    type: json,
    status: 400,
    message: /^invalid reference format/,
  },
  {
    title: 'pulling under a bad alias',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}&name=A`,
    body: '[]',
    type: json,
    status: 400,
    message: /^invalid reference format/,
  },
  {
    title: 'pulling under a digest',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}&name=a@${digest}`,
    body: '[]',
    type: json,
    status: 400,
    message: 'cannot use digest in plugin tag',
  },
  {
    title: 'pulling what cannot be reached',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}`,
    body: '[]',
    type: json,
    status: 503,
    message: /^error resolving plugin reference: /,
  },
  {
    title: 'granting what is no JSON',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}`,
    body: '[{',
    type: json,
    status: 400,
    message: /^invalid JSON: /,
  },
  {
    title: 'granting a string',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}`,
    body: '"all"',
    type: json,
    status: 400,
    message: /^failed to parse privileges: /,
  },
  {
    title: 'granting as text',
    method: 'POST',
    path: `/plugins/pull?remote=${nowhere}`,
    body: '[]',
    type: 'text/plain',
    status: 400,
    message: "unsupported Content-Type header (text/plain): must be 'application/json'",
  },
  {
    title: 'creating without a name',
    method: 'POST',
    path: '/plugins/create',
    body: '',
    status: 400,
    message: /invalid reference format/,
  },
  {
    title: 'creating under a bad name',
    method: 'POST',
    path: '/plugins/create?name=Acme/P',
    body: '',
    status: 400,
    message:
      /^failed to parse reference "?Acme\/P"?: invalid reference format: repository name must be lowercase/,
  },
  {
    title: 'creating under a digest',
    method: 'POST',
    path: `/plugins/create?name=a@${digest}`,
    body: '',
    status: 400,
    message: 'canonical references are not permitted',
  },
  {
    title: 'creating from nothing',
    method: 'POST',
    path: '/plugins/create?name=acme/empty',
    body: '',
    status: 400,
    message: /^no rootfs found/,
  },
  {
    title: 'creating from what is no tar',
    method: 'POST',
    path: '/plugins/create?name=acme/text',
    body: 'x'.repeat(2000),
    status: 400,
    message: /tar/,
  },
  {
    title: 'events from no time',
    method: 'GET',
    path: '/events?since=abc',
    status: 400,
    message: /^invalid value for 'since'/,
  },
  {
    title: 'an unknown filter',
    method: 'GET',
    path: `/plugins?filters=${encodeURIComponent('{"bogus":["x"]}')}`,
    status: 400,
    message: /^invalid filter 'bogus'/,
  },
];

describe('the Engine API', () => {
  let daemon: TestDaemon;
  let removeHome: () => Promise<void>;
  let home: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
  });
  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const call = (method: string, path: string, body?: string | Buffer, type?: string) =>
    callApi(daemon.socket, method, path, {
      headers: type === undefined ? {} : { 'content-type': type },
      ...(body === undefined ? {} : { body }),
    });

  for (const { title, method, path, body, type, status, message } of rows) {
    test(`${title} is ${status}`, async () => {
      const answer = await call(method, path, body, type);
      const got = JSON.parse(answer.text).message;
      if (typeof message === 'string') assert.equal(got, message);
      else assert.match(got, message);
      assert.equal(answer.status, status);
      assert.equal((await call('GET', '/plugins')).text, '[]\n');
    });
  }

  test('a plugin that is created, inspected and listed has every key in Docker form', async () => {
    const context = await writePluginContext(join(home, 'context'));
    const tar = join(home, 'context.tar');
    await promisify(execFile)('tar', ['-C', context.directory, '-cf', tar, '.']);
    const created = await call(
      'POST',
      '/v1.30/plugins/create?name=acme/whole',
      await readFile(tar),
      'application/x-tar',
    );
    assert.deepEqual(created, { status: 204, text: '' });
    const again = await call(
      'POST',
      '/plugins/create?name=acme/whole',
      await readFile(tar),
      'application/x-tar',
    );
    assert.equal(again.status, 409);
    assert.deepEqual(JSON.parse(again.text), { message: 'plugin acme/whole:latest already exists' });

    const plugin = JSON.parse((await call('GET', '/plugins/acme/whole/json')).text);
    assert.deepEqual(JSON.parse((await call('GET', '/plugins')).text), [plugin]);
    assert.deepEqual(Object.keys(plugin).sort(), [
      'Config',
      'Enabled',
      'Id',
      'Name',
      'PluginReference',
      'Settings',
    ]);
    assert.deepEqual(
      [plugin.Name, plugin.Enabled, plugin.PluginReference],
      ['acme/whole:latest', false, 'acme/whole:latest'],
    );
    assert.deepEqual(plugin.Settings.Env, ['DEBUG=0']);
    assert.deepEqual(plugin.Config.Interface.Types, ['docker.volumedriver/1.0']);
    assert.equal(plugin.Config.Linux.Capabilities, null);
    assert.match(plugin.Config.rootfs.diff_ids[0], /^sha256:[0-9a-f]{64}$/);

    assert.deepEqual(await call('POST', '/plugins/acme/whole/set', '["DEBUG=2"]', json), {
      status: 204,
      text: '',
    });
    assert.deepEqual(await call('POST', '/plugins/acme/whole/set'), { status: 204, text: '' });
    assert.deepEqual(await call('POST', '/plugins/acme/whole/enable'), { status: 200, text: '' });
    assert.deepEqual(await call('POST', '/plugins/acme/whole/disable?force=0'), { status: 200, text: '' });
    assert.deepEqual(await call('DELETE', `/plugins/${plugin.Id.slice(0, 8)}`), { status: 200, text: '' });
    assert.equal((await call('GET', '/plugins')).text, '[]\n');
    const collected = JSON.parse((await call('POST', '/v1.41/outboard/v1/gc')).text);
    assert.deepEqual(Object.keys(collected), ['BlobsRemoved', 'BytesReclaimed']);
  });
});
