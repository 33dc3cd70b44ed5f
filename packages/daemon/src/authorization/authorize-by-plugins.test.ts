/**
 * Authorization calls to plugins: their bodies, their order, and the effect of the replies.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import { type Answer, allowAll, askedBy, startAuthorizationPlugin } from '../testing/authorization-plugin.ts';
import { send } from '../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';

const json = { 'Content-Type': 'application/json' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Denies requests (AuthZReq) or responses (AuthZRes). */
const deny =
  (method: 'AuthZReq' | 'AuthZRes', reason: string): Answer =>
  ({ path }) =>
    path.endsWith(method) ? { Allow: false, Msg: reason } : { Allow: true };

test('AuthZReq precedes the call, AuthZRes follows it, both with the fields of Docker', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest');
  const set: string[] = [];
  const engine = scriptEngine({ set: async (_, args) => void set.push(...args) });
  await using api = await startTestApi(engine, askedBy(plugin));
  const headers = { ...json, 'user-agent': 'test', 'X-Meta-Two': 'a', 'x-registry-auth': 'secret' };
  const response = await send(api.socket, 'POST', '/v1.41/plugins/p%3A1/set?a=b', {
    body: '["A=1"]',
    headers,
  });
  assert.equal(response.status, 204, response.body);
  assert.deepEqual(set, ['A=1']);
  const request = {
    RequestMethod: 'POST',
    RequestUri: '/v1.41/plugins/p%3A1/set?a=b',
    RequestBody: base64('["A=1"]'),
    RequestHeaders: {
      Connection: 'close',
      'Content-Type': 'application/json',
      'User-Agent': 'test',
      'X-Meta-Two': 'a',
      'Content-Length': '7',
    },
  };
  const [before, after] = plugin.questions;
  assert.equal(before?.path, '/AuthZPlugin.AuthZReq');
  assert.equal(before.headers['content-type'], undefined);
  assert.deepEqual(before.body, request);
  assert.equal(after?.path, '/AuthZPlugin.AuthZRes');
  assert.deepEqual(after.body, {
    ...request,
    ResponseStatusCode: 204,
    ResponseHeaders: {
      'Api-Version': '1.51',
      'Docker-Experimental': 'false',
      Ostype: 'linux',
      Server: 'Docker/1.2.3 (linux)',
    },
  });
});

test('AuthZRes has the body of a JSON response, and only status and headers of others', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest');
  const engine = scriptEngine({ list: () => [samplePlugin({ name: 'x'.repeat(100_000) })] });
  await using api = await startTestApi(engine, askedBy(plugin));
  const list = await send(api.socket, 'GET', '/plugins');
  await send(api.socket, 'GET', '/_ping');
  const [, afterList, , afterPing] = plugin.questions.map(({ body }) => body);
  assert.equal(afterList?.ResponseBody, base64(list.body));
  assert.equal(afterPing?.ResponseStatusCode, 200);
  assert.equal(afterPing?.ResponseBody, undefined);
});

test('AuthZReq has the last value of a repeated header', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest');
  await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
  await send(api.socket, 'GET', '/_ping', { headers: { 'X-A': 'first', 'x-a': 'last', __proto__x: '1' } });
  const headers = plugin.questions[0]?.body.RequestHeaders as Record<string, string>;
  assert.deepEqual([headers['X-A'], headers.__proto__x], ['last', '1']);
});

test('every routed request is authorized, also /_ping and unsupported versions; no other request is', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest', deny('AuthZReq', 'no'));
  await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
  for (const [method, target, status] of [
    ['GET', '/_ping', 403],
    ['HEAD', '/_ping', 403],
    ['GET', '/v9.99/plugins', 403],
    ['POST', '/outboard/v1/gc', 403],
    ['DELETE', '/plugins/p', 403],
    ['GET', '/nope', 404],
    ['PUT', '/plugins', 404],
    ['OPTIONS', '/plugins', 200],
    ['GET', '//plugins', 301],
  ] as const) {
    assert.equal((await send(api.socket, method, target)).status, status, `${method} ${target}`);
  }
  assert.deepEqual(plugin.asked(), [
    'AuthZReq GET /_ping',
    'AuthZReq HEAD /_ping',
    'AuthZReq GET /v9.99/plugins',
    'AuthZReq POST /outboard/v1/gc',
    'AuthZReq DELETE /plugins/p',
  ]);
});

test('a denied request is answered 403 with the full name and reason of the plugin, and is not executed', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest', deny('AuthZReq', 'ask Ann'));
  await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
  const response = await send(api.socket, 'POST', '/plugins/p/enable');
  assert.equal(response.status, 403);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(response.body, '{"message":"authorization denied by plugin acme/authz:latest: ask Ann"}\n');
  // Clients negotiate the API version by this header, also when their ping is denied.
  assert.equal(response.headers.get('api-version'), '1.51');
  assert.deepEqual(plugin.asked(), ['AuthZReq POST /plugins/p/enable']);
});

const refusals: readonly [reply: object, message: string][] = [
  [{ Allow: false }, 'authorization denied by plugin a:latest: '],
  [{}, 'authorization denied by plugin a:latest: '],
  [{ allow: false, MSG: 'by case' }, 'authorization denied by plugin a:latest: by case'],
  [{ Allow: null, Msg: null }, 'authorization denied by plugin a:latest: '],
  [{ Allow: false, Err: 'broken' }, 'authorization denied by plugin a:latest: broken'],
  [{ Allow: false, Msg: 'no', Err: 'broken' }, 'authorization denied by plugin a:latest: no'],
  [{ Allow: false, Msg: 'a\u001b[2J\nb' }, 'authorization denied by plugin a:latest: a [2J b'],
];
for (const [reply, message] of refusals) {
  test(`the reply ${JSON.stringify(reply)} denies the request`, async () => {
    await using plugin = await startAuthorizationPlugin('a:latest', () => reply);
    await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
    const response = await send(api.socket, 'GET', '/_ping');
    assert.deepEqual([response.status, JSON.parse(response.body)], [403, { message }]);
  });
}

test('plugins are called in order, each once, until the first one denies', async () => {
  await using first = await startAuthorizationPlugin('b:latest');
  await using second = await startAuthorizationPlugin('a:latest', deny('AuthZReq', 'no'));
  await using third = await startAuthorizationPlugin('c:latest');
  await using api = await startTestApi(scriptEngine({}), askedBy(first, first, second, third));
  const response = await send(api.socket, 'GET', '/_ping');
  assert.match(response.body, /denied by plugin a:latest: no/);
  assert.deepEqual(
    [first, second, third].map(({ questions }) => questions.length),
    [1, 1, 0],
  );
});

test('a denied response is not sent, although its request was executed', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest', deny('AuthZRes', 'secret'));
  let inspected = 0;
  const inspect = () => {
    inspected += 1;
    return samplePlugin();
  };
  await using api = await startTestApi(scriptEngine({ inspect }), askedBy(plugin));
  const response = await send(api.socket, 'GET', '/plugins/p/json');
  assert.equal(response.status, 403);
  assert.equal(response.body, '{"message":"authorization denied by plugin a:latest: secret"}\n');
  assert.equal(inspected, 1);
});

test('a failed request is answered with its error, even if AuthZRes denies it', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest', deny('AuthZRes', 'no'));
  const enable = async () => {
    throw new OutboardError('conflict', 'plugin already enabled');
  };
  await using api = await startTestApi(scriptEngine({ enable }), askedBy(plugin));
  const response = await send(api.socket, 'POST', '/plugins/p/enable');
  assert.deepEqual([response.status, response.body], [409, '{"message":"plugin already enabled"}\n']);
  const afterwards = plugin.questions[1];
  assert.equal(afterwards?.path, '/AuthZPlugin.AuthZRes');
  assert.deepEqual(
    Object.keys(afterwards.body).filter((key) => key.startsWith('Response')),
    [],
  );
});

test('AuthZRes of a stream precedes the operation, so that a denied push does not start', async () => {
  let denies = true;
  await using plugin = await startAuthorizationPlugin('a:latest', ({ path }) => {
    return { Allow: !(denies && path.endsWith('AuthZRes')), Msg: 'no pushing' };
  });
  let pushed = 0;
  const push = async () => {
    pushed += 1;
    assert.deepEqual(plugin.asked().slice(-2), [
      'AuthZReq POST /plugins/p/push',
      'AuthZRes POST /plugins/p/push',
    ]);
  };
  await using api = await startTestApi(scriptEngine({ push }), askedBy(plugin));
  const denied = await send(api.socket, 'POST', '/plugins/p/push');
  assert.equal(denied.status, 403);
  assert.equal(pushed, 0);
  assert.equal(plugin.questions[1]?.body.ResponseStatusCode, undefined);
  denies = false;
  assert.equal((await send(api.socket, 'POST', '/plugins/p/push')).status, 200);
  assert.equal(pushed, 1);
});

test('a client that disconnects during an authorization call ends its request', async () => {
  const { promise: asked, resolve: wasAsked } = gate();
  await using plugin = await startAuthorizationPlugin('a:latest', () => void wasAsked());
  await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
  const controller = new AbortController();
  const gone = fetchOver(api.port, controller.signal);
  await asked;
  controller.abort();
  await assert.rejects(gone, { name: 'AbortError' });
  while (api.log.length === 0) await new Promise(setImmediate);
  assert.match(String(api.log[0]?.error), /the client went away/);
});

test('without configured plugins no plugin is called', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest', allowAll);
  await using api = await startTestApi(scriptEngine({}), askedBy());
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  assert.deepEqual(plugin.asked(), []);
});

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function fetchOver(port: number, signal: AbortSignal): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/_ping`, { signal });
}
