/** The typed client of log drivers, the pipe and its entries, with a driver in a container. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createLogDriver, openLogStream } from '@outboard/engine';
import { encodeLogEntry, type LogEntry, type LogSelection } from '@outboard/protocol';
import { logPlugin } from '../support/log-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine } from '../support/test-engine.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const plugin = useProtocolPlugin('logdriver');

const findDriver = () => plugin().driver('logdriver');

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;

function line(text: string, timeNano = start): LogEntry {
  return { source: 'stdout', timeNano, line: Buffer.from(`${text}\n`), partial: false };
}

async function read(container: string, selection: LogSelection = {}): Promise<string[]> {
  const driver = createLogDriver((await findDriver()).client);
  const lines: string[] = [];
  for await (const entry of driver.readLogs({ id: container }, selection)) {
    lines.push(`${entry.source}: ${Buffer.from(entry.line).toString().trimEnd()}`);
  }
  return lines;
}

async function pipesOnHost(): Promise<string[]> {
  const { home, name } = plugin();
  const { id } = home.engine.inspect(name);
  return readdir(join(home.dataRoot, 'plugins', id, 'rootfs/run/docker/logging'));
}

describe('a log driver in a container', { skip: needsRoot }, () => {
  test('reports whether it can read logs', async () => {
    const driver = createLogDriver((await findDriver()).client);
    assert.deepEqual(await driver.capabilities(), { readsLogs: true });
    assert.deepEqual(await plugin().calls(), [{ method: 'LogDriver.Capabilities', body: undefined }]);
    await plugin().behave('LogDriver.Capabilities', 'ok', { ReadLogs: true });
    assert.deepEqual(
      await driver.capabilities(),
      { readsLogs: false },
      'the form of the docs is not that of the wire',
    );
    await plugin().behave('LogDriver.Capabilities', 'missing');
    assert.deepEqual(await driver.capabilities(), { readsLogs: false });
  });

  test('reads entries from a pipe and returns them', async () => {
    const driver = await findDriver();
    await plugin().calls();
    const stream = await openLogStream(driver, {
      id: 'c1',
      name: '/web',
      options: { tag: 'x' },
      args: ['-v'],
      env: ['A=b'],
      createdAt: new Date(0),
    });
    const metadata = { last: true, id: 'f', ordinal: 2 };
    await stream.write(line('one'));
    await stream.write({ ...line('two'), source: 'stderr', partial: true, partialMetadata: metadata });
    assert.deepEqual(await pipesOnHost(), [stream.file.split('/').at(-1)]);
    await stream.close();
    await stream.close();
    assert.deepEqual(await pipesOnHost(), []);
    assert.deepEqual(await read('c1'), ['stdout: one', 'stderr: two']);
    const info = {
      Config: { tag: 'x' },
      ContainerID: 'c1',
      ContainerName: '/web',
      ContainerEntrypoint: '',
      ContainerArgs: ['-v'],
      ContainerImageID: '',
      ContainerImageName: '',
      ContainerCreated: '1970-01-01T00:00:00.000Z',
      ContainerEnv: ['A=b'],
      ContainerLabels: {},
      LogPath: '',
      DaemonName: '',
    };
    const [started, stopped, reading] = await plugin().calls();
    assert.deepEqual(started, { method: 'LogDriver.StartLogging', body: { File: stream.file, Info: info } });
    assert.deepEqual(stopped, { method: 'LogDriver.StopLogging', body: { File: stream.file } });
    assert.deepEqual(reading?.body, {
      Info: {
        ...info,
        Config: {},
        ContainerName: '',
        ContainerArgs: [],
        ContainerEnv: [],
        ContainerCreated: '0001-01-01T00:00:00Z',
      },
      Config: { Since: '0001-01-01T00:00:00Z', Until: '0001-01-01T00:00:00Z', Tail: -1, Follow: false },
    });
  });

  test('reads entries from a directory that it shares with the FIFOs of a Docker Engine', async (context) => {
    const home = await mkdtemp(join(tmpdir(), 'ob-logging-'));
    context.after(() => rm(home, { recursive: true }));
    const logDirectory = join(home, 'logging');
    await using shared = await openTestEngine({ logDirectory });
    await shared.engine.create({ name: 'acme/lines', context: pluginContext(logPlugin) });
    await shared.engine.enable('acme/lines');
    const driver = await shared.engine.drivers.find('acme/lines', 'logdriver');
    const stream = await openLogStream(driver, { id: 'c1' });
    await stream.write({ ...line('one'), line: Buffer.from('one') });
    const { id } = shared.engine.inspect('acme/lines');
    assert.deepEqual(await readdir(join(logDirectory, id)), [stream.file.split('/').at(-1)]);
    await stream.close();
    assert.deepEqual(await readdir(join(logDirectory, id)), []);
    const read: string[] = [];
    for await (const entry of createLogDriver(driver.client).readLogs({ id: 'c1' }, {}))
      read.push(Buffer.from(entry.line).toString());
    assert.deepEqual(read, ['one\n']);
  });

  test('gets everything that was written before the stop, even more than a pipe holds', async () => {
    const stream = await openLogStream(await findDriver(), { id: 'large' });
    const texts = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(15_000)}`);
    await Promise.all(texts.map((text) => stream.write(line(text))));
    await stream.close();
    assert.deepEqual(
      await read('large'),
      texts.map((text) => `stdout: ${text}`),
    );
  });

  test('gets times with nanoseconds, by which its entries are filtered', async () => {
    const stream = await openLogStream(await findDriver(), { id: 'times' });
    for (const offset of [0n, 1n, 2n, 3n]) await stream.write(line(`+${offset}`, start + offset));
    await stream.close();
    await plugin().calls();
    const selection = { sinceNano: start + 1n, untilNano: start + 2n, tail: 9 };
    assert.deepEqual(await read('times', selection), ['stdout: +1', 'stdout: +2']);
    const [call] = await plugin().calls();
    assert.deepEqual(call?.body, {
      Info: (call?.body as { readonly Info: unknown } | undefined)?.Info, // Covered by the test of the pipe.
      Config: {
        Since: '2023-11-14T22:13:20.000000001Z',
        Until: '2023-11-14T22:13:20.000000002Z',
        Tail: 9,
        Follow: false,
      },
    });
    await assert.rejects(read('times', { sinceNano: 2n ** 63n }), { kind: 'invalid' });
    await plugin().calls();
    await read('times', { sinceNano: -1n });
    assert.match(JSON.stringify(await plugin().calls()), /"Since":"1969-12-31T23:59:59.999999999Z"/);
  });

  test('is followed until the caller stops', async () => {
    const driver = await findDriver();
    await using stream = await openLogStream(driver, { id: 'live' });
    await stream.write(line('one'));
    const controller = new AbortController();
    const seen: string[] = [];
    const follow = async () => {
      const call = { signal: controller.signal };
      const entries = createLogDriver(driver.client).readLogs({ id: 'live' }, { follow: true }, call);
      for await (const entry of entries) {
        seen.push(Buffer.from(entry.line).toString().trimEnd());
        if (seen.length === 1) await stream.write(line('two'));
        else controller.abort(new Error('seen enough'));
      }
    };
    await assert.rejects(follow(), { message: 'seen enough' });
    assert.deepEqual(seen, ['one', 'two']);
  });

  const entry = encodeLogEntry(line('whole'));
  const raw = (...parts: readonly Buffer[]) => Buffer.concat(parts).toString('base64');
  for (const [name, answer, message] of [
    ['cuts an entry off', raw(entry, entry.subarray(0, 9)), /malformed log entry: it is cut off/],
    [
      'sends an entry of 4 GiB',
      raw(entry, Buffer.alloc(4, 0xff)),
      /malformed log entry: want at most 1048576 bytes/,
    ],
    ['sends no entry', raw(entry, Buffer.from([0, 0, 0, 1, 7])), /malformed log entry/],
    [
      'says Err with status 200',
      raw(Buffer.from('{"Err":"no such log"}')),
      /^LogDriver\.ReadLogs: no such log$/,
    ],
    ['answers JSON', raw(Buffer.from('{}')), /want log entries, got a JSON object/],
  ] as const) {
    test(`fails a read when it ${name}`, async () => {
      await plugin().behave('LogDriver.ReadLogs', 'raw', answer);
      await assert.rejects(read('any'), (error) => {
        assert.match(error instanceof Error ? error.message : '', message);
        return true;
      });
    });
  }

  for (const behaviour of ['err-500', 'text-500']) {
    test(`fails a read with ${behaviour}`, async () => {
      await plugin().behave('LogDriver.ReadLogs', behaviour);
      await assert.rejects(read('any'), { message: 'LogDriver.ReadLogs: the driver says no' });
    });
  }

  test('that refuses to start leaves no pipe, and its error does not show the options', async () => {
    await plugin().behave('LogDriver.StartLogging', 'malformed');
    await assert.rejects(
      openLogStream(await findDriver(), { id: 'c2', env: ['PASSWORD=canary'] }),
      (error) => {
        assert.match(String(error), /LogDriver\.StartLogging: malformed reply/);
        assert.equal(JSON.stringify([error, String(error)]).includes('canary'), false);
        return true;
      },
    );
    assert.deepEqual(await pipesOnHost(), []);
    await plugin().behave('LogDriver.StartLogging', 'ok');
  });

  test('that reads nothing is stopped after 10 s', async (context) => {
    await plugin().behave('LogDriver.StartLogging', 'ok', { Err: '' });
    await plugin().behave('LogDriver.StopLogging', 'ok', { Err: '' });
    const stream = await openLogStream(await findDriver(), { id: 'c4' });
    const writing = assert.rejects(stream.write(line('x'.repeat(200_000))), { kind: 'conflict' });
    await plugin().calls();
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const closing = stream.close();
    context.mock.timers.tick(10_000);
    await closing;
    await writing;
    context.mock.timers.reset();
    assert.deepEqual(
      (await plugin().calls()).map(({ method }) => method),
      ['LogDriver.StopLogging'],
    );
    assert.deepEqual(await pipesOnHost(), []);
    await plugin().behave('LogDriver.StartLogging', 'ok');
  });

  test('that fails to stop leaves no pipe either', async () => {
    const stream = await openLogStream(await findDriver(), { id: 'c3' });
    await plugin().behave('LogDriver.StopLogging', 'err-200');
    await assert.rejects(stream.close(), { message: 'LogDriver.StopLogging: the driver says no' });
    assert.deepEqual(await pipesOnHost(), []);
    await assert.rejects(stream.write(line('late')), { kind: 'conflict' });
  });
});
