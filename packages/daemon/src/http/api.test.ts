import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import { exchangeRaw, send } from '../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';

test('GET and HEAD /_ping answer with and without version, with the headers for version negotiation', async () => {
  await using api = await startTestApi(scriptEngine({}));
  for (const [method, target, body] of [
    ['GET', '/_ping', 'OK'],
    ['GET', '/v1.51/_ping', 'OK'],
    ['HEAD', '/_ping', ''],
  ] as const) {
    const response = await send(api.socket, method, target);
    assert.equal(response.status, 200);
    assert.equal(response.body, body);
    assert.equal(response.headers.get('api-version'), '1.51');
    assert.equal(response.headers.get('ostype'), 'linux');
    assert.equal(response.headers.get('server'), 'Docker/1.2.3 (linux)');
    assert.equal(response.headers.get('docker-experimental'), 'false');
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('content-length'), String(body.length));
    assert.equal(response.headers.get('cache-control'), 'no-cache, no-store, must-revalidate');
    assert.equal(response.headers.get('pragma'), 'no-cache');
  }
});

const notRouted: readonly [method: string, target: string][] = [
  ['GET', '/'],
  ['GET', '/plugins/'],
  ['HEAD', '/plugins'],
  ['GET', '/plugins/acme/p'],
  ['PUT', '/plugins'],
  ['GET', '/v1.41/nope'],
  ['GET', '/v9.99/nope'],
];
for (const [method, target] of notRouted) {
  test(`${method} ${target} is answered 404 "page not found" without the headers of routed responses`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    const response = await send(api.socket, method, target);
    assert.equal(response.status, 404);
    assert.equal(response.headers.get('content-type'), 'application/json');
    if (method !== 'HEAD') assert.equal(response.body, '{"message":"page not found"}\n');
    assert.equal(response.headers.get('api-version'), undefined);
  });
}

for (const [method, target, resource] of [
  ['GET', '/v1.51/containers/json', 'containers'],
  ['POST', '/containers/create', 'containers'],
  ['POST', '/v1.51/images/create?fromImage=alpine', 'images'],
  ['POST', '/build', 'images'],
  ['GET', '/networks', 'networks'],
  ['GET', '/services', 'services'],
] as const) {
  test(`${method} ${target} is answered 404 with a hint that Outboard serves no ${resource}`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    const response = await send(api.socket, method, target);
    assert.equal(response.status, 404);
    const { message } = JSON.parse(response.body);
    assert.match(
      message,
      new RegExp(`^page not found: this is Outboard, .*, not ${resource}; .* --context NAME`),
    );
    assert.equal(response.headers.get('api-version'), undefined);
  });
}

test('a version out of range is refused with the header Api-Version, without Docker-Experimental', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const response = await send(api.socket, 'GET', '/v1.99/plugins');
  assert.equal(response.status, 400);
  assert.equal(
    response.body,
    '{"message":"client version 1.99 is too new. Maximum supported API version is 1.51"}\n',
  );
  assert.equal(response.headers.get('api-version'), '1.51');
  assert.equal(response.headers.get('docker-experimental'), undefined);
});

test('OPTIONS is answered 200 without a body and without CORS headers', async () => {
  await using api = await startTestApi(scriptEngine({}));
  for (const target of ['/whatever', '/v1.25/plugins']) {
    const response = await send(api.socket, 'OPTIONS', target);
    assert.deepEqual([response.status, response.body], [200, '']);
    assert.equal(response.headers.get('api-version'), '1.51');
    for (const name of response.headers.keys()) assert.doesNotMatch(name, /^access-control/);
  }
  assert.equal((await send(api.socket, 'OPTIONS', '/v1.99/plugins')).status, 400);
});

test('POST upgrade requires API version 1.26 or an unversioned path', async () => {
  const engine = scriptEngine({
    localName: () => 'acme/p:v1',
    inspect: () => samplePlugin(),
    upgrade: async () => samplePlugin(),
  });
  await using api = await startTestApi(engine);
  for (const [prefix, status] of [
    ['/v1.25', 400],
    ['/v1.26', 200],
    ['', 200],
  ] as const) {
    const response = await send(api.socket, 'POST', `${prefix}/plugins/acme/p/upgrade?remote=acme/p:v2`);
    assert.equal(response.status, status, prefix);
    if (status === 400) {
      const message = 'POST /plugins/{name:.*}/upgrade requires minimum API version 1.26';
      assert.deepEqual(JSON.parse(response.body), { message });
    }
  }
});

test('D02 a path with doubled slashes is redirected within this host', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const response = await send(api.socket, 'GET', '//evil.example/plugins?a=//b');
  assert.deepEqual([response.status, response.headers.get('location')], [301, '/evil.example/plugins?a=//b']);
});

const names: readonly [target: string, name: string][] = [
  ['/plugins/reg:5000/acme/p:v1/json', 'reg:5000/acme/p:v1'],
  ['/plugins/reg:5000%2Facme%2Fp:v1/json', 'reg:5000/acme/p:v1'],
  ['/plugins/a/%2e%2e/b/json', 'a/../b'],
  ['/plugins/a%00b/json', 'a\0b'],
  ['/plugins/a%252Fb/json', 'a%2Fb'],
  ['/plugins/a;b/json', 'a;b'],
  ['/plugins/a\\b/json', 'a\\b'],
  [`/plugins/${'x'.repeat(4096)}/json`, 'x'.repeat(4096)],
];
for (const [target, name] of names) {
  test(`D02 D03 ${target.slice(0, 50)} passes the name ${JSON.stringify(name.slice(0, 30))} to the engine`, async () => {
    const asked: string[] = [];
    const engine = scriptEngine({
      inspect(plugin) {
        asked.push(plugin);
        throw new OutboardError('not-found', `plugin "${plugin}" not found`);
      },
    });
    await using api = await startTestApi(engine);
    const response = await send(api.socket, 'GET', target);
    assert.deepEqual(asked, [name]);
    assert.equal(response.status, 404);
    // Control characters are escaped.
    const shown = name.replaceAll('\0', '\\u0000');
    assert.deepEqual(JSON.parse(response.body), { message: `plugin "${shown}" not found` });
  });
}

test('D02 malformed escapes and absolute-form targets are answered 400', async () => {
  await using api = await startTestApi(scriptEngine({}));
  for (const target of ['/plugins/%zz/json', 'http://evil.example/plugins']) {
    assert.equal((await send(api.socket, 'GET', target)).status, 400, target);
  }
});

const kinds = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-implemented': 501,
  unavailable: 503,
  system: 500,
} as const;
for (const [kind, status] of Object.entries(kinds)) {
  test(`an error of kind ${kind} is answered ${status} with the content type application/json`, async () => {
    const engine = scriptEngine({
      list() {
        // The keys of `kinds` are error kinds.
        throw new OutboardError(kind as keyof typeof kinds, 'no <good>');
      },
    });
    await using api = await startTestApi(engine);
    const response = await send(api.socket, 'GET', '/plugins');
    assert.equal(response.status, status);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.body, '{"message":"no <good>"}\n');
  });
}

test('D20 an unexpected exception is logged and answered 500, and the next call is served', async () => {
  let calls = 0;
  const engine = scriptEngine({
    list() {
      calls += 1;
      if (calls === 1) throw new TypeError('boom');
      return [samplePlugin()];
    },
  });
  await using api = await startTestApi(engine);
  const failed = await send(api.socket, 'GET', '/plugins');
  assert.deepEqual([failed.status, failed.body], [500, '{"message":"internal error: boom"}\n']);
  assert.equal(api.log.at(-1)?.expected, false);
  const served = await send(api.socket, 'GET', '/plugins');
  assert.equal(served.status, 200);
  assert.equal(JSON.parse(served.body)[0].Name, 'acme/p:latest');
});

test('GET /plugins passes the filters on and answers [] without plugins', async () => {
  const filters: unknown[] = [];
  const engine = scriptEngine({
    list(given) {
      filters.push(given);
      return [];
    },
  });
  await using api = await startTestApi(engine);
  const target = `/v1.41/plugins?filters=${encodeURIComponent('{"enabled":{"true":true}}')}`;
  const response = await send(api.socket, 'GET', target);
  assert.deepEqual([response.status, response.body], [200, '[]\n']);
  assert.deepEqual(filters, [{ enabled: true }]);
});

test('GET /version and /info have the fields that clients read', async () => {
  await using api = await startTestApi(scriptEngine({ list: () => [] }));
  const version = JSON.parse((await send(api.socket, 'GET', '/version')).body);
  assert.equal(version.ApiVersion, '1.51');
  assert.equal(version.MinAPIVersion, '1.25');
  assert.equal(version.Platform.Name, 'Outboard');
  assert.deepEqual(
    version.Components.map((component: { Name: string }) => component.Name),
    ['Engine', 'node', 'runc'],
  );
  const info = JSON.parse((await send(api.socket, 'GET', '/v1.30/info')).body);
  assert.deepEqual(info.Plugins, { Volume: [], Network: [], Authorization: null, Log: [] });
  assert.deepEqual(info.RegistryConfig.InsecureRegistryCIDRs, ['::1/128', '127.0.0.0/8', '10.0.0.0/8']);
  assert.equal(info.RegistryConfig.IndexConfigs['reg.example:5000'].Secure, false);
  assert.equal(info.Swarm.LocalNodeState, 'inactive');
});

test('POST /outboard/v1/gc answers the removed blobs and bytes, with and without version', async () => {
  await using api = await startTestApi(
    scriptEngine({ collectGarbage: async () => ({ blobs: 3, bytes: 70 }) }),
  );
  for (const target of ['/outboard/v1/gc', '/v1.41/outboard/v1/gc']) {
    const response = await send(api.socket, 'POST', target);
    assert.deepEqual([response.status, response.body], [200, '{"BlobsRemoved":3,"BytesReclaimed":70}\n']);
  }
});

test('pipelined requests on one connection are both answered', async () => {
  await using api = await startTestApi(scriptEngine({ list: () => [] }));
  const one = 'GET /plugins HTTP/1.1\r\nHost: d\r\n\r\n';
  const last = 'GET /plugins HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n';
  const { body } = await exchangeRaw(api.socket, one + last);
  assert.equal(body.match(/\[\]\n/g)?.length, 2);
});
