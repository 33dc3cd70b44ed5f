/**
 * A route reads exactly the bytes that the plugins received (CVE-2024-41110, CVE-2026-34040); plugins receive no secrets.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import {
  type Answer,
  askedBy,
  startAuthorizationPlugin,
  type TestAuthorizationPlugin,
} from '../testing/authorization-plugin.ts';
import { exchangeRaw, type RawResponse, send } from '../testing/raw-http.ts';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

const limit = 4 * 1024 * 1024;

/** A policy about settings: denies `set` unless the received body sets A=1 alone. */
const onlyA: Answer = ({ body }) => ({ Allow: receivedBody(body) === '["A=1"]', Msg: 'only A' });

function receivedBody(body: Readonly<Record<string, unknown>> | undefined): string {
  return Buffer.from(String(body?.RequestBody ?? ''), 'base64').toString();
}

interface Guarded extends AsyncDisposable {
  readonly api: TestApi;
  readonly plugin: TestAuthorizationPlugin;
  /** Calls that reached the engine. */
  readonly done: readonly string[];
}

/** An API whose engine records its calls, behind an authorization plugin. */
async function serveGuarded(answer?: Answer): Promise<Guarded> {
  const plugin = await startAuthorizationPlugin('acme/authz:latest', answer);
  const done: string[] = [];
  const engine = scriptEngine({
    set: async (name, args) => void done.push(`set ${name} ${args}`),
    disable: async (name, options) => void done.push(`disable ${name} ${options?.force}`),
    async create({ name, context }) {
      let bytes = 0;
      for await (const chunk of context) bytes += chunk.length;
      done.push(`create ${name} ${bytes}`);
      // The route does not use the created plugin.
      return undefined as never;
    },
  });
  const api = await startTestApi(engine, askedBy(plugin));
  return {
    api,
    plugin,
    done,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await plugin[Symbol.asyncDispose]();
    },
  };
}

const setTo = (body: string, headers: string) =>
  `POST /plugins/p/set HTTP/1.1\r\nHost: d\r\nConnection: close\r\n${headers}\r\n${body}`;
const chunked = (body: string) =>
  `${[...body].map((character) => `1\r\n${character}\r\n`).join('')}0\r\n\r\n`;
const jsonType = 'Content-Type: application/json\r\n';

const attempts: readonly [name: string, request: string, status: number][] = [
  ['a body in chunks', setTo(chunked('["B=2"]'), `${jsonType}Transfer-Encoding: chunked\r\n`), 403],
  [
    'parameters of the content type',
    setTo('["B=2"]', 'Content-Type: application/json; x=y\r\nContent-Length: 7\r\n'),
    403,
  ],
  [
    'mixed letter case of headers',
    setTo('["B=2"]', 'content-TYPE: Application/JSON ;\r\ncontent-LENGTH: 7\r\n'),
    403,
  ],
  ['a length of zero with a body', setTo('["B=2"]', `${jsonType}Content-Length: 0\r\n`), 400],
  ['no length with a body', setTo('["B=2"]', jsonType), 400],
  ['no content type', setTo('["B=2"]', 'Content-Length: 7\r\n'), 403],
  ['another content type', setTo('["B=2"]', 'Content-Type: text/plain\r\nContent-Length: 7\r\n'), 403],
  [
    'two content types',
    setTo('["B=2"]', `Content-Type: text/plain\r\n${jsonType}Content-Length: 7\r\n`),
    400,
  ],
  [
    'two content types in reverse order',
    setTo('["B=2"]', `${jsonType}Content-Type: text/plain\r\nContent-Length: 7\r\n`),
    400,
  ],
  ['a content coding', setTo('["B=2"]', `${jsonType}Content-Encoding: gzip\r\nContent-Length: 7\r\n`), 403],
  [
    'an upgrade',
    setTo('["B=2"]', `${jsonType}Content-Length: 7\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n`),
    403,
  ],
  [
    'an upgrade to HTTP/2',
    setTo(
      '["B=2"]',
      `${jsonType}Content-Length: 7\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`,
    ),
    403,
  ],
  ['Expect: 100-continue', setTo('["B=2"]', `${jsonType}Content-Length: 7\r\nExpect: 100-continue\r\n`), 403],
];
for (const [name, request, status] of attempts) {
  test(`D06 ${name} does not hide the body from the plugin`, async () => {
    await using guarded = await serveGuarded(onlyA);
    const response = await exchangeRaw(guarded.api.socket, request);
    // With Expect: 100-continue an interim response precedes the final one.
    const statuses =
      response.status === 100 ? [Number(/HTTP\/1.1 (\d+)/.exec(response.body)?.[1])] : [response.status];
    assert.deepEqual(statuses, [status], response.body);
    assert.deepEqual(guarded.done, []);
  });
}

test('D06 the route reads the same chunked body that the plugin received', async () => {
  await using guarded = await serveGuarded(onlyA);
  const headers = `${jsonType}Transfer-Encoding: chunked\r\n`;
  const response = await exchangeRaw(guarded.api.socket, setTo(chunked('["A=1"]'), headers));
  assert.equal(response.status, 204, response.body);
  assert.deepEqual(guarded.done, ['set p A=1']);
});

test('D06 the second request on a connection is authorized too', async () => {
  await using guarded = await serveGuarded(onlyA);
  const allowed = `POST /plugins/p/set HTTP/1.1\r\nHost: d\r\n${jsonType}Content-Length: 7\r\n\r\n["A=1"]`;
  const response = await exchangeRaw(
    guarded.api.socket,
    allowed + setTo('["B=2"]', `${jsonType}Content-Length: 7\r\n`),
  );
  assert.match(response.body, /HTTP\/1.1 403 Forbidden/);
  assert.deepEqual(guarded.done, ['set p A=1']);
});

test('D06 CONNECT and HTTP/2 with prior knowledge reach no route', async () => {
  await using guarded = await serveGuarded();
  await exchangeRaw(guarded.api.socket, 'CONNECT d:1 HTTP/1.1\r\nHost: d\r\n\r\n');
  await exchangeRaw(guarded.api.socket, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  assert.deepEqual(guarded.plugin.asked(), []);
  assert.deepEqual(guarded.done, []);
});

test('D06 the plugin receives a form body, from which routes read parameters', async () => {
  await using guarded = await serveGuarded(({ body }) => ({ Allow: !receivedBody(body).includes('force') }));
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const post = (body: string) => send(guarded.api.socket, 'POST', '/plugins/p/disable', { body, headers });
  assert.equal((await post('force=1')).status, 403);
  assert.equal((await post('x=1')).status, 200);
  assert.deepEqual(guarded.done, ['disable p false']);
});

/** A JSON document of the given size. */
const documentOf = (bytes: number) => JSON.stringify([`A=${'x'.repeat(bytes - 6)}`]);

test('D06 the plugin receives the whole of a body of 4 MiB', async () => {
  await using guarded = await serveGuarded();
  const body = documentOf(limit);
  const response = await send(guarded.api.socket, 'POST', '/plugins/p/set', {
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  assert.equal(response.status, 204, response.body);
  assert.ok(receivedBody(guarded.plugin.questions[0]?.body) === body, 'the plugin received another body');
});

const tooLarge: readonly [name: string, send: (socket: string, body: string) => Promise<RawResponse>][] = [
  [
    'with Content-Length',
    (socket, body) =>
      send(socket, 'POST', '/plugins/p/set', { body, headers: { 'Content-Type': 'application/json' } }),
  ],
  [
    'in chunks',
    (socket, body) => {
      const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      return exchangeRaw(socket, setTo(chunk, `${jsonType}Transfer-Encoding: chunked\r\n`));
    },
  ],
];
for (const [name, sendTo] of tooLarge) {
  test(`D06 a body above 4 MiB ${name} is refused with the error text of Docker, and no plugin is called`, async () => {
    await using guarded = await serveGuarded();
    const response = await sendTo(guarded.api.socket, documentOf(limit + 1));
    assert.deepEqual(
      [response.status, response.body],
      [500, '{"message":"request body too large for authorization plugin: size exceeds 4194304 bytes"}\n'],
    );
    assert.deepEqual(guarded.plugin.asked(), []);
    assert.deepEqual(guarded.done, []);
  });
}

for (const contentType of ['application/x-tar', undefined]) {
  test(`an archive of type ${contentType} is streamed without a size limit and not sent to the plugin`, async () => {
    await using guarded = await serveGuarded();
    const response = await send(guarded.api.socket, 'POST', '/plugins/create?name=p', {
      body: 'x'.repeat(limit + 10),
      ...(contentType === undefined ? {} : { headers: { 'Content-Type': contentType } }),
    });
    assert.equal(response.status, 204, response.body);
    assert.deepEqual(guarded.done, [`create p ${limit + 10}`]);
    assert.equal(guarded.plugin.questions[0]?.body.RequestBody, undefined);
  });
}

for (const target of ['/auth', '/v1.41/auth']) {
  test(`D16 the plugin receives no body and no credential header of POST ${target}`, async () => {
    await using plugin = await startAuthorizationPlugin('acme/authz:latest');
    const received: unknown[] = [];
    const route: Route = {
      method: 'POST',
      path: '/auth',
      async handle({ body }) {
        received.push(await body.json());
        return jsonReply(200, { IdentityToken: 'canary' });
      },
    };
    await using api = await startTestApi(scriptEngine({}), { ...askedBy(plugin), routes: [route] });
    const response = await send(api.socket, 'POST', target, {
      body: '{"password":"canary"}',
      headers: {
        'Content-Type': 'application/json',
        Authorization: 'canary',
        'X-REGISTRY-AUTH': 'canary',
        'x-registry-config': 'canary',
      },
    });
    assert.equal(response.status, 200);
    assert.deepEqual(received, [{ password: 'canary' }]);
    assert.deepEqual(plugin.asked(), [`AuthZReq POST ${target}`, `AuthZRes POST ${target}`]);
    const shown = JSON.stringify(plugin.questions);
    assert.doesNotMatch(shown, new RegExp(`canary|${Buffer.from('canary').toString('base64').slice(0, 6)}`));
    for (const { body } of plugin.questions) {
      assert.equal(body.RequestBody, undefined);
      assert.equal(body.ResponseBody, undefined);
    }
  });
}
