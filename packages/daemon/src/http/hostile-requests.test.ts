import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { exchangeRaw, openConnection, parseResponse, readToEnd, send } from '../testing/raw-http.ts';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';

const json = { 'Content-Type': 'application/json' };

const ambiguous: readonly [name: string, request: string][] = [
  [
    'a second transfer coding',
    'POST /plugins/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'a transfer coding in HTTP/1.0',
    'POST /plugins/create HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two Host headers', 'GET /_ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['no Host header', 'GET /_ping HTTP/1.1\r\n\r\n'],
  [
    'both Content-Length and Transfer-Encoding',
    'POST /plugins/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'two Content-Length headers',
    'POST /plugins/create HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ],
  ['a bare line feed', 'GET /_ping HTTP/1.1\nHost: d\n\n'],
];
for (const [name, request] of ambiguous) {
  test(`D01 a request with ${name} is answered 400 and its connection is closed`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    const smuggled = 'GET /plugins HTTP/1.1\r\nHost: d\r\n\r\n';
    const response = await exchangeRaw(api.socket, request + smuggled);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('connection'), 'close');
    assert.ok(api.log.every((entry) => entry.path !== '/plugins'));
  });
}

test('D04 headers above 16 KiB are answered 431', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const response = await send(api.socket, 'GET', '/_ping', { headers: { 'X-Big': 'x'.repeat(17 * 1024) } });
  assert.equal(response.status, 431);
});

test('D04 2001 headers are answered 431', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const headers = Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`${i}`, '']));
  assert.equal((await send(api.socket, 'GET', '/_ping', { headers })).status, 431);
});

test('D05 a JSON body above the limit is answered 413 with the limit', async () => {
  await using api = await startTestApi(scriptEngine({}), { maxJsonBytes: 100 });
  const body = JSON.stringify(['x'.repeat(200)]);
  const response = await send(api.socket, 'POST', '/plugins/p/set', { body, headers: json });
  assert.deepEqual(
    [response.status, JSON.parse(response.body)],
    [413, { message: 'the request body is larger than 100 bytes' }],
  );
});

test('a JSON body with more than 16384 values is answered 400 without being parsed', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const body = `[${'1,'.repeat(16_384)}1]`;
  const response = await send(api.socket, 'POST', '/plugins/p/set', { body, headers: json });
  assert.deepEqual(
    [response.status, JSON.parse(response.body)],
    [400, { message: 'the request body has more than 16384 JSON values' }],
  );
});

test('D05 an endless chunked body is answered 413 and the connection is closed', async () => {
  await using api = await startTestApi(scriptEngine({}), { maxJsonBytes: 1000, maxDrainBytes: 10_000 });
  const socket = await openConnection(api.socket);
  const ended = readToEnd(socket);
  socket.write(
    'POST /plugins/p/set HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n',
  );
  const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`;
  for (let i = 0; i < 200 && socket.writable; i += 1) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), ended]);
  }
  await ended;
  assert.deepEqual(
    api.log.map(({ status }) => status),
    [413],
  );
});

test('D04 D07 a stalled body is answered 408', async () => {
  await using api = await startTestApi(scriptEngine({}), { stallMs: 50 });
  const head =
    'POST /plugins/p/set HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n["a';
  const response = await exchangeRaw(api.socket, head);
  assert.equal(response.status, 408);
  assert.match(response.body, /stalled/);
});

const typed: readonly [name: string, contentType: string | undefined, status: number, message: RegExp][] = [
  [
    'text/plain',
    'text/plain',
    400,
    /^unsupported Content-Type header \(text\/plain\): must be 'application\/json'$/,
  ],
  ['a form', 'application/x-www-form-urlencoded', 400, /^unsupported Content-Type header/],
  ['no content type', undefined, 400, /^malformed Content-Type header \(\): mime: no media type$/],
];
for (const [name, contentType, status, message] of typed) {
  test(`D05 D11 a JSON body with ${name} as content type is refused`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
    const response = await send(api.socket, 'POST', '/plugins/p/set', { body: '["A=b"]', headers });
    assert.equal(response.status, status);
    assert.match(JSON.parse(response.body).message, message);
  });
}

test('D05 Expect: 100-continue is answered before the body is sent', async () => {
  await using api = await startTestApi(scriptEngine({ set: async () => {} }));
  const socket = await openConnection(api.socket);
  const head =
    'POST /plugins/p/set HTTP/1.1\r\nHost: d\r\nConnection: close\r\nExpect: 100-continue\r\n' +
    'Content-Type: application/json\r\nContent-Length: 5\r\n\r\n';
  socket.write(head);
  const [interim] = await once(socket, 'data');
  assert.match(String(interim), /^HTTP\/1\.1 100 /);
  socket.write('["a"]');
  assert.equal(parseResponse(await readToEnd(socket)).status, 204);
});

const bodies: readonly [body: string, message: RegExp][] = [
  ['{"a":1}', /expected an array/],
  ['["a",1]', /element 1: expected a string/],
  ['["a"] x', /^unexpected content after JSON$/],
  ['["a', /not one JSON document/],
  ['["a\\u0000b=c"]', /element 0 contains a NUL character/],
  ['['.repeat(16_000), /not one JSON document/],
];
for (const [body, message] of bodies) {
  test(`D18 POST set refuses ${body.slice(0, 20)} with a message about the error`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    const response = await send(api.socket, 'POST', '/plugins/p/set', { body, headers: json });
    assert.equal(response.status, 400);
    assert.match(JSON.parse(response.body).message, message);
  });
}

test('D18 POST set passes the values to the engine unchanged', async () => {
  const received: (readonly string[])[] = [];
  const engine = scriptEngine({
    async set(_plugin, args) {
      received.push(args);
    },
  });
  await using api = await startTestApi(engine);
  const values = ['A=b=c', 'A=b=c', ' spaced = x ', 'N=line\nline', '__proto__=x', ''];
  const response = await send(api.socket, 'POST', '/plugins/p/set', {
    body: JSON.stringify(values),
    headers: json,
  });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get('content-type'), undefined);
  assert.deepEqual(received, [values]);
});

const fromWeb: readonly [name: string, headers: Record<string, string>][] = [
  ['an Origin', { Origin: 'https://evil.example' }],
  ['a null Origin', { Origin: 'null' }],
  ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site', { 'Sec-Fetch-Site': 'same-site' }],
];
for (const [name, headers] of fromWeb) {
  test(`D10 D11 a request with ${name} is answered 403 on every listener before routing`, async () => {
    await using api = await startTestApi(scriptEngine({}));
    for (const endpoint of [api.socket, api.port]) {
      const target = '/plugins/x/enable?timeout=0';
      const response = await send(endpoint, 'POST', target, { headers, host: 'localhost' });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get('api-version'), undefined);
    }
  });
}

test('D10 TCP listeners accept local host names only; unix sockets accept every Host header', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const over = async (endpoint: string | number, host: string) =>
    (await send(endpoint, 'GET', '/_ping', { host })).status;
  for (const host of ['localhost', `127.0.0.1:${api.port}`, `LOCALHOST:${api.port}`, '[::1]:1']) {
    assert.equal(await over(api.port, host), 200, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '10.0.0.1',
    '',
  ]) {
    assert.equal(await over(api.port, host), 403, host);
  }
  assert.equal(await over(api.socket, 'api.moby.localhost'), 200);
});

test('POST enable reads its parameters from the query or a form body, as Docker does', async () => {
  const timeouts: (number | undefined)[] = [];
  const engine = scriptEngine({
    async enable(_plugin, options) {
      timeouts.push(options?.timeoutSeconds);
    },
  });
  await using api = await startTestApi(engine);
  const form = { body: 'timeout=7', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
  for (const [target, request] of [
    ['/plugins/p/enable', form],
    ['/plugins/p/enable?timeout=30', {}],
    ['/plugins/p/enable', {}],
  ] as const) {
    const response = await send(api.socket, 'POST', target, request);
    assert.deepEqual(
      [response.status, response.body, response.headers.get('content-type')],
      [200, '', undefined],
    );
  }
  assert.deepEqual(timeouts, [7, 30, 0]);
});

test('D04 600 idle TCP connections do not block the unix socket', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const closed: Promise<unknown>[] = [];
  const openIdle = async () => {
    const socket = await openConnection(api.port);
    // Read immediately: some connections are closed while others still connect.
    closed.push(readToEnd(socket));
    return socket;
  };
  const idle = await Promise.all(Array.from({ length: 600 }, openIdle));
  // The listener holds 512 connections and closes each further one at once.
  await Promise.race(closed);
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  for (const socket of idle) socket.destroy();
  await Promise.all(closed);
});

test('D08 clients that ask to upgrade and go away cause no uncaught exception', async (context) => {
  await using api = await startTestApi(scriptEngine({}));
  const uncaught = context.mock.fn();
  process.on('uncaughtException', uncaught);
  try {
    const request = 'POST /plugins/create HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
    for (let turn = 0; turn < 50; turn += 1) {
      const connection = await openConnection(api.socket);
      connection.write(request, () => connection.destroy());
      await once(connection, 'close');
    }
    assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  } finally {
    process.off('uncaughtException', uncaught);
  }
  assert.equal(uncaught.mock.callCount(), 0);
});
