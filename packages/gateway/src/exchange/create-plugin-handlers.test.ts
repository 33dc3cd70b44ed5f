/** Exchanges over real sockets: a raw client, the handler, and a plugin in this process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { openHandledPlugin, postOf } from '../testing/handled-plugin.ts';
import { createOpenStreams } from './open-streams.ts';

const json = (value: unknown) => `${JSON.stringify(value)}\n`;

describe('createPluginHandlers()', () => {
  test('a volume that somebody holds is not removed', async () => {
    const removeBy = async () => {
      throw new OutboardError('conflict', 'remove v: volume is in use - [web]', { code: 'in-use' });
    };
    await using plugin = await openHandledPlugin(() => assert.fail('not reached'), { mounts: { removeBy } });
    const { status, body } = await plugin.post('VolumeDriver.Remove', '{"Name":"v"}');
    assert.equal(status, 500);
    assert.match(body, /volume is in use - \[web\]/);
  });

  test('answers the handshake from the config, without the plugin', async () => {
    await using plugin = await openHandledPlugin(() => assert.fail('the plugin is not asked'), {
      interfaceTypes: [
        'docker.volumedriver/1.1',
        'docker.authz/1.0',
        'docker.csinode/1.0',
        'other.logdriver/1.0',
      ],
      ready: async () => assert.fail('the handshake waits for nothing'),
    });
    const answer = await plugin.post('Plugin.Activate');
    assert.equal(answer.status, 200);
    assert.equal(answer.body, json({ Implements: ['VolumeDriver', 'authz'] }));
    assert.ok(answer.headers.includes('Content-Type: application/vnd.docker.plugins.v1.2+json'));
  });

  test('forwards bytes and headers of both sides as they are, on a connection that is kept', async () => {
    const answered = '{ "Allow":false,\r\n"Msg":"\\u00e9 é no", "Err":"x" } trailing';
    await using plugin = await openHandledPlugin((_call, response) => {
      response.writeHead(200, ['X-Plugin', 'one', 'x-plugin', 'two', 'Content-Type', 'text/weird']);
      response.end(answered);
    });
    const client = await plugin.connect();
    const body = '\t{"RequestUri":"/v1.44/_ping"}\n';
    const request = [
      'POST /AuthZPlugin.AuthZReq HTTP/1.1',
      'Host: /run/docker/plugins/p.sock',
      'X-Consumer: Ä',
      'Connection: keep-alive, X-Hop',
      'X-Hop: mine',
      'Transfer-Encoding: chunked',
    ];
    const bytes = `${request.join('\r\n')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    for (let time = 0; time < 2; time += 1) {
      const answer = await client.send(Buffer.from(bytes, 'latin1'));
      assert.equal(answer.status, 200);
      assert.equal(answer.body, answered);
      for (const line of ['X-Plugin: one', 'x-plugin: two', 'Content-Type: text/weird']) {
        assert.ok(answer.headers.includes(line), line);
      }
    }
    client.socket.destroy();
    assert.deepEqual(
      plugin.received.map((call) => call.body),
      [body, body],
    );
    const { headers } = plugin.received[0] ?? assert.fail();
    assert.equal(headers[headers.indexOf('X-Consumer') + 1], 'Ä');
    assert.ok(!headers.includes('X-Hop'));
    assert.equal(headers[headers.indexOf('host') + 1], 'plugin.moby.localhost');
  });

  for (const [name, request] of [
    ['GET', 'GET /VolumeDriver.List HTTP/1.1\r\nHost: plugin\r\n\r\n'],
    ['PUT with a body', 'PUT /VolumeDriver.List HTTP/1.1\r\nHost: plugin\r\nContent-Length: 2\r\n\r\n{}'],
  ] as const) {
    test(`refuses ${name} with a clear error, and keeps the connection`, async () => {
      await using plugin = await openHandledPlugin((_call, response) => response.end('{"Volumes":[]}'));
      const client = await plugin.connect();
      const answer = await client.send(request);
      assert.equal(answer.status, 405);
      assert.ok(answer.headers.includes('Allow: POST'));
      const method = request.split(' ')[0];
      assert.deepEqual(JSON.parse(answer.body), {
        Err: `VolumeDriver.List: want a POST request, got ${method}`,
      });
      assert.equal((await client.send(postOf('VolumeDriver.List'))).status, 200);
      client.socket.destroy();
    });
  }

  test('answers HEAD without a body', async () => {
    await using plugin = await openHandledPlugin(() => assert.fail('not reached'));
    const client = await plugin.connect();
    client.socket.write('HEAD /VolumeDriver.List HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of client.socket) text += String(chunk);
    assert.match(text, /^HTTP\/1\.1 405 /);
    assert.match(text, /\r\n\r\n$/);
  });

  test('sends 100 Continue to a client that waits for it', async () => {
    await using plugin = await openHandledPlugin((_call, response) =>
      response.end('{"Volume":{"Name":"v"}}'),
    );
    const client = await plugin.connect();
    const body = '{"Name":"v"}';
    const head = `POST /VolumeDriver.Get HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\nContent-Length: ${body.length}`;
    const continued = withResolvers<string>();
    client.socket.once('data', (chunk: Buffer) => continued.resolve(chunk.toString()));
    client.socket.write(`${head}\r\n\r\n`);
    assert.equal(await continued.promise, 'HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal((await client.send(body)).body, '{"Volume":{"Name":"v"}}');
    client.socket.destroy();
    assert.ok(!plugin.received[0]?.headers.includes('Expect'));
  });

  test('streams what is in no table, in both directions', async () => {
    const got = withResolvers<void>();
    await using plugin = await openHandledPlugin((call, response) => {
      assert.equal(call.method, 'LogDriver.ReadLogs');
      response.write('first ');
      void got.promise.then(() => response.end('last'));
    });
    const client = await plugin.connect();
    client.socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('first')) got.resolve();
    });
    const answer = await client.send(postOf('LogDriver.ReadLogs', '{"Config":{"Follow":true}}'));
    client.socket.destroy();
    assert.equal(answer.body, 'first last');
    assert.equal(plugin.received[0]?.body, '{"Config":{"Follow":true}}');
  });

  test('counts a stream from the head of its answer to its end', async () => {
    const [got, streams] = [withResolvers<void>(), createOpenStreams()];
    const ended = withResolvers<void>();
    await using plugin = await openHandledPlugin(
      (_call, response) => {
        response.write('first ');
        void got.promise.then(() => response.end('last'));
      },
      { streams, onReport: () => ended.resolve() },
    );
    const client = await plugin.connect();
    const first = once(client.socket, 'data');
    const answer = client.send(postOf('LogDriver.ReadLogs', '{"Config":{"Follow":true}}'));
    await first;
    const [stream, ...more] = streams.of('a'.repeat(64));
    assert.deepEqual([stream?.method, stream?.consumer.pid, more], ['LogDriver.ReadLogs', process.pid, []]);
    assert.deepEqual(streams.of('b'.repeat(64)), []);
    got.resolve();
    await answer;
    await ended.promise;
    client.socket.destroy();
    assert.deepEqual(streams.of('a'.repeat(64)), []);
  });

  test('cuts the connection when a stream of the plugin breaks, and counts it no longer', async () => {
    const streams = createOpenStreams();
    const options = { streams };
    await using plugin = await openHandledPlugin((_call, response) => {
      response.write('half', () => response.destroy());
    }, options);
    await assert.rejects(plugin.post('X.Y'), /the connection ended after: .*half/s);
    assert.match(plugin.reported[0]?.error ?? '', /lost the connection/);
    assert.deepEqual(streams.of('a'.repeat(64)), []);
  });

  for (const leaving of ['VolumeDriver.Get', 'LogDriver.ReadLogs']) {
    test(`a client that leaves ends its ${leaving} at the plugin`, async () => {
      const [begun, ended] = [withResolvers<void>(), withResolvers<void>()];
      await using plugin = await openHandledPlugin((_call, response) => {
        response.on('close', ended.resolve);
        begun.resolve();
      });
      const client = await plugin.connect();
      client.socket.write(postOf(leaving, '{"Name":"v"}'));
      await begun.promise;
      client.socket.destroy();
      await ended.promise;
    });
  }

  test('bounds requests and answers', async () => {
    const limits = { maxRequestBytes: 1024, maxAnswerBytes: 1024 };
    await using plugin = await openHandledPlugin((_call, response) => response.end('x'.repeat(2000)), {
      limits,
    });
    const large = await plugin.post('VolumeDriver.Create', 'x'.repeat(1025));
    assert.equal(large.status, 413);
    assert.deepEqual(JSON.parse(large.body), { Err: 'the request is too large: want at most 1024 bytes' });
    assert.equal((await plugin.post('X.Unknown', 'x'.repeat(1025))).status, 413);
    const answer = await plugin.post('VolumeDriver.Create', '{}');
    assert.equal(answer.status, 502);
    assert.match(JSON.parse(answer.body).Err, /VolumeDriver.Create: .* too large: want at most 1024 bytes/);
  });

  test('waits until the plugin is ready, and reports why it never will be', async () => {
    const { promise, resolve } = withResolvers<void>();
    await using plugin = await openHandledPlugin((_call, response) => response.end('{"Volumes":[]}'), {
      ready: () => promise,
    });
    const waiting = plugin.post('VolumeDriver.List');
    resolve();
    assert.equal((await waiting).status, 200);
    await using failed = await openHandledPlugin(() => assert.fail('not reached'), {
      ready: async () => {
        throw new OutboardError('unavailable', 'plugin acme/p:latest has failed: exit code 1');
      },
    });
    const answer = await failed.post('VolumeDriver.List');
    assert.equal(answer.status, 503);
    assert.deepEqual(JSON.parse(answer.body), { Err: 'plugin acme/p:latest has failed: exit code 1' });
  });

  test('reports calls with their consumer', async () => {
    await using plugin = await openHandledPlugin((_call, response) =>
      response.writeHead(500).end('{"Err":"no"}'),
    );
    await plugin.post('VolumeDriver.Remove', '{"Name":"v"}');
    const [call] = plugin.reported;
    assert.equal(call?.method, 'VolumeDriver.Remove');
    assert.equal(call?.status, 500);
    assert.equal(call?.consumer.pid, process.pid);
    assert.ok((call?.durationMs ?? -1) >= 0);
  });
});
