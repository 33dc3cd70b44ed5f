import assert from 'node:assert/strict';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type LogLine, type LogQuery, OutboardError, type PluginLogs } from '@outboard/engine';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

function line(stream: LogLine['stream'], text: string, isComplete = true): LogLine {
  return { stream, timeNano: 1_769_860_800_000_000_001n, content: Buffer.from(text, 'latin1'), isComplete };
}

type Read = (query: LogQuery, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>;

async function serve(context: TestContext, read: Read): Promise<TestApi> {
  const logs: PluginLogs = {
    onOutput: () => () => {},
    calls: { append: () => {}, read: () => lines() },
    read: (plugin, query = {}, { signal = new AbortController().signal } = {}) => {
      if (plugin !== 'acme/p:1') throw new OutboardError('not-found', `plugin "${plugin}" not found`);
      return read(query, signal);
    },
  };
  const api = await startTestApi(scriptEngine({ logs }));
  context.after(() => api[Symbol.asyncDispose]());
  return api;
}

async function get(api: TestApi, query = '', plugin = 'acme/p:1') {
  const path = `/v1.51/outboard/v1/plugins/${plugin}/logs?${query}`;
  return await new Promise<{ status: number; type: string; body: Buffer }>((resolve, reject) => {
    request({ socketPath: api.socket, path, headers: { Host: 'x' } }, (response) => {
      const { statusCode = 0, headers } = response;
      const type = headers['content-type'] ?? '';
      buffer(response).then((body) => resolve({ status: statusCode, type, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

/** The frames, each as `kind text`. */
function frames(body: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 4);
    assert.deepEqual([...body.subarray(at + 1, at + 4)], [0, 0, 0]);
    found.push(`${body[at]} ${body.toString('latin1', at + 8, at + 8 + length)}`);
    at += 8 + length;
  }
  return found;
}

async function* lines(...groups: readonly (readonly LogLine[])[]) {
  yield* groups;
}

test('each line is a frame of its stream with its bytes unchanged', async (t) => {
  const api = await serve(t, () =>
    lines([line('stdout', 'one'), line('stderr', '\xff\x00')], [line('stdout', 'half', false)]),
  );
  const { status, type, body } = await get(api);
  assert.deepEqual([status, type], [200, 'application/vnd.docker.multiplexed-stream']);
  assert.deepEqual(frames(body), ['1 one\n', '2 \xff\x00\n', '1 half']);
  const stamped = await get(api, 'timestamps=1');
  assert.equal(frames(stamped.body)[0], '1 2026-01-31T12:00:00.000000001Z one\n');
});

test('the query parameters are passed to the engine', async (t) => {
  const seen: LogQuery[] = [];
  const api = await serve(t, (query) => {
    seen.push(query);
    return lines();
  });
  await get(api);
  await get(api, 'follow=1&since=5&until=6.5&tail=7&stderr=1&stdout=0');
  await get(api, 'tail=all&follow=0&since=0');
  const noLimits = { tail: undefined, sinceNano: undefined, untilNano: undefined };
  assert.deepEqual(seen, [
    { streams: ['stdout', 'stderr'], follow: false, ...noLimits },
    { streams: ['stderr'], follow: true, tail: 7, sinceNano: 5_000_000_000n, untilNano: 6_500_000_000n },
    { streams: ['stdout', 'stderr'], follow: false, ...noLimits },
  ]);
});

const refused: readonly (readonly [query: string, message: RegExp])[] = [
  ['tail=many', /^invalid value for "tail": "many": expected a number of lines or "all"$/],
  ['tail=-1', /^invalid value for "tail"/],
  ['since=then', /^invalid value for "since"/],
  ['until=then', /^invalid value for "until"/],
  ['stdout=0&stderr=0', /^Bad parameters: you must choose at least one stream$/],
  ['stdout=false', /^Bad parameters/],
];

for (const [query, message] of refused) {
  test(`the query ${query} is refused`, async (t) => {
    const { status, body } = await get(await serve(t, () => assert.fail('read() is not expected')), query);
    assert.equal(status, 400);
    assert.match(JSON.parse(body.toString()).message, message);
  });
}

test('an unknown plugin is answered 404', async (t) => {
  const { status } = await get(await serve(t, () => lines()), '', 'other');
  assert.equal(status, 404);
});

test('an error while reading is the last frame', async (t) => {
  const api = await serve(t, async function* () {
    yield [line('stdout', 'one')];
    throw new OutboardError('unavailable', 'the output was removed');
  });
  assert.deepEqual(frames((await get(api)).body), ['1 one\n', '3 the output was removed']);
});

test('the head is sent before the first line, and a disconnect of the client aborts the read', async (t) => {
  let ended: (reason: unknown) => void = () => undefined;
  const reading = new Promise((resolve) => {
    ended = resolve;
  });
  const api = await serve(t, async function* (_query, signal) {
    yield await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        ended(signal.reason);
        reject(signal.reason);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    const call = request(
      {
        socketPath: api.socket,
        path: '/outboard/v1/plugins/acme/p:1/logs?follow=1',
        headers: { Host: 'x' },
      },
      (response) => {
        response.destroy();
        resolve();
      },
    );
    call.on('error', reject).end();
  });
  assert.match(String(await reading), /the client went away/);
});

test('a daemon stop ends the stream with an error frame', async (t) => {
  const api = await serve(t, async function* (_query, signal) {
    yield [line('stdout', 'one')];
    api.stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
    signal.throwIfAborted();
  });
  const { body } = await get(api, 'follow=1');
  assert.deepEqual(frames(body), ['1 one\n', '3 the daemon is shutting down']);
});

test('a client that does not read pauses the read of the log, so that the buffer is bounded', async (t) => {
  let groups = 0;
  const group = Array.from({ length: 100 }, () => line('stdout', 'x'.repeat(1000)));
  const api = await serve(t, async function* () {
    for (; groups < 1000; groups += 1) yield group;
  });
  const path = '/outboard/v1/plugins/acme/p:1/logs';
  await new Promise<void>((resolve, reject) => {
    request({ socketPath: api.socket, path, headers: { Host: 'x' } }, (response) => {
      response.pause();
      // Another client is served meanwhile; then this client reads the whole log.
      get(api, 'tail=x')
        .then(async ({ status }) => {
          assert.equal(status, 400);
          assert.ok(groups < 100, `${groups} of 1000 groups were read for a client that reads nothing`);
          assert.equal(frames(await buffer(response)).length, 100_000);
        })
        .then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
});
