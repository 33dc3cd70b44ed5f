/** Malformed HTTP, lost connections and slow answers of a plugin, in calls and streams. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { type Clock, fromCallback, pollUntil, withResolvers } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import { scriptBytes, scriptPlugin } from '../testing/scripted-plugin.ts';

const head = 'HTTP/1.1 200 OK\r\n';
/** More than any limit, in lines of 1 KiB. */
const flood = `X-Flood: ${'x'.repeat(1012)}\r\n`.repeat(2048);

describe('a call', () => {
  for (const status of [301, 302, 307, 308]) {
    test(`follows no redirect of status ${status}`, async () => {
      await using plugin = await scriptPlugin((_call, response) => {
        response.writeHead(status, { location: '/X.Other' }).end();
      });
      await assert.rejects(plugin.client.call('X.Y', { a: 1 }), {
        code: 'plugin-error',
        message: `X.Y: status ${status}`,
      });
      assert.deepEqual(
        plugin.calls.map(({ method }) => method),
        ['X.Y'],
      );
    });
  }

  const hostile: readonly (readonly [string, string, string])[] = [
    ['endless headers', `${head}${flood}`, 'plugin-reply-too-large'],
    [
      'endless trailers',
      `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${flood}`,
      'plugin-reply-too-large',
    ],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'plugin-reply-malformed'],
    ['text that is not HTTP', '{"Err":""}\n', 'plugin-reply-malformed'],
    ['a malformed chunk size', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'plugin-reply-malformed'],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `, 'plugin-reply-malformed'],
  ];
  for (const [name, answer, code] of hostile) {
    test(`S04 fails at ${name} with a typed error, and is not retried`, async () => {
      await using plugin = await scriptBytes((socket) => socket.write(answer));
      await assert.rejects(plugin.client.call('X.Y', {}, { idempotent: true, timeoutMs: 60_000 }), {
        kind: 'system',
        code,
      });
      assert.equal(plugin.calls.length, 1);
    });
  }

  for (const [name, answer] of [
    ['before the status', ''],
    ['in the headers', `${head}Content-Le`],
    ['in a body with a length', `${head}Content-Length: 10\r\n\r\n{"a"`],
    ['in a body of chunks', `${head}Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n`],
  ] as const) {
    test(`whose connection ends ${name} fails as lost, and is retried if it is idempotent`, async () => {
      let attempts = 0;
      await using plugin = await scriptBytes((socket) => {
        attempts += 1;
        socket.end(attempts < 3 ? answer : `${head}Content-Length: 2\r\n\r\n{}`);
      });
      await assert.rejects(plugin.client.call('X.Y'), {
        kind: 'unavailable',
        code: 'plugin-connection-lost',
      });
      await plugin.client.call('X.Y', {}, { idempotent: true });
      assert.equal(attempts, 3);
    });
  }

  test('is answered while many other calls hang', async () => {
    const hanging = new AbortController();
    let waiting = 0;
    await using plugin = await scriptPlugin(({ method }, response) => {
      if (method === 'X.Hang') waiting += 1;
      else response.end('{"a":"answered"}');
    });
    const calls = Array.from({ length: 40 }, () =>
      assert.rejects(plugin.client.call('X.Hang', {}, { signal: hanging.signal }), { message: 'enough' }),
    );
    assert.equal((await plugin.client.call('X.Y')).text('a'), 'answered');
    hanging.abort(new Error('enough'));
    await Promise.all(calls);
    assert.ok(waiting <= 40, `want 40 calls at most, got ${waiting}`);
  });

  test('that is given up leaves no connection open, on which a plugin would wait', async () => {
    const sockets = new Set<Socket>();
    await using plugin = await scriptPlugin(({ method }, response, request) => {
      sockets.add(request.socket);
      if (method !== 'X.Hang') response.end('{}');
    });
    const late = { code: 'plugin-timeout' };
    await Promise.all(
      [1, 2, 3].map(() => assert.rejects(plugin.client.call('X.Hang', {}, { timeoutMs: 1_000 }), late)),
    );
    await plugin.client.call('X.Y');
    // Only the connection of the last call, which is kept for the next one.
    const connections = () => fromCallback<number>((done) => plugin.server.getConnections(done));
    assert.ok(await pollUntil(async () => (await connections()) === 1, { timeoutMs: 5_000 }));
    assert.equal(sockets.size, 4);
  });

  test('fails at once when the client is closed, also between attempts, and after that', async () => {
    const clock = createFakeClock();
    const waiting = withResolvers<void>();
    const sleep: Clock['sleep'] = (ms, options) => {
      waiting.resolve();
      return clock.sleep(ms, options);
    };
    await using plugin = await scriptPlugin((_call, response) => response.destroy(), {
      clock: { ...clock, sleep },
    });
    const lost = {
      kind: 'unavailable',
      code: 'plugin-connection-lost',
      message: /the client was closed$/,
    } as const;
    const call = assert.rejects(plugin.client.call('X.Y', {}, { idempotent: true }), lost);
    await waiting.promise;
    await plugin.client[Symbol.asyncDispose]();
    await call;
    await assert.rejects(plugin.client.call('X.Y', {}, { idempotent: true }), lost);
  });

  test('leaves no listener on a signal that outlives it', async () => {
    await using plugin = await scriptPlugin((_call, response) => response.end('{}'));
    const { signal } = new AbortController();
    await plugin.client.call('X.Y', {}, { signal });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    await assert.rejects(plugin.client.call('X.Y', {}, { signal: AbortSignal.abort(new Error('before')) }), {
      message: 'before',
    });
    assert.equal(plugin.calls.length, 1);
  });
});

describe('a stream', () => {
  async function read(source: AsyncIterable<Uint8Array>): Promise<string> {
    let text = '';
    for await (const chunk of source) text += Buffer.from(chunk).toString();
    return text;
  }

  test('makes its call when it is read, and yields chunks as they arrive', async () => {
    await using plugin = await scriptPlugin((_call, response) => {
      response.write('one ');
      response.end('two');
    });
    const source = plugin.client.stream('X.Y', { a: 1 });
    assert.deepEqual(plugin.calls, []);
    assert.equal(await read(source), 'one two');
    assert.deepEqual(plugin.calls, [{ method: 'X.Y', body: '{"a":1}\n' }]);
  });

  for (const [name, status, body, message] of [
    ['Err', 500, '{"Err":"no logs"}', 'X.Y: no logs'],
    ['plain text', 404, 'page not found', 'X.Y: page not found'],
  ] as const) {
    test(`fails before its first byte when the plugin answers with ${name}`, async () => {
      await using plugin = await scriptPlugin((_call, response) => response.writeHead(status).end(body));
      await assert.rejects(read(plugin.client.stream('X.Y', {})), { code: 'plugin-error', message });
    });
  }

  test('bounds the text of a failure', async () => {
    const options = { maxReplyBytes: 1000 };
    await using plugin = await scriptPlugin((_call, response) => {
      response.writeHead(500).end('x'.repeat(2000));
    }, options);
    await assert.rejects(read(plugin.client.stream('X.Y', {})), { code: 'plugin-reply-too-large' });
  });

  test('has no size limit when it succeeds', async () => {
    await using plugin = await scriptPlugin((_call, response) => response.end('x'.repeat(5000)), {
      maxReplyBytes: 1000,
    });
    assert.equal((await read(plugin.client.stream('X.Y', {}))).length, 5000);
  });

  test('fails as lost when the connection breaks in the middle', async () => {
    await using plugin = await scriptPlugin((_call, response) => {
      response.write('half', () => response.destroy());
    });
    await assert.rejects(read(plugin.client.stream('X.Y', {}, { idempotent: true })), {
      kind: 'unavailable',
      code: 'plugin-connection-lost',
    });
    assert.equal(plugin.calls.length, 1);
  });

  test('waits for the status line no longer than its time limit', async () => {
    await using plugin = await scriptPlugin(() => {});
    await assert.rejects(read(plugin.client.stream('X.Y', {}, { timeoutMs: 20 })), {
      code: 'plugin-timeout',
    });
  });

  test('has no time limit after the status line', async (context) => {
    let finish: () => void = () => {};
    await using plugin = await scriptPlugin((_call, response) => {
      finish = () => response.end('late');
      response.write('early ');
    });
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let text = '';
    for await (const chunk of plugin.client.stream('X.Y', {}, { timeoutMs: 20_000 })) {
      text += Buffer.from(chunk).toString();
      context.mock.timers.tick(60_000);
      finish();
    }
    assert.equal(text, 'early late');
  });

  test('ends with the reason of the signal, also in the middle', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    await using plugin = await scriptPlugin((_call, response) => response.write('first'));
    const reading = async () => {
      for await (const _chunk of plugin.client.stream('X.Y', {}, { signal: controller.signal })) {
        controller.abort(reason);
      }
    };
    await assert.rejects(reading(), reason);
  });

  test('closes its connection when the reader stops early', async () => {
    let leave: () => void = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    await using plugin = await scriptPlugin((_call, response) => {
      response.on('close', leave);
      response.write('first');
    });
    for await (const _chunk of plugin.client.stream('X.Y', {})) break;
    await left;
  });

  test('ends when the client is closed', async () => {
    await using plugin = await scriptPlugin((_call, response) => response.write('first'));
    const reading = async () => {
      for await (const _chunk of plugin.client.stream('X.Y', {})) await plugin.client[Symbol.asyncDispose]();
    };
    await assert.rejects(reading(), { code: 'plugin-connection-lost', message: /the client was closed$/ });
  });

  test('uses none of the connections for calls', async () => {
    await using plugin = await scriptPlugin(({ method }, response) => {
      if (method === 'X.Stream') response.write('first');
      else response.end('{"a":"answered"}');
    });
    const controller = new AbortController();
    const streams = Array.from({ length: 20 }, () => {
      return plugin.client.stream('X.Stream', {}, { signal: controller.signal })[Symbol.asyncIterator]();
    });
    await Promise.all(streams.map((stream) => stream.next()));
    assert.equal((await plugin.client.call('X.Y')).text('a'), 'answered');
    controller.abort();
    await Promise.all(
      streams.map((stream) => assert.rejects(async () => stream.next(), { name: 'AbortError' })),
    );
  });
});
