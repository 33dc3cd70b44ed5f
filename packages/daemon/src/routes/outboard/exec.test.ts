import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { type ExecRequest, OutboardError } from '@outboard/engine';
import { encodeFrame, frameKinds } from '../../exec/exec-frames.ts';
import { HttpError } from '../../http/errors.ts';
import { exchangeRaw, openConnection, parseResponse, readToEnd, send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi, type TestApiOptions } from '../../testing/test-api.ts';

const path = '/outboard/v1/plugins/acme/p:v1/exec';

/** A scripted command. */
class ScriptedCommand {
  request: ExecRequest | undefined;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly received: string[] = [];
  readonly #ended: Promise<number>;
  #settle: (code: number) => void = () => undefined;

  constructor() {
    this.#ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Resolves with the exit code. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  end(code: number): void {
    this.stdout.end();
    this.stderr.end();
    this.#settle(code);
  }

  session() {
    return {
      stdout: this.stdout,
      stderr: this.stderr,
      ended: this.#ended,
      write: async (data: Uint8Array) => void this.received.push(Buffer.from(data).toString()),
      endInput: () => void this.received.push('(end)'),
      resize: (size: object) => void this.received.push(JSON.stringify(size)),
      kill: () => {
        this.stdout.destroy();
        this.stderr.destroy();
        this.#settle(137);
      },
    };
  }
}

async function startApi(options: TestApiOptions = {}) {
  const command = new ScriptedCommand();
  const engine = scriptEngine({
    async exec(name, request) {
      if (name !== 'acme/p:v1') throw new OutboardError('conflict', `plugin ${name} is not running`);
      command.request = request;
      return command.session();
    },
  });
  return { ...(await startTestApi(engine, options)), command };
}

function ask(body: string, headers: Readonly<Record<string, string>> = {}, target = path): string {
  const all = {
    Host: 'docker',
    Connection: 'Upgrade',
    Upgrade: 'tcp',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Read until the response header is complete. @returns the header, and the bytes after it */
async function readHeader(socket: Socket): Promise<{ readonly header: string; readonly rest: Buffer }> {
  let bytes = Buffer.alloc(0);
  while (!bytes.includes('\r\n\r\n')) {
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk]);
  }
  const end = bytes.indexOf('\r\n\r\n') + 4;
  return { header: bytes.toString('latin1', 0, end), rest: bytes.subarray(end) };
}

const shell = JSON.stringify({ Cmd: ['sh'], AttachStdin: true });

test('POST …/exec upgrades the connection and forwards frames in both directions', async () => {
  await using api = await startApi();
  const socket = await openConnection(api.socket);
  const input = [
    encodeFrame(frameKinds.input, Buffer.from('hello')),
    encodeFrame(frameKinds.resize, Buffer.from('{"Width":91,"Height":17}')),
    encodeFrame(frameKinds.input, Buffer.alloc(0)),
  ];
  // In one write: the bytes after the body are frames, not a second request.
  socket.write(Buffer.concat([Buffer.from(ask(shell)), ...input]));
  const { header, rest } = await readHeader(socket);
  assert.match(header, /^HTTP\/1\.1 101 /);
  assert.match(header, /\r\nUpgrade: tcp\r\n/);
  assert.doesNotMatch(header, /Transfer-Encoding|Content-Length/i);
  api.command.stdout.write('out');
  api.command.stderr.write('err');
  api.command.end(7);
  const all = Buffer.concat([rest, await readToEnd(socket)]);
  const expected = [
    encodeFrame(frameKinds.output, Buffer.from('out')),
    encodeFrame(frameKinds.errors, Buffer.from('err')),
    encodeFrame(frameKinds.exit, Buffer.from('{"ExitCode":7}')),
  ];
  assert.deepEqual(all, Buffer.concat(expected));
  assert.deepEqual(api.command.received, ['hello', '{"columns":91,"rows":17}', '(end)']);
  assert.deepEqual(api.command.request, { command: ['sh'], env: [], hasInput: true, hasTools: false });
});

test('POST …/exec reads a body and frames that arrive byte by byte', async () => {
  await using api = await startApi();
  const socket = await openConnection(api.socket);
  socket.setNoDelay(true);
  const bytes = Buffer.concat([
    Buffer.from(ask(shell)),
    encodeFrame(frameKinds.input, Buffer.from('hi')),
    encodeFrame(frameKinds.input, Buffer.alloc(0)),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await readHeader(socket);
  while (!api.command.received.includes('(end)')) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(api.command.received, ['hi', '(end)']);
  api.command.end(0);
  await readToEnd(socket);
});

test('a client that still sends input receives the exit code when its command ends', async () => {
  await using api = await startApi();
  const socket = connect({ path: api.socket, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(ask(shell));
  await readHeader(socket);
  api.command.end(7);
  const [exit] = await once(socket, 'data');
  assert.deepEqual(exit, encodeFrame(frameKinds.exit, Buffer.from('{"ExitCode":7}')));
  // More than the kernel buffers for a late reader.
  for (let i = 0; i < 8; i += 1) {
    const frame = encodeFrame(frameKinds.input, Buffer.alloc(1024 * 1024));
    await new Promise<void>((resolve, reject) => {
      socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }
  socket.destroy();
});

test('a disconnect of the client kills its command', async () => {
  await using api = await startApi();
  const socket = await openConnection(api.socket);
  socket.write(ask(shell));
  await readHeader(socket);
  socket.destroy();
  assert.equal(await api.command.ended, 137);
});

test('a half-close of the client kills its command, since only a frame ends the input', async () => {
  await using api = await startApi();
  const socket = await openConnection(api.socket);
  socket.write(ask(shell));
  await readHeader(socket);
  socket.end();
  assert.equal(await api.command.ended, 137);
  await readToEnd(socket);
});

for (const [name, frame] of [
  ['an unknown kind', encodeFrame(9, Buffer.from('x'))],
  ['output', encodeFrame(frameKinds.output, Buffer.from('x'))],
  ['more than a mebibyte', Buffer.from([0, 0, 0, 0, 0x00, 0x10, 0x00, 0x01])],
  ['an invalid size', encodeFrame(frameKinds.resize, Buffer.from('{"Width":-1,"Height":1}'))],
  ['a size that is not JSON', encodeFrame(frameKinds.resize, Buffer.from('{'))],
] as const) {
  test(`a frame of ${name} kills the command, and the daemon goes on serving`, async () => {
    await using api = await startApi();
    const socket = await openConnection(api.socket);
    socket.write(Buffer.concat([Buffer.from(ask(shell)), frame]));
    assert.equal(await api.command.ended, 137);
    await readToEnd(socket);
    assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  });
}

test('a daemon stop does not wait for a client that does not read', async () => {
  const api = await startApi();
  const socket = await openConnection(api.socket);
  socket.pause();
  socket.write(ask(shell));
  while (api.command.request === undefined) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 64; i += 1) api.command.stdout.write(Buffer.alloc(65_536));
  api.stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
  await api[Symbol.asyncDispose]();
  assert.equal(await api.command.ended, 137);
  socket.destroy();
});

for (const [name, bytes, status, message] of [
  ['an unknown field', ask('{"Cmd":["sh"],"Privileged":true}'), 400, /unknown field "Privileged"/],
  ['an array', ask('["sh"]'), 400, /^invalid JSON: expected an object$/],
  ['no body', ask(''), 400, /^invalid JSON: expected an object$/],
  [
    'a content type other than JSON',
    ask(shell, { 'Content-Type': 'text/plain' }),
    400,
    /must be 'application\/json'/,
  ],
  ['arguments that are not strings', ask('{"Cmd":[1]}'), 400, /field "Cmd\[0\]": expected a string/],
  [
    'a size without a height',
    ask('{"Cmd":["sh"],"Tty":true,"ConsoleSize":{"Width":1}}'),
    400,
    /field "ConsoleSize.Height": expected a value/,
  ],
  [
    'a chunked body',
    ask(shell, { 'Transfer-Encoding': 'chunked' }).replace(/Content-Length.*\r\n/, ''),
    400,
    /transfer encoding is not allowed/,
  ],
  ['a plugin that does not run', ask(shell, {}, '/outboard/v1/plugins/other/exec'), 409, /is not running/],
  ['an unknown path', ask(shell, {}, '/containers/x/attach'), 404, /page not found/],
] as const) {
  test(`POST …/exec with ${name} is answered ${status} and the connection is closed`, async () => {
    await using api = await startApi();
    const response = await exchangeRaw(api.socket, bytes);
    assert.equal(response.status, status, response.body);
    assert.match(JSON.parse(response.body).message, message);
    assert.equal(response.headers.get('connection'), 'close');
    assert.equal(api.command.request, undefined);
  });
}

test('POST …/exec without an upgrade header is answered 400 and runs nothing', async () => {
  await using api = await startApi();
  const headers = { 'Content-Type': 'application/json' };
  const response = await send(api.socket, 'POST', path, { body: shell, headers });
  assert.equal(response.status, 400);
  assert.match(response.body, /this needs the connection/);
  assert.equal(api.command.request, undefined);
});

test('a request to upgrade to another protocol is answered without an upgrade', async () => {
  await using api = await startApi();
  const bytes = 'GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
  const response = await exchangeRaw(api.socket, bytes);
  assert.deepEqual([response.status, response.body], [200, 'OK']);
});

test('D16 an authorization plugin receives the command and can deny it before it runs', async () => {
  const seen: string[] = [];
  await using api = await startApi({
    async authorize({ body, route }) {
      seen.push(`${route} ${await body.buffer(1024)}`);
      throw new HttpError(403, 'authorization denied by plugin authz: no shells');
    },
  });
  const response = parseResponse(await readToEnd((await openConnection(api.socket)).end(ask(shell))));
  assert.equal(response.status, 403);
  assert.deepEqual(seen, [`/outboard/v1/plugins/{name}/exec ${shell}`]);
  assert.equal(api.command.request, undefined);
});

test('a command does not run when an authorization plugin denies the response', async () => {
  await using api = await startApi({
    async authorize(_request, respond) {
      await respond();
      throw new HttpError(403, 'authorization denied by plugin authz: no answers');
    },
  });
  const response = await exchangeRaw(api.socket, ask(shell));
  assert.equal(response.status, 403);
  assert.equal(api.command.request, undefined);
});
