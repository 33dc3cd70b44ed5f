import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type CreateVolumeRequest, OutboardError, type Volume, type Volumes } from '@outboard/engine';
import { openConnection, send } from '../../../testing/raw-http.ts';
import { scriptEngine } from '../../../testing/scripted-engine.ts';
import { startTestApi } from '../../../testing/test-api.ts';

const sample: Volume = {
  name: 'data',
  driver: 'acme/p:latest',
  mountpoint: '/host/data',
  scope: 'local',
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
  labels: new Map([['a', 'b']]),
};
const { createdAt: _, labels: __, ...bare } = sample;

function apiWith(script: Partial<Volumes>) {
  const engine = scriptEngine({});
  return startTestApi({ ...engine, volumes: { ...engine.volumes, ...script } });
}

const json = { 'Content-Type': 'application/json' };

test('GET /volumes answers volumes and warnings in the JSON of Docker', async () => {
  await using api = await apiWith({
    list: async () => ({ volumes: [sample, bare], warnings: ['list x: away'] }),
  });
  const response = await send(api.socket, 'GET', '/v1.51/volumes');
  assert.equal(response.status, 200);
  assert.equal(
    response.body,
    '{"Volumes":[{"CreatedAt":"2026-01-02T03:04:05Z","Driver":"acme/p:latest","Labels":{"a":"b"},' +
      '"Mountpoint":"/host/data","Name":"data","Options":null,"Scope":"local"},' +
      '{"CreatedAt":"0001-01-01T00:00:00Z","Driver":"acme/p:latest","Labels":null,"Mountpoint":"/host/data",' +
      '"Name":"data","Options":null,"Scope":"local"}],"Warnings":["list x: away"]}\n',
  );
});

test('GET /volumes without volumes answers an empty array and null for Warnings', async () => {
  await using api = await apiWith({ list: async () => ({ volumes: [], warnings: [] }) });
  assert.equal((await send(api.socket, 'GET', '/volumes')).body, '{"Volumes":[],"Warnings":null}\n');
});

const names: readonly [target: string, name: string][] = [
  ['data', 'data'],
  ['bad/name', 'bad/name'],
  ['bad%2Fname', 'bad/name'],
  ['prune', 'prune'],
  ['create', 'create'],
  ['a%20b%25', 'a b%'],
];
for (const [target, name] of names) {
  test(`D03 GET and DELETE /volumes/${target} pass the name ${JSON.stringify(name)} to the engine`, async () => {
    const asked: unknown[] = [];
    await using api = await apiWith({
      async inspect(wanted) {
        asked.push(wanted);
        return { ...sample, status: { healthy: true } };
      },
      async remove(wanted, { force } = {}) {
        asked.push([wanted, force]);
      },
    });
    const shown = await send(api.socket, 'GET', `/volumes/${target}`);
    assert.equal(JSON.parse(shown.body).Status.healthy, true);
    assert.equal((await send(api.socket, 'DELETE', `/volumes/${target}`)).status, 204);
    assert.equal((await send(api.socket, 'DELETE', `/volumes/${target}?force=1`)).status, 204);
    assert.deepEqual(asked, [name, [name, false], [name, true]]);
  });
}

const bodies: readonly [body: string, expected: CreateVolumeRequest][] = [
  ['{}', {}],
  ['null', {}],
  ['{"Name":"","Driver":""}', {}],
  ['{"Name":"a","Driver":null,"DriverOpts":null,"Labels":null}', { name: 'a' }],
  [
    '{"name":"a","DRIVER":"d","driveropts":{},"Unknown":1}',
    { name: 'a', driver: 'd', options: new Map<string, string>() },
  ],
  [
    '{"Labels":{"__proto__":"x","n":null}}',
    {
      labels: new Map([
        ['__proto__', 'x'],
        ['n', ''],
      ]),
    },
  ],
  ['{"ClusterVolumeSpec":null}', {}],
];
for (const [body, expected] of bodies) {
  test(`D18 POST /volumes/create reads ${body}`, async () => {
    const asked: CreateVolumeRequest[] = [];
    await using api = await apiWith({
      async create({ signal: _signal, ...request }) {
        asked.push(request);
        return sample;
      },
    });
    const response = await send(api.socket, 'POST', '/volumes/create', { body, headers: json });
    assert.equal(response.status, 201);
    assert.equal(JSON.parse(response.body).Name, 'data');
    assert.deepEqual(asked, [expected]);
  });
}

test('D05 POST /volumes/create accepts an empty body', async () => {
  await using api = await apiWith({ create: async () => sample });
  assert.equal((await send(api.socket, 'POST', '/volumes/create', { body: '' })).status, 201);
});

const refused: readonly [body: string, status: number, message: RegExp][] = [
  ['[]', 400, /^invalid JSON: expected an object$/],
  ['nope', 400, /^invalid JSON/],
  ['{"Name":5}', 400, /^invalid JSON: field "Name": expected a string or null$/],
  ['{"Labels":["a"]}', 400, /^invalid JSON: field "Labels": expected an object$/],
  [
    '{"DriverOpts":{"password":5}}',
    400,
    /^invalid JSON: field "DriverOpts.password": expected a string or null$/,
  ],
  ['{"ClusterVolumeSpec":{}}', 501, /^cluster volumes need swarm mode/],
];
for (const [body, status, message] of refused) {
  test(`D18 POST /volumes/create refuses ${body}`, async () => {
    await using api = await apiWith({});
    const response = await send(api.socket, 'POST', '/volumes/create', { body, headers: json });
    assert.equal(response.status, status);
    assert.match(JSON.parse(response.body).message, message);
  });
}

test('D11 POST /volumes/create refuses a body without a JSON content type', async () => {
  await using api = await apiWith({});
  const response = await send(api.socket, 'POST', '/volumes/create', {
    body: '{}',
    headers: { 'Content-Type': 'text/plain' },
  });
  assert.equal(response.status, 400);
});

test('POST /volumes/prune answers the names of the removed volumes', async () => {
  const asked: unknown[] = [];
  let removed = ['a', 'b'];
  await using api = await apiWith({
    async prune({ signal: _signal, ...request } = {}) {
      asked.push(request);
      return removed;
    },
  });
  const filters = encodeURIComponent('{"all":{"true":true}}');
  const response = await send(api.socket, 'POST', `/volumes/prune?filters=${filters}`);
  assert.deepEqual(
    [response.status, response.body],
    [200, '{"VolumesDeleted":["a","b"],"SpaceReclaimed":0}\n'],
  );
  removed = [];
  const empty = await send(api.socket, 'POST', '/volumes/prune');
  assert.equal(empty.body, '{"VolumesDeleted":[],"SpaceReclaimed":0}\n');
  assert.deepEqual(asked, [{ all: true }, {}]);
});

test('an error of the engine is answered with its status and message', async () => {
  await using api = await apiWith({
    async inspect(name) {
      throw new OutboardError('not-found', `get ${name}: no such volume`);
    },
  });
  const response = await send(api.socket, 'GET', '/volumes/nope');
  assert.equal(response.status, 404);
  assert.equal(response.body, '{"message":"get nope: no such volume"}\n');
});

test('D08 a client that disconnects cancels its call', async () => {
  const { promise: asked, resolve: ask } = withResolvers<AbortSignal>();
  await using api = await apiWith({
    inspect: (_name, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        if (signal === undefined) throw new Error('the call has no signal');
        signal.addEventListener('abort', () => reject(signal.reason));
        ask(signal);
      }),
  });
  const socket = await openConnection(api.socket);
  socket.write('GET /volumes/data HTTP/1.1\r\nHost: d\r\n\r\n');
  const signal = await asked;
  const aborted = once(signal, 'abort');
  socket.destroy();
  await aborted;
});

function withResolvers<Value>() {
  let resolve = (_value: Value): void => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
