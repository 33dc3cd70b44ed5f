import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { OutboardError, type ProgressEvent, type ReportProgress } from '@outboard/engine';
import { openConnection, parseResponse, readToEnd, send } from '../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';

const json = { 'Content-Type': 'application/json' };
const pullTarget = '/v1.41/plugins/pull?name=&remote=reg:5000/acme/p:v1';
const pullRequest = { body: '[]', headers: json };

/** A promise and its resolve function; Node.js 20 lacks `Promise.withResolvers`. */
function createDeferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** An engine with a scripted pull. */
function createPullEngine(pull: (report: ReportProgress, signal: AbortSignal) => Promise<void>) {
  return scriptEngine({
    localName: () => 'acme/p:v1',
    async pull({ onProgress = () => {}, signal = new AbortController().signal }) {
      await pull(onProgress, signal);
      return samplePlugin();
    },
  });
}

test('a pull streams one JSON object per line, with CR LF line endings', async () => {
  const steps: readonly ProgressEvent[] = [
    { status: 'Pulling from reg:5000/acme/p', id: 'v1' },
    { status: 'Digest: sha256:x > y' },
    { status: 'Waiting', id: '74ee8ba21b03' },
    { status: 'Downloading', id: 'efd4653a6317', current: 0, total: 10 },
  ];
  await using api = await startTestApi(createPullEngine(async (report) => steps.forEach(report)));
  const response = await send(api.socket, 'POST', pullTarget, pullRequest);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(response.headers.get('docker-plugin-name'), 'acme/p:v1');
  assert.equal(response.headers.get('transfer-encoding'), 'chunked');
  assert.equal(
    response.body,
    '{"status":"Pulling from reg:5000/acme/p","id":"v1"}\r\n' +
      '{"status":"Digest: sha256:x \\u003e y"}\r\n' +
      '{"status":"Waiting","progressDetail":{},"id":"74ee8ba21b03"}\r\n' +
      '{"status":"Downloading","progressDetail":{"total":10},"id":"efd4653a6317"}\r\n',
  );
});

test('a push ends with the tag, digest and size of the manifest', async () => {
  const engine = scriptEngine({
    async push({ onProgress = () => {} }) {
      onProgress({ status: 'The push refers to repository [reg:5000/acme/p]' });
      onProgress({ status: '', result: { tag: 'v1', digest: 'sha256:d', size: 419 } });
    },
  });
  await using api = await startTestApi(engine);
  for (const verb of ['push', 'pull']) {
    const response = await send(api.socket, 'POST', `/plugins/acme/p:v1/${verb}`);
    assert.equal(
      response.body,
      '{"status":"The push refers to repository [reg:5000/acme/p]"}\r\n' +
        '{"progressDetail":{},"aux":{"Tag":"v1","Digest":"sha256:d","Size":419}}\r\n',
    );
  }
});

test('D09 an error before the first step is a status with the header Docker-Plugin-Name', async () => {
  const engine = createPullEngine(async () => {
    throw new OutboardError('conflict', 'plugin acme/p:v1 already exists', { code: 'name-taken' });
  });
  await using api = await startTestApi(engine);
  const response = await send(api.socket, 'POST', pullTarget, pullRequest);
  assert.equal(response.status, 400, 'as in Docker, where only create answers 409');
  assert.equal(response.body, '{"message":"plugin acme/p:v1 already exists"}\n');
  assert.equal(response.headers.get('docker-plugin-name'), 'acme/p:v1');
});

test('D09 an error after the first step is the last line of the stream', async () => {
  const engine = createPullEngine(async (report) => {
    report({ status: 'Pulling from acme/p', id: 'v1' });
    report({ status: 'Extracting', id: '74ee8ba21b03', current: 5 });
    throw new OutboardError('invalid', 'incorrect privileges');
  });
  await using api = await startTestApi(engine);
  const response = await send(api.socket, 'POST', pullTarget, pullRequest);
  assert.equal(response.status, 200);
  assert.deepEqual(response.body.split('\r\n'), [
    '{"status":"Pulling from acme/p","id":"v1"}',
    '{"status":"Extracting","progressDetail":{"current":5},"id":"74ee8ba21b03"}',
    '{"errorDetail":{"message":"incorrect privileges"},"error":"incorrect privileges"}',
    '',
  ]);
  assert.equal(api.log.at(-1)?.status, 200);
});

test('a pull without steps is an empty stream', async () => {
  await using api = await startTestApi(createPullEngine(async () => {}));
  const response = await send(api.socket, 'POST', pullTarget, pullRequest);
  assert.deepEqual(
    [response.status, response.body, response.headers.get('content-type')],
    [200, '', 'application/json'],
  );
});

test('100000 steps of one blob are reduced to fewer than 50 lines, which include the last step', async () => {
  const engine = createPullEngine(async (report) => {
    for (let current = 1; current <= 100_000; current += 1) {
      report({ status: 'Downloading', id: '74ee8ba21b03', current, total: 100_000 });
    }
    report({ status: 'Download complete', id: 'efd4653a6317', current: 1 });
  });
  await using api = await startTestApi(engine);
  const response = await send(api.socket, 'POST', pullTarget, pullRequest);
  const lines = response.body.trim().split('\r\n');
  assert.ok(lines.length < 50, `${lines.length} lines`);
  assert.deepEqual(
    lines.slice(-2).map((line) => JSON.parse(line).progressDetail.current),
    [100_000, 1],
  );
});

test('a client that does not read does not delay the transfer, and receives the last state later', async () => {
  const finished = createDeferred<void>();
  const engine = createPullEngine(async (report) => {
    // More data than the socket buffers hold.
    for (let step = 0; step < 200; step += 1) {
      for (let blob = 0; blob < 500; blob += 1) {
        report({ status: 'Downloading '.repeat(50), id: blob.toString(16).padStart(12, '0'), current: step });
      }
      await new Promise(setImmediate);
    }
    finished.resolve();
  });
  await using api = await startTestApi(engine);
  const socket = await openConnection(api.socket);
  socket.pause();
  socket.write(
    `POST ${pullTarget} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]`,
  );
  await finished.promise;
  const response = parseResponse(await readToEnd(socket.resume()));
  const lines = response.body.trim().split('\r\n');
  assert.ok(lines.length < 500 * 20, `${lines.length} lines`);
  for (const line of lines.slice(-500)) assert.equal(JSON.parse(line).progressDetail.current, 199);
});

test('D08 a client that disconnects cancels its pull', async () => {
  const aborted = createDeferred<unknown>();
  const engine = createPullEngine(async (report, signal) => {
    report({ status: 'Pulling from acme/p', id: 'v1' });
    await once(signal, 'abort');
    aborted.resolve(signal.reason);
    report({ status: 'too late', id: '74ee8ba21b03' });
    throw signal.reason;
  });
  await using api = await startTestApi(engine);
  const socket = await openConnection(api.socket);
  socket.write(
    `POST ${pullTarget} HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]`,
  );
  await once(socket, 'data');
  socket.destroy();
  assert.match(String(await aborted.promise), /the client went away/);
});

test('a daemon stop ends a running pull with an error line', async () => {
  const engine = createPullEngine(async (report, signal) => {
    report({ status: 'Pulling from acme/p', id: 'v1' });
    await once(signal, 'abort');
    throw signal.reason;
  });
  await using api = await startTestApi(engine);
  const socket = await openConnection(api.socket);
  const answer = readToEnd(socket);
  socket.write(
    `POST ${pullTarget} HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]`,
  );
  await once(socket, 'data');
  api.stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
  assert.match(
    parseResponse(await answer).body,
    /\{"errorDetail":\{"message":"the daemon is shutting down"\}/,
  );
});

const emptyGrants = ['', 'null', '{}', '[]'];
for (const body of emptyGrants) {
  test(`D05 a pull with the body ${JSON.stringify(body)} grants nothing`, async () => {
    const granted: unknown[] = [];
    const engine = scriptEngine({
      localName: () => 'acme/p:v1',
      async pull({ privileges }) {
        granted.push(privileges);
        return samplePlugin();
      },
    });
    await using api = await startTestApi(engine);
    assert.equal((await send(api.socket, 'POST', pullTarget, { body, headers: json })).status, 200);
    assert.deepEqual(granted, [[]]);
  });
}

test('a pull passes remote, alias, privileges and credentials to the engine, and names the plugin in its header', async () => {
  const requests: unknown[] = [];
  const engine = scriptEngine({
    localName: (remote, name) => `${name ?? remote} as local`,
    async pull({ onProgress: _, signal: __, ...request }) {
      requests.push(request);
      return samplePlugin();
    },
  });
  await using api = await startTestApi(engine);
  const response = await send(api.socket, 'POST', '/plugins/pull?remote=r/p&name=a:b', {
    body: '[{"Name":"mount","Description":"d","Value":["/x"]}]',
    headers: {
      ...json,
      'X-Registry-Auth': Buffer.from('{"username":"u"}').toString('base64url'),
      'X-Meta-Y': 'z',
    },
  });
  assert.equal(response.headers.get('docker-plugin-name'), 'a:b as local');
  assert.deepEqual(requests, [
    {
      remote: 'r/p',
      name: 'a:b as local',
      privileges: [{ name: 'mount', description: 'd', value: ['/x'] }],
      access: { credentials: { username: 'u' }, headers: { 'x-meta-y': 'z' } },
      archive: undefined,
      platform: undefined,
    },
  ]);
});
