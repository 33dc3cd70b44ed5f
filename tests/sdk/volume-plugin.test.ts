/**
 * The SDK's volume plugin over a real unix socket, called in the ways of real engines.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  type CallContext,
  type CreateVolume,
  definePlugin,
  type RunningPlugin,
  type ServeOptions,
  type Volume,
  type VolumeDriver,
} from '@outboard/sdk';
import { callPlugin, type PluginAnswer } from '../support/plugin-client.ts';

/** A driver in memory that records the calls of the SDK. */
class RecordingDriver implements VolumeDriver {
  readonly asked: string[] = [];
  readonly volumes = new Map<string, ReadonlyMap<string, string>>();
  /** Replace to make `mount` fail or wait. */
  onMount: (context: CallContext) => Promise<string> = async () => '/mnt/v';

  async create(request: CreateVolume): Promise<void> {
    this.asked.push(`create ${request.name}`);
    this.volumes.set(request.name, request.options);
  }

  async remove(name: string): Promise<void> {
    this.asked.push(`remove ${name}`);
    this.volumes.delete(name);
  }

  async mount(name: string, context: CallContext): Promise<string> {
    this.asked.push(`mount ${name}`);
    return this.onMount(context);
  }

  async unmount(name: string): Promise<void> {
    this.asked.push(`unmount ${name}`);
  }

  async get(name: string): Promise<Volume | undefined> {
    return this.volumes.has(name) ? { name, createdAt: new Date(0) } : undefined;
  }

  async list(): Promise<readonly Volume[]> {
    return [...this.volumes.keys()].map((name) => ({ name }));
  }
}

describe('a volume plugin', () => {
  let directory: string;
  let driver: RecordingDriver;
  let plugin: RunningPlugin;
  const logged: string[] = [];

  function serve(options: ServeOptions = {}): Promise<RunningPlugin> {
    const definition = definePlugin({
      name: 'recording',
      volume: driver,
      stateDirectory: join(directory, 'state'),
      logger: (message) => logged.push(message),
    });
    return definition.serve({ socket: join(directory, 'p.sock'), stopSignals: [], ...options });
  }

  function call(method: string, body?: string | object): Promise<PluginAnswer> {
    return callPlugin(plugin.socketPath, method, body);
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-sdk-'));
    driver = new RecordingDriver();
    logged.length = 0;
    plugin = await serve();
  });

  afterEach(async () => {
    await plugin.close();
    await rm(directory, { recursive: true });
  });

  for (const [name, body] of [
    ['no body', undefined],
    ['{}', '{}'],
    ['null', 'null'],
  ] as const) {
    test(`reports its implemented protocols for ${name}`, async () => {
      const answer = await call('Plugin.Activate', body);
      assert.equal(answer.status, 200);
      assert.equal(answer.contentType, 'application/vnd.docker.plugins.v1.2+json');
      assert.deepEqual(answer.body, { Implements: ['VolumeDriver'] });
      assert.deepEqual((await call('VolumeDriver.List', body)).body, { Volumes: [] });
      assert.deepEqual((await call('VolumeDriver.Capabilities', body)).body, {
        Capabilities: { Scope: 'local' },
      });
    });
  }

  test('creates, shows, lists and removes a volume', async () => {
    assert.deepEqual(await call('VolumeDriver.Create', { Name: 'v', Opts: { size: '1g' } }), ok({}));
    assert.deepEqual([...(driver.volumes.get('v') ?? [])], [['size', '1g']]);
    const shown = { Name: 'v', CreatedAt: '1970-01-01T00:00:00.000Z' };
    assert.deepEqual(await call('VolumeDriver.Get', { Name: 'v' }), ok({ Volume: shown }));
    assert.deepEqual(await call('VolumeDriver.List'), ok({ Volumes: [{ Name: 'v' }] }));
    assert.deepEqual(await call('VolumeDriver.Path', { Name: 'v' }), ok({ Mountpoint: '' }));
    assert.deepEqual(await call('VolumeDriver.Remove', { Name: 'v' }), ok({}));
    assert.deepEqual(await call('VolumeDriver.List'), ok({ Volumes: [] }));
  });

  test('reads field names in any letter case', async () => {
    await call('VolumeDriver.Create', { name: 'v', OPTS: null });
    assert.deepEqual(driver.asked, ['create v']);
  });

  test('treats a second creation of a volume as done', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    assert.equal((await call('VolumeDriver.Create', { Name: 'v' })).status, 200);
    assert.deepEqual(driver.asked, ['create v']);
  });

  test('refuses the empty body of a retried call instead of creating a nameless volume', async () => {
    const answer = await call('VolumeDriver.Create');
    assert.equal(answer.status, 400);
    assert.match(String(answer.body.Err), /field "Name" is missing/);
    assert.deepEqual(driver.asked, []);
  });

  test('answers failures with status 500 and Err', async () => {
    const answer = await call('VolumeDriver.Get', { Name: 'nope' });
    assert.deepEqual([answer.status, answer.body], [500, { Err: 'volume "nope" does not exist' }]);
    assert.deepEqual(logged, [], 'engines ask for a volume before they create it');
  });

  test('answers an unknown call with 404, another method with 405 and broken JSON with 400, each with Err', async () => {
    const answers = [
      await call('VolumeDriver.Nope', {}),
      await callPlugin(plugin.socketPath, 'VolumeDriver.List', undefined, { method: 'GET' }),
      await call('VolumeDriver.List', '{'),
    ];
    assert.deepEqual(
      answers.map((answer) => [answer.status, typeof answer.body.Err]),
      [
        [404, 'string'],
        [405, 'string'],
        [400, 'string'],
      ],
    );
  });

  test('refuses a body over 1 MiB and continues to serve', async () => {
    const answer = await call('VolumeDriver.Create', { Name: 'x'.repeat(1024 * 1024) });
    assert.equal(answer.status, 413);
    assert.equal((await call('Plugin.Activate')).status, 200);
  });

  test('accepts a connection that closes without a byte, as in a probe of the host', async () => {
    const probe = connect(plugin.socketPath);
    await once(probe, 'connect');
    probe.destroy();
    assert.equal((await call('Plugin.Activate')).status, 200);
  });

  test('mounts for the first consumer and unmounts after the last', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    assert.deepEqual(await call('VolumeDriver.Mount', { Name: 'v', ID: 'a' }), ok({ Mountpoint: '/mnt/v' }));
    assert.deepEqual(await call('VolumeDriver.Mount', { Name: 'v', ID: 'b' }), ok({ Mountpoint: '/mnt/v' }));
    assert.deepEqual(await call('VolumeDriver.Path', { Name: 'v' }), ok({ Mountpoint: '/mnt/v' }));
    await call('VolumeDriver.Unmount', { Name: 'v', ID: 'a' });
    assert.deepEqual(driver.asked, ['create v', 'mount v']);
    await call('VolumeDriver.Unmount', { Name: 'v', ID: 'b' });
    assert.deepEqual(driver.asked, ['create v', 'mount v', 'unmount v']);
  });

  test('keeps the volume of a running container when docker cp mounts and unmounts with the same ID', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    for (const method of ['Mount', 'Mount', 'Unmount'])
      await call(`VolumeDriver.${method}`, { Name: 'v', ID: 'c' });
    assert.deepEqual(driver.asked, ['create v', 'mount v']);
  });

  test('accepts an unmount without a mount', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    assert.deepEqual(await call('VolumeDriver.Unmount', { Name: 'v', ID: 'stranger' }), ok({}));
    assert.deepEqual(driver.asked, ['create v']);
  });

  test('does not remove a volume that is mounted', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    await call('VolumeDriver.Mount', { Name: 'v', ID: 'a' });
    assert.deepEqual((await call('VolumeDriver.Remove', { Name: 'v' })).body, {
      Err: 'cannot remove volume "v": it is mounted',
    });
    assert.ok(driver.volumes.has('v'));
  });

  test('does not count a failed mount', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    driver.onMount = () => Promise.reject(new Error('backend is away'));
    assert.deepEqual((await call('VolumeDriver.Mount', { Name: 'v', ID: 'a' })).body, {
      Err: 'backend is away',
    });
    assert.equal((await call('VolumeDriver.Remove', { Name: 'v' })).status, 200);
  });

  test('refuses a relative mountpoint from the driver', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    driver.onMount = async () => 'mnt';
    assert.match(
      String((await call('VolumeDriver.Mount', { Name: 'v', ID: 'a' })).body.Err),
      /which is not absolute/,
    );
  });

  test('undoes a mount whose caller disconnected', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    const caller = new AbortController();
    driver.onMount = async (context) => {
      caller.abort();
      if (!context.signal.aborted) await once(context.signal, 'abort');
      return '/mnt/v';
    };
    const body = { Name: 'v', ID: 'a' };
    await assert.rejects(
      callPlugin(plugin.socketPath, 'VolumeDriver.Mount', body, { signal: caller.signal }),
      { name: 'AbortError' },
    );
    assert.equal((await call('VolumeDriver.Remove', { Name: 'v' })).status, 200);
    assert.deepEqual(driver.asked, ['create v', 'mount v', 'unmount v', 'remove v']);
  });

  test('mounts volumes in use again after a restart and still counts their consumers', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    await call('VolumeDriver.Mount', { Name: 'v', ID: 'a' });
    await plugin.close();
    plugin = await serve();
    await call('VolumeDriver.Unmount', { Name: 'v', ID: 'a' });
    assert.deepEqual(driver.asked, ['create v', 'mount v', 'mount v', 'unmount v']);
  });

  test('does not start with a damaged mount journal', async () => {
    await plugin.close();
    await writeFile(join(directory, 'state', 'mounts.json'), '{');
    await assert.rejects(serve(), /it is damaged/);
    assert.equal(await readFile(join(directory, 'state', 'mounts.json'), 'utf8'), '{');
  });

  test('opens its socket to owner and group only by default', async () => {
    assert.equal((await stat(plugin.socketPath)).mode & 0o777, 0o660);
    await plugin.close();
    plugin = await serve({ mode: 0o600 });
    assert.equal((await stat(plugin.socketPath)).mode & 0o777, 0o600);
  });

  test('completes a running call and removes its socket when it closes', async () => {
    await call('VolumeDriver.Create', { Name: 'v' });
    let release = (): void => undefined;
    const entered = new Promise<void>((resolve) => {
      driver.onMount = () => {
        resolve();
        return new Promise((finish) => {
          release = () => finish('/mnt/v');
        });
      };
    });
    const mounting = call('VolumeDriver.Mount', { Name: 'v', ID: 'a' });
    await entered;
    const closed = plugin.close();
    release();
    assert.equal((await mounting).status, 200);
    await closed;
    await plugin.closed;
    await assert.rejects(stat(plugin.socketPath), { code: 'ENOENT' });
  });

  test('aborts a call that outlasts the grace period', async () => {
    await plugin.close();
    plugin = await serve({ graceMs: 0 });
    await call('VolumeDriver.Create', { Name: 'v' });
    const entered = new Promise<void>((resolve) => {
      driver.onMount = async (context) => {
        resolve();
        await once(context.signal, 'abort');
        throw new Error('given up');
      };
    });
    const mounting = call('VolumeDriver.Mount', { Name: 'v', ID: 'a' });
    await entered;
    await plugin.close();
    assert.deepEqual((await mounting).body, { Err: 'given up' });
  });

  test('closes when its signal aborts', async () => {
    await plugin.close();
    const ending = new AbortController();
    plugin = await serve({ signal: ending.signal });
    ending.abort();
    await plugin.closed;
    await assert.rejects(call('Plugin.Activate'), { code: 'ENOENT' });
  });
});

function ok(body: object): PluginAnswer {
  return { status: 200, contentType: 'application/vnd.docker.plugins.v1.2+json', body: { ...body } };
}
