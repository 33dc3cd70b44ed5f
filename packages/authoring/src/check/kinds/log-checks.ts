/**
 * Checks of log drivers: streams through FIFOs, right and broken, and logs read back.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { joinSignals } from '@outboard/async';
import { type LogStream, openLogStream } from '@outboard/engine';
import { createLogDriver, encodeLogEntry, type LogEntry, type LoggedContainer } from '@outboard/protocol';
import { CheckFailure, expect, skip } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import { errorOf, fieldOf, requireSuccess, showAnswer } from '../session/read-answer.ts';
import type { Check } from './check.ts';

const kind = 'logdriver';
const readTimeoutMs = 20_000;

/** Checks of FIFOs, frames and reading. */
export const logChecks: readonly Check[] = [
  {
    code: 'log/capabilities',
    level: 'warning',
    kind,
    title: 'Capabilities is absent, or answers {"Cap": {"ReadLogs": …}}.',
    async run(session) {
      const answer = await session.call('LogDriver.Capabilities');
      if (answer.status === 404) skip('the plugin has no LogDriver.Capabilities: its logs cannot be read');
      const readLogs = fieldOf(fieldOf(requireSuccess(answer), 'Cap'), 'ReadLogs');
      expect(
        typeof readLogs === 'boolean',
        `LogDriver.Capabilities: ${showAnswer(answer)}: want {"Cap": {"ReadLogs": true}}`,
      );
    },
  },
  {
    code: 'log/stream',
    level: 'error',
    kind,
    title: 'A stream is started, read while lines come, and stopped, without an end of the FIFO before.',
    async run(session) {
      const stream = await startStream(session);
      for (let line = 1; line <= 50; line += 1) await stream.write(entryOf(`line ${line}`), session);
      await stopStream(stream, session);
    },
  },
  {
    code: 'log/partial',
    level: 'error',
    kind,
    title: 'Fragments of a long line, binary lines and empty lines are taken.',
    async run(session) {
      const stream = await startStream(session);
      const id = randomBytes(8).toString('hex');
      for (let ordinal = 1; ordinal <= 4; ordinal += 1) {
        const partialMetadata = { last: ordinal === 4, id, ordinal };
        await stream.write({ ...entryOf('x'.repeat(16 * 1024)), partial: true, partialMetadata }, session);
      }
      for (const line of [Buffer.alloc(0), Buffer.from([0, 255, 254, 10, 13])])
        await stream.write({ ...entryOf(''), line }, session);
      await stopStream(stream, session);
    },
  },
  {
    code: 'log/two-streams',
    level: 'error',
    kind,
    title: 'Two streams at the same time do not disturb each other.',
    async run(session) {
      const [first, second] = [await startStream(session), await startStream(session)];
      await first.write(entryOf('first'), session);
      await stopStream(first, session);
      await second.write(entryOf('second'), session);
      await stopStream(second, session);
    },
  },
  {
    code: 'log/broken-frame',
    level: 'error',
    kind,
    title: 'A frame of 4 GiB, a cut frame and bytes that are no frame do no harm to other streams.',
    async run(session) {
      const other = await startStream(session);
      const bytes = [
        Buffer.from([255, 255, 255, 255, 1]),
        encodeLogEntry(entryOf('cut')).subarray(0, 9),
        randomBytes(5000),
      ];
      for (const broken of bytes) {
        const stream = await startStream(session);
        await writeToPipe(session, stream, broken);
        await stream.close({ signal: session.signal }).catch((error: unknown) => {
          session.signal.throwIfAborted();
          if (!(error instanceof Error)) throw error; // the driver may refuse such a stream
        });
      }
      await other.write(entryOf('still here'), session);
      await stopStream(other, session);
    },
  },
  {
    code: 'log/stop-unknown',
    level: 'warning',
    kind,
    title: 'StopLogging of a stream that was never started, or twice, is answered without an error.',
    async run(session) {
      const error = errorOf(
        await session.call('LogDriver.StopLogging', { File: '/run/docker/logging/outboard-check-nothing' }),
      );
      expect(error === undefined, `LogDriver.StopLogging failed: ${error}: an engine leaks its FIFO then`);
    },
  },
  {
    code: 'log/read',
    level: 'error',
    kind,
    title: 'ReadLogs gives the lines back in order, each with a line feed, for a plugin that says it can.',
    async run(session) {
      const capabilities = await session.call('LogDriver.Capabilities');
      if (fieldOf(fieldOf(capabilities.json, 'Cap'), 'ReadLogs') !== true)
        skip('the plugin cannot read logs');
      const container = containerOf(session);
      const stream = await startStream(session, container);
      const lines = ['one', 'two', 'three'];
      for (const line of lines) await stream.write(entryOf(line), session);
      await stopStream(stream, session);
      const found = await readLines(session, container);
      const want = lines.map((line) => `${line}\n`);
      expect(
        found.join('') === want.join(''),
        `ReadLogs gives ${JSON.stringify(found)}: want ${JSON.stringify(want)}`,
      );
    },
  },
];

async function logDriver(session: CheckSession) {
  return await session.engine.drivers.find(session.plugin.id, kind, { signal: session.signal });
}

function containerOf({ options }: Pick<CheckSession, 'options'>): LoggedContainer {
  return { id: randomBytes(32).toString('hex'), name: '/outboard-check', createdAt: new Date(), options };
}

async function startStream(session: CheckSession, container = containerOf(session)): Promise<LogStream> {
  return await asFinding(session, 'LogDriver.StartLogging', async () =>
    openLogStream(await logDriver(session), container, { signal: session.signal }),
  );
}

async function stopStream(stream: LogStream, session: CheckSession): Promise<void> {
  await asFinding(session, 'LogDriver.StopLogging', () => stream.close({ signal: session.signal }));
}

async function asFinding<T>(session: CheckSession, method: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    session.signal.throwIfAborted();
    throw new CheckFailure(`${method} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Write bytes that are no frames, beside the stream. */
async function writeToPipe(session: CheckSession, stream: LogStream, bytes: Buffer): Promise<void> {
  const { logDirectory, toHostPath } = await logDriver(session);
  const path =
    logDirectory === undefined ? await toHostPath(stream.file) : join(logDirectory, basename(stream.file));
  // Without a wait: a driver that does not read leaves the pipe full.
  await using pipe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  await pipe.write(bytes);
}

async function readLines(session: CheckSession, container: LoggedContainer): Promise<readonly string[]> {
  using limit = joinSignals([session.signal], { timeoutMs: readTimeoutMs });
  const driver = createLogDriver((await logDriver(session)).client);
  return await asFinding(session, 'LogDriver.ReadLogs', async () => {
    const found: string[] = [];
    for await (const { line } of driver.readLogs(container, {}, { signal: limit.signal })) {
      found.push(Buffer.from(line).toString());
      if (found.length > 10) break;
    }
    return found;
  });
}

function entryOf(text: string): LogEntry {
  return {
    source: 'stdout',
    timeNano: BigInt(Date.now()) * 1_000_000n,
    line: Buffer.from(text),
    partial: false,
  };
}
