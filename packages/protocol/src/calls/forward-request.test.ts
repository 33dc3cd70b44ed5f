/** Requests of other programs, sent on as they are. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import { scriptBytes, scriptPlugin } from '../testing/scripted-plugin.ts';
import type { ForwardedAnswer } from './plugin-client.ts';

const post = (path: string, body: Uint8Array | AsyncIterable<Uint8Array> = Buffer.alloc(0)) => ({
  path,
  headers: [],
  body,
});
const text = async (answer: ForwardedAnswer) => (await answer.bytes()).toString();

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

describe('forward()', () => {
  test('sends target, headers and body as they are, and a host of its own', async () => {
    let headers: readonly string[] = [];
    await using plugin = await scriptPlugin((_call, response, request) => {
      headers = request.rawHeaders;
      response.end();
    });
    const body = Buffer.from('\ufeff{"Name": "v" }\r\n\0\xff', 'latin1');
    const request = { path: '/VolumeDriver.Get?a=%2F', headers: ['X-Case', 'Ä', 'X-Case', 'two'], body };
    await plugin.client.forward(request, text);
    assert.deepEqual(plugin.calls, [{ method: 'VolumeDriver.Get?a=%2F', body: body.toString() }]);
    const named = (wanted: string) => headers.filter((_value, index) => headers[index - 1] === wanted);
    assert.deepEqual(named('X-Case'), ['Ä', 'two']);
    assert.deepEqual(named('host'), ['plugin.moby.localhost']);
    assert.deepEqual(named('content-length'), [String(body.length)]);
  });

  test('hands over status, headers and body of any answer as they are', async () => {
    await using plugin = await scriptBytes((socket) => {
      socket.write(
        'HTTP/1.1 418 Short\r\nX-Case: Ä\r\nx-case: two\r\nContent-Length: 9\r\n\r\n{"Err":"x',
        'latin1',
      );
    });
    const seen = await plugin.client.forward(post('/X.Y'), async (answer) => ({
      status: answer.status,
      headers: answer.headers,
      body: await text(answer),
    }));
    assert.equal(seen.status, 418);
    assert.deepEqual(seen.headers, ['X-Case', 'Ä', 'x-case', 'two', 'Content-Length', '9']);
    assert.equal(seen.body, '{"Err":"x');
  });

  test('streams in both directions at once', async () => {
    const second = withResolvers<void>();
    await using plugin = await scriptBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n');
      socket.on('data', () => socket.end('4\r\nlate\r\n0\r\n\r\n'));
    });
    async function* slow() {
      yield Buffer.from('one');
      await second.promise;
      yield Buffer.from('two');
    }
    const parts: string[] = [];
    await plugin.client.forward(
      post('/X.Y', slow()),
      async ({ body }) => {
        for await (const chunk of body) {
          parts.push(Buffer.from(chunk).toString());
          second.resolve();
        }
      },
      { isStream: true },
    );
    assert.deepEqual(parts, ['early', 'late']);
  });

  test('waits for a socket without having read the source, and then sends all of it', async () => {
    const sleeping: string[] = [];
    let socketPath = '';
    const clock = createFakeClock({ skipsSleep: true });
    const sleep = async () => {
      sleeping.push('slept');
      await rename(`${socketPath}.away`, socketPath);
    };
    await using plugin = await scriptPlugin((_call, response) => response.end('{}'), {
      clock: { ...clock, sleep },
    });
    socketPath = plugin.socketPath;
    await rename(socketPath, `${socketPath}.away`);
    await plugin.client.forward(post('/X.Y', chunks('one ', 'two')), text);
    assert.deepEqual(sleeping, ['slept']);
    assert.deepEqual(plugin.calls, [{ method: 'X.Y', body: 'one two' }]);
  });

  test('sends a request again only before it was received, or when it is idempotent', async () => {
    await using plugin = await scriptPlugin((_call, response) => {
      if (plugin.calls.length < 3) response.destroy();
      else response.end('answered');
    });
    const body = Buffer.from('{"Name":"v"}');
    await assert.rejects(plugin.client.forward(post('/X.Y', body), text), { code: 'plugin-connection-lost' });
    assert.equal(plugin.calls.length, 1);
    assert.equal(await plugin.client.forward(post('/X.Y', body), text, { idempotent: true }), 'answered');
    assert.deepEqual(
      plugin.calls.map((call) => call.body),
      [body.toString(), body.toString(), body.toString()],
    );
  });

  test('never sends chunks again that were read', async () => {
    await using plugin = await scriptPlugin((_call, response) => response.destroy());
    await assert.rejects(plugin.client.forward(post('/X.Y', chunks('one')), text, { idempotent: true }), {
      code: 'plugin-connection-lost',
    });
    assert.equal(plugin.calls.length, 1);
  });

  test('bounds a whole answer, and names the method in errors', async () => {
    await using plugin = await scriptPlugin((_call, response) => response.end('x'.repeat(2000)));
    await assert.rejects(plugin.client.forward(post('/X.Y'), text, { maxReplyBytes: 1000 }), {
      code: 'plugin-reply-too-large',
      message: /^X\.Y: /,
    });
  });

  test('limits the time of the whole exchange, and of a stream that until its status line', async () => {
    await using plugin = await scriptPlugin(({ method }, response) => {
      if (method === 'X.Half') response.write('half');
    });
    const late = { code: 'plugin-timeout' };
    await assert.rejects(plugin.client.forward(post('/X.Half'), text, { timeoutMs: 20 }), late);
    const stream = { timeoutMs: 20, isStream: true };
    await assert.rejects(plugin.client.forward(post('/X.Hang'), text, stream), late);
  });

  test('stops with the reason of the signal, also while a stream is read', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const left = withResolvers<void>();
    await using plugin = await scriptPlugin((_call, response) => {
      response.on('close', left.resolve);
      response.write('half');
    });
    const receive = async ({ body }: ForwardedAnswer) => {
      for await (const _chunk of body) controller.abort(reason);
    };
    await assert.rejects(
      plugin.client.forward(post('/X.Y'), receive, { signal: controller.signal, isStream: true }),
      reason,
    );
    await left.promise;
  });

  test('stops with the reason of the signal while an answer is incomplete', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const left = withResolvers<void>();
    await using plugin = await scriptPlugin((_call, response) => {
      response.on('close', left.resolve);
      response.write('half', () => controller.abort(reason));
    });
    await assert.rejects(plugin.client.forward(post('/X.Y'), text, { signal: controller.signal }), reason);
    await left.promise;
  });

  test('closes the connection of a stream that was not read', async () => {
    const left = withResolvers<void>();
    await using plugin = await scriptPlugin(({ method }, response) => {
      if (method !== 'X.Long') return void response.end('short');
      response.on('close', left.resolve);
      response.write('x'.repeat(1000));
    });
    assert.equal(
      await plugin.client.forward(post('/X.Long'), async ({ status }) => status, { isStream: true }),
      200,
    );
    await left.promise;
    assert.equal(await plugin.client.forward(post('/X.Y'), text), 'short');
  });
});
