import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pino from 'pino';
import { createLogFixture, showLines } from '../testing/log-fixture.ts';
import type { LogLine } from './line-joiner.ts';
import { LogWriter } from './log-writer.ts';
import { type LogQuery, readLog } from './read-log.ts';

const limits = { maxFiles: 2, maxFileBytes: 1000, maxTotalBytes: 2000 };
const nanoOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;
const start = nanoOf('2026-01-31T12:00:00Z');

async function read(directory: string, query: LogQuery = {}): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const more of readLog(directory, query, new AbortController().signal)) lines.push(...more);
  return lines;
}

function createWriter(directory: string, warnings: string[] = []): LogWriter {
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  return new LogWriter({ directory, limits, logger });
}

test('lines are read with their times, also by the next writer', async (t) => {
  const directory = join(createLogFixture(t).directory, 'calls');
  const first = createWriter(directory);
  first.append(start, 'one');
  first.append(start + 1n, 'two ü');
  await first.flush();
  const second = createWriter(directory);
  second.append(start + 2n, 'three');
  await second.flush();
  const lines = await read(directory);
  assert.deepEqual(showLines(lines), ['stdout one', 'stdout two ü', 'stdout three']);
  assert.deepEqual(
    lines.map(({ timeNano }) => timeNano - start),
    [0n, 1n, 2n],
  );
  assert.deepEqual(showLines(await read(directory, { tail: 1 })), ['stdout three']);
  assert.deepEqual(showLines(await read(directory, { sinceNano: start + 1n, untilNano: start + 1n })), [
    'stdout two ü',
  ]);
  assert.equal(statSync(join(directory, 'log')).mode & 0o777, 0o600);
});

test('the newest lines stay within the limits of the log', async (t) => {
  const directory = join(createLogFixture(t).directory, 'calls');
  const writer = createWriter(directory);
  for (let line = 0; line < 100; line++) {
    writer.append(start + BigInt(line), `line ${line} ${'x'.repeat(50)}`);
    await writer.flush();
  }
  const lines = showLines(await read(directory));
  assert.match(lines.at(-1) ?? '', /^stdout line 99 /);
  assert.ok(lines.length >= 10 && lines.length < 30, `${lines.length} lines are kept`);
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)));
  const files = new Map(sizes.map(({ ino, size }) => [ino, size]));
  assert.ok([...files.values()].reduce((sum, size) => sum + size, 0) <= 2100);
});

test('the directory of a removed container does not come back, and its lines are no error', async (t) => {
  const parent = createLogFixture(t).directory;
  const warnings: string[] = [];
  const owner = join(parent, 'plugin');
  const never = createWriter(join(owner, 'logs', 'calls'), warnings);
  never.append(start, 'lost');
  await never.flush();
  assert.equal(existsSync(owner), false);
  const writer = createWriter(join(parent, 'logs', 'calls'), warnings);
  writer.append(start, 'kept');
  await writer.flush();
  renameSync(join(parent, 'logs'), join(parent, 'logs-removing'));
  rmSync(join(parent, 'logs-removing'), { recursive: true });
  writer.append(start, 'lost');
  await writer.flush();
  assert.deepEqual(warnings, []);
});

test('lines beyond the bound of those that wait are lost, and their number is logged', async (t) => {
  const directory = join(createLogFixture(t).directory, 'calls');
  const warnings: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const large = { maxFiles: 2, maxFileBytes: 10_000_000, maxTotalBytes: 20_000_000 };
  const writer = new LogWriter({ directory, limits: large, logger });
  for (let line = 0; line < 20; line++) writer.append(start, 'x'.repeat(100_000));
  await writer.flush();
  assert.equal(JSON.parse(warnings.join('')).lines, 10);
  assert.equal((await read(directory)).length, 10);
});

test('a log that cannot be written is reported once', async (t) => {
  const directory = createLogFixture(t).directory;
  const warnings: string[] = [];
  const writer = createWriter(join(directory, 'file', 'calls'), warnings);
  writeFileSync(join(directory, 'file'), '');
  for (let line = 0; line < 3; line++) {
    writer.append(start, 'lost');
    await writer.flush();
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings.join(''), /cannot write a log/);
});
