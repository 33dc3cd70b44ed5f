import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type RequestListener, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { createListeners, withResolvers } from '@outboard/async';
import { pino } from 'pino';
import type { Gateway, GatewayPlugin } from './gateway.ts';
import { type GatewayOptions, openGateway } from './open-gateway.ts';

type GivenOptions = Partial<Pick<GatewayOptions<GatewayPlugin>, 'access' | 'aliasFile' | 'createHandler'>>;

/** A gateway in a directory of its own, over plugins that the test changes. */
async function openTestGateway(
  context: TestContext,
  plugins: GatewayPlugin[],
  given: GivenOptions & { readonly directory?: string } = {},
) {
  const home = given.directory ?? mkdtempSync(join(tmpdir(), 'ob-gw-'));
  if (given.directory === undefined) context.after(() => rmSync(home, { recursive: true }));
  const listeners = createListeners<[{ plugin: { id: string } }]>((error) => assert.fail(String(error)));
  const disabled: GatewayPlugin[] = [];
  /** Number of reads of the plugins of the host, with which a new name is compared. */
  const reads = { installed: 0 };
  const gateway = await openGateway({
    directory: join(home, 'plugins'),
    access: { mode: 0o660 },
    source: {
      all: () => plugins,
      installed: () => {
        reads.installed += 1;
        return [...plugins, ...disabled];
      },
      onChange: listeners.add,
    },
    createHandler: (plugin) => (_request, response) => response.end(plugin.name),
    logger: pino({ level: 'silent' }),
    ...given,
  });
  context.after(() => gateway.close());
  const change = async (id: string, work: () => void) => {
    work();
    listeners.notify({ plugin: { id } });
    await gateway.settled();
  };
  return { gateway, directory: join(home, 'plugins'), plugins, disabled, change, reads };
}

function newPlugin(name: string, gateway: { enabled?: boolean; alias?: string } = {}): GatewayPlugin {
  return { id: `id of ${name}`, name, options: { gateway } };
}

/** Call a plugin. @returns the body of the answer */
async function call(socketPath: string): Promise<string> {
  const sent = request({ socketPath, path: '/Plugin.Activate', method: 'POST' });
  const [response] = await once(sent.end(), 'response');
  return text(response);
}

function sockets(directory: string): readonly string[] {
  return readdirSync(directory).sort();
}

/** Wait until an endpoint is as wanted; the gateway checks after each change of the directory. */
async function until(gateway: Gateway, isReached: (gateway: Gateway) => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!isReached(gateway)) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('openGateway()', () => {
  test('compares names with those of all plugins for a new name only', async (context) => {
    const made = await openTestGateway(context, [newPlugin('acme/one:latest'), newPlugin('acme/two:latest')]);
    const { plugins, change, reads, directory } = made;
    const before = reads.installed;
    await change('id of acme/one:latest', () => undefined);
    await change('id of acme/two:latest', () => plugins.splice(1, 1));
    assert.equal(reads.installed, before);
    assert.deepEqual(sockets(directory), ['one.sock']);
    await change('id of acme/two:latest', () => plugins.push(newPlugin('acme/two:latest')));
    assert.equal(reads.installed, before + 1);
    assert.deepEqual(sockets(directory), ['one.sock', 'two.sock']);
  });

  test('listens for each plugin, with the mode, and until the plugin is disabled', async (context) => {
    const made = await openTestGateway(context, [newPlugin('vieux/sshfs:latest')], {
      access: { mode: 0o606 },
    });
    const { gateway, directory, plugins, disabled, change } = made;
    const path = join(directory, 'sshfs.sock');
    assert.equal(await call(path), 'vieux/sshfs:latest');
    assert.equal((lstatSync(path).mode & 0o7777).toString(8), '606');
    assert.equal((lstatSync(directory).mode & 0o7777).toString(8), '755');
    await change('', () => plugins.push(newPlugin('acme/sshfs:1')));
    assert.deepEqual(sockets(directory), ['acme-sshfs.sock', 'sshfs.sock']);
    assert.equal(await call(join(directory, 'acme-sshfs.sock')), 'acme/sshfs:1');
    await change('', () => disabled.push(...plugins.splice(0, 1)));
    assert.deepEqual(sockets(directory), ['acme-sshfs.sock']);
    // The name stays its own meanwhile.
    await change('', () => plugins.push(newPlugin('other/sshfs:1')));
    assert.deepEqual(
      gateway.endpoints().map(({ alias }) => alias),
      ['acme-sshfs', 'other-sshfs'],
    );
    await gateway.close();
    assert.deepEqual(sockets(directory), []);
  });

  test('listens under another name once its operator chose one, and not at all if they said so', async (context) => {
    const { gateway, directory, plugins, change } = await openTestGateway(context, [newPlugin('acme/p:v2')]);
    const id = plugins[0]?.id ?? '';
    await change(id, () => plugins.splice(0, 1, newPlugin('acme/p:v2', { alias: 'store' })));
    assert.deepEqual(sockets(directory), ['store.sock']);
    assert.equal(gateway.endpoint(id)?.path, join(directory, 'store.sock'));
    await change(id, () => plugins.splice(0, 1, newPlugin('acme/p:v2', { enabled: false })));
    assert.deepEqual(sockets(directory), []);
    assert.equal(gateway.endpoint(id), undefined);
  });

  test('makes a new handler for a plugin that changed, and for no other', async (context) => {
    const made: string[] = [];
    const createHandler = ({ id, name }: GatewayPlugin): RequestListener => {
      made.push(id);
      return (_request, response) => response.end(`${name} ${made.length}`);
    };
    const plugins = [newPlugin('a:1'), newPlugin('b:1')];
    const { directory, change } = await openTestGateway(context, plugins, { createHandler });
    assert.deepEqual(made, ['id of a:1', 'id of b:1']);
    await change('id of b:1', () => undefined);
    assert.deepEqual(made, ['id of a:1', 'id of b:1', 'id of b:1']);
    assert.equal(await call(join(directory, 'b.sock')), 'b:1 3');
  });

  test('gives plugins their names again after a restart with a file of names', async (context) => {
    const home = mkdtempSync(join(tmpdir(), 'ob-gw-'));
    context.after(() => rmSync(home, { recursive: true }));
    const given = { directory: home, aliasFile: join(home, 'aliases.json') };
    const names = ['z/p:1', 'a/p:1'];
    const first = await openTestGateway(context, [], given);
    for (const name of names) await first.change('', () => first.plugins.push(newPlugin(name)));
    await first.gateway.close();
    const { gateway } = await openTestGateway(
      context,
      names.map((name) => newPlugin(name)),
      given,
    );
    const found = gateway.endpoints().map(({ alias, pluginName }) => [alias, pluginName]);
    assert.deepEqual(found, [
      ['a-p', 'a/p:1'],
      ['p', 'z/p:1'],
    ]);
  });

  test('creates a deleted socket and a deleted directory again', async (context) => {
    const { gateway, directory } = await openTestGateway(context, [newPlugin('acme/p:v2')]);
    const path = join(directory, 'p.sock');
    for (const victim of [path, directory]) {
      const { ino } = lstatSync(path);
      rmSync(victim, { recursive: true });
      await until(gateway, () => existsSync(path) && lstatSync(path).ino !== ino);
      assert.equal(await call(path), 'acme/p:v2');
    }
  });

  for (const [title, obstruct] of [
    ['a file', (path: string) => writeFileSync(path, 'mine')],
    ['a link to a socket', (path: string) => symlinkSync('/nonexistent/s', path)],
  ] as const) {
    test(`leaves ${title} at its path, tells about it, and listens once it is gone`, async (context) => {
      const { gateway, directory, plugins, change } = await openTestGateway(context, [newPlugin('x:1')]);
      const path = join(directory, 'p.sock');
      obstruct(path);
      await change('', () => plugins.push(newPlugin('acme/p:v2')));
      const { ino } = lstatSync(path);
      assert.match(gateway.endpoint('id of acme/p:v2')?.problem ?? '', /the path is not a socket$/);
      assert.equal(gateway.isOwnSocket(path), false);
      assert.equal(lstatSync(path).ino, ino);
      rmSync(path);
      await until(gateway, () => gateway.endpoint('id of acme/p:v2')?.problem === undefined);
      assert.equal(await call(path), 'acme/p:v2');
      assert.ok(gateway.isOwnSocket(path));
    });
  }

  test('leaves the socket of another program, and replaces one without a listener', async (context) => {
    const { gateway, directory, plugins, change } = await openTestGateway(context, [newPlugin('x:1')]);
    const path = join(directory, 'p.sock');
    const other = createServer((socket) => void socket.on('error', () => {}).end('other'));
    await once(other.listen(path), 'listening');
    await change('', () => plugins.push(newPlugin('acme/p:v2')));
    assert.match(gateway.endpoint('id of acme/p:v2')?.problem ?? '', /another process listens there$/);
    const [bytes] = await once(connect(path), 'data');
    assert.equal(String(bytes), 'other');
    // Node.js deletes the file.
    await new Promise((resolve) => other.close(resolve));
    await until(gateway, () => gateway.endpoint('id of acme/p:v2')?.problem === undefined);
    assert.equal(await call(path), 'acme/p:v2');
  });

  test('admits a free name, and refuses the name of a plugin and a path that is too long', async (context) => {
    const { gateway } = await openTestGateway(context, [newPlugin('acme/p:v2')]);
    gateway.admitAlias({ name: 'b:1' }, 'b');
    gateway.admitAlias({ name: 'acme/p:v2' }, 'p');
    assert.throws(() => gateway.admitAlias({ name: 'b:1' }, 'p'), {
      kind: 'conflict',
      message: /"p-2" is free/,
    });
    const alias = 'a'.repeat(90);
    assert.throws(() => gateway.admitAlias({ name: 'b:1' }, alias), { kind: 'invalid', message: /107/ });
  });
});

describe('the end of a gateway', () => {
  /** A handler that answers when the test says so. */
  function heldHandler() {
    const [arrived, released] = [withResolvers<void>(), withResolvers<void>()];
    const createHandler = (): RequestListener => async (_request, response) => {
      arrived.resolve();
      await released.promise;
      response.end('done');
    };
    return { createHandler, arrived: arrived.promise, release: released.resolve };
  }

  test('answers the requests in flight, and accepts no other', async (context) => {
    const { createHandler, arrived, release } = heldHandler();
    const { gateway, directory } = await openTestGateway(context, [newPlugin('p:1')], { createHandler });
    const path = join(directory, 'p.sock');
    const answer = call(path);
    await arrived;
    const closed = gateway.close();
    await until(gateway, () => !existsSync(path));
    await assert.rejects(call(path), { code: 'ENOENT' });
    release();
    assert.equal(await answer, 'done');
    await closed;
  });

  test('closes idle connections without waiting for their clients', async (context) => {
    const { gateway, directory } = await openTestGateway(context, [newPlugin('p:1')]);
    const client = connect(join(directory, 'p.sock'));
    await once(client, 'connect');
    await gateway.close();
    assert.equal(await text(client), '');
  });
});
