/** Log drivers of the SDK: pipes as engines write them, lines, restarts, broken frames, and reading back. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { createLogDriver, encodeLogEntry, type LogEntry as WireEntry } from '@outboard/protocol';
import {
  type LogDriver,
  type LogEntry,
  type LoggedContainer,
  type LogSelection,
  lastEntries,
} from '@outboard/sdk';
import { type ServedPlugin, servePlugin } from './served-plugin.ts';

const container = {
  id: 'c'.repeat(64),
  name: '/web',
  env: ['KEY=secret'],
  options: { tag: 'x' },
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
};
const entry = (line: string, more: Partial<WireEntry> = {}): WireEntry => ({
  source: 'stdout',
  timeNano: 1_700_000_000_123_456_789n,
  line: Buffer.from(line),
  partial: false,
  ...more,
});
const fragment = (line: string, ordinal: number, last = false, id = 'a'): WireEntry =>
  entry(line, { partial: true, partialMetadata: { id, ordinal, last } });

/** Write all bytes into a pipe, as fast as the plugin reads them. */
async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('a log driver of the SDK', () => {
  let plugin: ServedPlugin;
  let fifo: string;
  let writer: number;
  const events: string[] = [];
  const opened: LoggedContainer[] = [];
  const selections: LogSelection[] = [];
  let failure: Error | undefined;

  const driver: LogDriver = {
    async openLog(logged) {
      opened.push(logged);
      if (logged.options.has('bad')) throw new Error('unknown option "bad"');
      events.push(`open ${logged.name}`);
      return {
        async write({ line, source, isPartial }) {
          if (failure !== undefined) throw failure;
          const text = Buffer.from(line).toString();
          events.push(`${source}${isPartial ? ' part' : ''}: ${text.length > 40 ? text.length : text}`);
        },
        close: async () => void events.push('close'),
      };
    },
    async readLogs({ name }, selection, { signal }) {
      if (name !== '/web') throw new Error(`there is no log of ${name}`);
      selections.push(selection);
      return (async function* entries(): AsyncGenerator<LogEntry> {
        const all = ['one', 'two', 'three'].map((line, index) => ({
          source: 'stdout',
          timeNano: BigInt(index + 1),
          line: Buffer.from(line),
        }));
        yield* lastEntries(
          (async function* () {
            yield* all;
          })(),
          selection.tail,
        );
        if (selection.follow && !signal.aborted)
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
      })();
    },
  };

  beforeEach(async () => {
    for (const list of [events, opened, selections]) list.length = 0;
    failure = undefined;
    plugin = await servePlugin({ log: driver });
    fifo = join(plugin.directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // As engines do: for reading and writing, so that the pipe never ends while they live.
    writer = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  });
  afterEach(async () => {
    closeSync(writer);
    await plugin[Symbol.asyncDispose]();
  });

  const client = () => createLogDriver(plugin.client);
  const write = (...entries: readonly WireEntry[]) => {
    for (const one of entries) writeSync(writer, encodeLogEntry(one));
  };
  const until = (wanted: string) =>
    pollUntil(async () => events.includes(wanted), { timeoutMs: 30_000 }).then((seen) =>
      assert.ok(seen, `want ${wanted}, got ${events}`),
    );

  test('gets every entry that was written before the log stopped, once', async () => {
    await client().startLogging(fifo, container);
    await client().startLogging(fifo, container);
    write(entry('one'), entry('two', { source: 'stderr' }));
    await client().stopLogging(fifo);
    await client().stopLogging(fifo);
    assert.deepEqual(events, ['open /web', 'stdout: one', 'stderr: two', 'close']);
    const [logged] = opened;
    assert.deepEqual(
      [logged?.id, logged?.env, logged?.options.get('tag'), logged?.createdAt],
      [container.id, container.env, 'x', container.createdAt],
    );
  });

  test('joins fragments to lines, of both sources and of engines that number no fragments', async () => {
    await client().startLogging(fifo, container);
    write(
      fragment('a1 ', 1),
      entry('b', { source: 'stderr' }),
      fragment('a2', 2, true),
      entry('old ', { partial: true }),
      entry('engine'),
      fragment('cut', 1, false, 'z'),
      entry('next'),
      fragment('end', 1, false, 'y'),
    );
    await client().stopLogging(fifo);
    assert.deepEqual(events, [
      'open /web',
      'stderr: b',
      'stdout: a1 a2',
      'stdout: old engine',
      'stdout part: cut',
      'stdout: next',
      'stdout part: end',
      'close',
    ]);
  });

  test('gives a line without an end out in pieces of 1 MiB', async () => {
    await client().startLogging(fifo, container);
    const bytes = 16 * 1024;
    for (let ordinal = 1; ordinal <= 65; ordinal += 1) {
      await writeAll(writer, encodeLogEntry(fragment('x'.repeat(bytes), ordinal)));
    }
    await client().stopLogging(fifo);
    assert.deepEqual(events.slice(1), [`stdout part: ${64 * bytes}`, `stdout part: ${bytes}`, 'close']);
  });

  test('gives fragments to a driver that keeps them', async () => {
    await plugin.restart({ log: { ...driver, keepsFragments: true } });
    await client().startLogging(fifo, container);
    write(fragment('a', 1), fragment('b', 2, true));
    await client().stopLogging(fifo);
    assert.deepEqual(events, ['open /web', 'stdout part: a', 'stdout part: b', 'close']);
  });

  test('goes on after a restart, in the middle of a frame as well', async () => {
    await client().startLogging(fifo, container);
    const bytes = encodeLogEntry(entry('cut in two'));
    writeSync(writer, bytes.subarray(0, 9));
    await plugin.stop();
    writeSync(writer, bytes.subarray(9));
    await plugin.restart();
    write(entry('after'));
    await until('stdout: after');
    await client().stopLogging(fifo);
    assert.deepEqual(events, [
      'open /web',
      'close',
      'open /web',
      'stdout: cut in two',
      'stdout: after',
      'close',
    ]);
    const state = JSON.parse(await readFile(join(plugin.directory, 'state/logs.json'), 'utf8'));
    assert.deepEqual(state, { logs: [] });
  });

  test('forgets a log whose pipe is gone after a restart, and says so', async () => {
    await client().startLogging(fifo, container);
    await plugin.stop();
    execFileSync('rm', [fifo]);
    await plugin.restart();
    await pollUntil(async () => plugin.logged.length > 0, { timeoutMs: 30_000 });
    assert.match(plugin.logged.join('\n'), /cannot open the log of container cccccccccccc again: .*ENOENT/);
  });

  test('reads the pipe of a log that the driver cannot open again, so that no container blocks', async () => {
    await client().startLogging(fifo, container);
    await plugin.stop();
    const openLog = async () => Promise.reject(new Error('the disk is full'));
    await plugin.restart({ log: { openLog } });
    // Four times what a pipe holds.
    for (let count = 0; count < 16; count += 1)
      await writeAll(writer, encodeLogEntry(entry('x'.repeat(16 * 1024))));
    assert.match(plugin.logged.join('\n'), /again, its lines are lost: the disk is full/);
    await plugin.restart({ log: driver });
    write(entry('back'));
    await client().stopLogging(fifo);
    assert.ok(events.includes('stdout: back'), String(events));
  });

  test('closes the log when the engine is gone', async () => {
    await client().startLogging(fifo, container);
    write(entry('last'));
    closeSync(writer);
    await until('close');
    assert.deepEqual(events, ['open /web', 'stdout: last', 'close']);
    writer = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  });

  for (const [name, bytes] of [
    ['a length of four gigabytes', Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2])],
    ['a field that ends after its message', Buffer.from([0, 0, 0, 2, 0x0a, 0x7f])],
    ['an endless number', Buffer.from([0, 0, 0, 12, 0x10, ...Array.from({ length: 11 }, () => 0xff)])],
    ['a field of an unknown type', Buffer.from([0, 0, 0, 1, 0x0f])],
    ['a line that is a number', Buffer.from([0, 0, 0, 2, 0x18, 1])],
  ] as const) {
    test(`skips ${name}, and reads the next entries`, async () => {
      await client().startLogging(fifo, container);
      write(entry('before'));
      await until('stdout: before');
      writeSync(writer, bytes);
      await pollUntil(async () => plugin.logged.length > 0, { timeoutMs: 30_000 });
      assert.match(plugin.logged.join('\n'), /log of container cccccccccccc: malformed log entry: /);
      write(entry('after'));
      await client().stopLogging(fifo);
      assert.deepEqual(events, ['open /web', 'stdout: before', 'stdout: after', 'close']);
    });
  }

  test('loses the entries that the sink refuses, says so once, and blocks no container', async () => {
    await client().startLogging(fifo, container);
    failure = new Error('the disk is full');
    write(entry('one'), entry('two'));
    await client().stopLogging(fifo);
    assert.deepEqual(plugin.logged, [
      'log of container cccccccccccc: cannot write an entry, which is lost: the disk is full',
    ]);
  });

  test('an error of the driver fails StartLogging, and leaves no open pipe', async () => {
    await assert.rejects(
      client().startLogging(fifo, { ...container, options: { bad: '1' } }),
      /unknown option "bad"/,
    );
    await client().startLogging(fifo, container);
  });

  test('refuses what is not a pipe', async () => {
    const file = join(plugin.directory, 'file');
    await writeFile(file, '');
    await assert.rejects(client().startLogging(file, container), /it is not a named pipe/);
    await assert.rejects(
      client().startLogging(`${file}-not`, container),
      /cannot open the log pipe ".*": ENOENT/,
    );
    execFileSync('ln', ['-s', fifo, `${file}-link`]);
    await assert.rejects(client().startLogging(`${file}-link`, container), /ELOOP/);
    const answer = await plugin.call('LogDriver.StartLogging', { File: 'fifo', Info: { ContainerID: 'c' } });
    assert.deepEqual(
      [answer.status, answer.body.Err],
      [400, 'cannot read the request: field "File" is not an absolute path'],
    );
  });

  test('gives lines back with line breaks, by time and number', async () => {
    assert.deepEqual(await client().capabilities(), { readsLogs: true });
    const lines = async (selection: Parameters<ReturnType<typeof client>['readLogs']>[1]) => {
      const read: string[] = [];
      for await (const { line } of client().readLogs(container, selection))
        read.push(Buffer.from(line).toString());
      return read;
    };
    assert.deepEqual(await lines({}), ['one\n', 'two\n', 'three\n']);
    assert.deepEqual(await lines({ tail: 2 }), ['two\n', 'three\n']);
    assert.deepEqual(await lines({ tail: 0 }), []);
    assert.deepEqual(await lines({ sinceNano: 2n, untilNano: 2n }), ['two\n']);
    assert.deepEqual(selections.at(-1), { sinceNano: 2n, untilNano: 2n, tail: undefined, follow: false });
    await assert.rejects(async () => {
      for await (const _ of client().readLogs({ ...container, name: '/other' }, {})) assert.fail();
    }, /there is no log of \/other/);
  });

  test('a reader that follows gets its entries at once, and a plugin that stops ends it', async () => {
    const read: string[] = [];
    for await (const { line } of client().readLogs(container, { follow: true })) {
      read.push(Buffer.from(line).toString());
      if (read.length === 3) void plugin.stop();
    }
    assert.deepEqual(read, ['one\n', 'two\n', 'three\n']);
  });

  for (const [name, request, reason] of [
    ['no container', {}, 'field "ContainerID" is missing'],
    [
      'a time that is none',
      { Info: { ContainerID: 'c' }, Config: { Since: 'now' } },
      'field "Since" is not a time',
    ],
    [
      'a number that is none',
      { Info: { ContainerID: 'c' }, Config: { Tail: '1' } },
      'field "Tail" is not a whole number',
    ],
  ] as const) {
    test(`refuses to read a log with ${name}`, async () => {
      const { status, body } = await plugin.call('LogDriver.ReadLogs', request);
      assert.deepEqual([status, body.Err], [400, `cannot read the request: ${reason}`]);
    });
  }

  test('a driver that does not read logs says so', async () => {
    await plugin.restart({ log: { openLog: driver.openLog } });
    assert.deepEqual((await plugin.call('LogDriver.Capabilities')).body, { Cap: { ReadLogs: false } });
  });
});
