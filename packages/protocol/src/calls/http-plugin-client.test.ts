import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { isOutboardError } from '@outboard/oci';
import { createPluginClient, type PluginClientDeps } from './http-plugin-client.ts';
import type { PluginClient, PluginClientOptions } from './plugin-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

interface Call {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let directory: string;
let socketPath: string;
let server: Server | undefined;
let client: PluginClient | undefined;
let calls: Call[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outboard-client-'));
  socketPath = join(directory, 'plugin.sock');
});
after(() => rm(directory, { recursive: true, force: true }));
afterEach(async () => {
  await client?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  client = undefined;
  calls = [];
});

/** A plugin on a unix socket in this process, with scripted answers. */
async function serve(answer: Answer): Promise<void> {
  const started = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // In some tests the caller hangs up.
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      calls.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      answer(request, response, body);
    });
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(socketPath, resolve));
}

const reply = (status: number, text: string): Answer => {
  return (_request, response) => {
    response.writeHead(status);
    response.end(text);
  };
};

function open(
  options: Partial<PluginClientOptions> = {},
  deps: PluginClientDeps = { clock: createFakeClock({ skipsSleep: true }) },
): PluginClient {
  client = createPluginClient({ socketPath, ...options }, deps);
  return client;
}

describe('createPluginClient()', () => {
  test('posts one JSON value and a newline with the headers of Docker Engine', async () => {
    await serve(reply(200, '{}'));
    await open().call('VolumeDriver.Create', { Name: 'v', Opts: { a: 'b' } });
    const [call] = calls;
    assert.equal(call?.line, 'POST /VolumeDriver.Create');
    assert.equal(call?.body, '{"Name":"v","Opts":{"a":"b"}}\n');
    assert.equal(call?.headers.host, 'plugin.moby.localhost');
    assert.equal(call?.headers.accept, 'application/vnd.docker.plugins.v1.2+json');
    assert.equal(call?.headers['content-type'], undefined);
  });

  test('sends an empty body without a request', async () => {
    await serve(reply(200, '{}'));
    await open().call('Plugin.Activate');
    assert.deepEqual([calls[0]?.body, calls[0]?.headers['content-length']], ['', '0']);
  });

  test('reads field names in any letter case, and null as absent', async () => {
    await serve(reply(200, '{"mountPOINT":"/m","volume":null,"VOLUMES":[null],"err":null,"extra":1}'));
    const fields = await open().call('X.Y');
    assert.equal(fields.text('Mountpoint'), '/m');
    assert.equal(fields.object('Volume'), undefined);
    assert.equal(fields.objects('Volumes')[0]?.text('Name'), '');
    assert.deepEqual(fields.texts('Missing'), []);
    assert.throws(() => fields.text('extra'), {
      kind: 'system',
      code: 'plugin-reply-malformed',
      message: /"extra" to be a string, got 1/,
    });
  });

  test('reads a reply of null as an empty object', async () => {
    await serve(reply(200, 'null'));
    assert.equal((await open().call('X.Y')).text('Err'), '');
  });

  const failures: readonly (readonly [string, number, string, string])[] = [
    ['Err with status 200', 200, '{"Err":"no space"}', 'X.Y: no space'],
    ['Err with status 500', 500, '{"Err":"no space"}', 'X.Y: no space'],
    ['err in lower case', 200, '{"err":"no space"}', 'X.Y: no space'],
    ['Error of an IPAM driver', 200, '{"Err":"","Error":"no pool"}', 'X.Y: no pool'],
    ['Err that is not a string', 200, '{"Err":{"code":5}}', 'X.Y: {"code":5}'],
    ['plain text with status 500', 500, 'it broke\n', 'X.Y: it broke'],
    ['JSON without Err', 500, '{"message":"x"}', 'X.Y: {"message":"x"}'],
    ['an empty 404', 404, '', 'X.Y: status 404'],
    ['a status 201', 201, '{}', 'X.Y: {}'],
    ['control characters and escapes', 500, 'a\u001b[31m\r\nb\u202ec', 'X.Y: a [31m b c'],
  ];
  for (const [name, status, text, message] of failures) {
    test(`reports ${name} as a failure of the plugin, and does not call again`, async () => {
      await serve(reply(status, text));
      await assert.rejects(open().call('X.Y'), (error) => {
        assert.ok(isOutboardError(error, 'system'));
        assert.equal(error.message, message);
        assert.equal(error.code, 'plugin-error');
        assert.equal(error.details?.status, status);
        return true;
      });
      assert.equal(calls.length, 1);
    });
  }

  test('truncates long error texts', async () => {
    await serve(reply(500, 'x'.repeat(100_000)));
    await assert.rejects(
      open().call('X.Y'),
      (error) => error instanceof Error && error.message.length < 1100,
    );
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['text', 'ok'],
    ['an array', '[]'],
    ['half an object', '{"a":'],
  ] as const) {
    test(`refuses a reply of ${name} with status 200`, async () => {
      await serve(reply(200, text));
      await assert.rejects(open().call('X.Y'), { kind: 'system', code: 'plugin-reply-malformed' });
    });
  }

  test('stops reading a reply that is too large', async () => {
    await serve((_request, response) => {
      // The client hangs up.
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await assert.rejects(open().call('X.Y'), { kind: 'system', code: 'plugin-reply-too-large' });
  });

  test('gives up after its time limit, also in the middle of a reply', async () => {
    await serve((_request, response) => {
      response.writeHead(200);
      response.write('{"half":');
    });
    await assert.rejects(open({ timeoutMs: 30 }).call('VolumeDriver.Mount'), {
      kind: 'unavailable',
      code: 'plugin-timeout',
      message: 'VolumeDriver.Mount: no answer from the plugin within 0.03 s',
    });
  });

  test('lets a call have its own time limit', async () => {
    await serve(() => {});
    await assert.rejects(open({ timeoutMs: 60_000 }).call('X.Y', {}, { timeoutMs: 20 }), {
      code: 'plugin-timeout',
    });
  });

  test("throws the reason of the caller's signal", async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    await serve(() => controller.abort(reason));
    await assert.rejects(open().call('X.Y', {}, { signal: controller.signal }), reason);
  });

  test('retries with the whole body while no connection can be made, after 1, 2, 4 and 8 s', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      if (waits.length === 3) await serve(reply(200, '{}'));
    };
    await open({}, { clock: { ...createFakeClock(), sleep } }).call('X.Y', { a: 1 });
    assert.deepEqual(waits, [1000, 2000, 4000]);
    assert.deepEqual(
      calls.map(({ body }) => body),
      ['{"a":1}\n'],
    );
  });

  test('gives up when the next wait would reach 30 s', async () => {
    const clock = createFakeClock();
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      clock.advance(ms);
    };
    await assert.rejects(open({}, { clock: { ...clock, sleep } }).call('X.Y'), {
      code: 'socket-missing',
      message: `dial unix ${socketPath}: connect: no such file or directory`,
    });
    assert.deepEqual(waits, [1000, 2000, 4000, 8000]);
  });

  test('retries a call whose reply was lost, with its whole body, only if it is idempotent', async () => {
    let lost = 0;
    await serve((request, response) => {
      lost += 1;
      if (lost <= 2) request.socket.destroy();
      else response.end('{}');
    });
    const opened = open();
    await assert.rejects(opened.call('VolumeDriver.Mount', { a: 1 }), {
      kind: 'unavailable',
      code: 'plugin-connection-lost',
      message: /^VolumeDriver\.Mount: lost the connection to the plugin/,
    });
    await opened.call('VolumeDriver.List', { a: 1 }, { idempotent: true });
    assert.deepEqual(
      calls.map(({ body }) => body),
      ['{"a":1}\n', '{"a":1}\n', '{"a":1}\n'],
    );
  });

  test('reaches the plugin again after its restart', async () => {
    await serve(reply(200, '{}'));
    const opened = open();
    await opened.call('X.Y');
    const first = server;
    first?.closeAllConnections();
    await new Promise((resolve) => first?.close(resolve));
    await serve(reply(200, '{"a":"again"}'));
    assert.equal((await opened.call('X.Y', {}, { idempotent: true })).text('a'), 'again');
  });
});
