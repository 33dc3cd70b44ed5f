import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { LogEntry, LoggedContainer } from '@outboard/sdk';
import { JsonLinesDriver } from './json-lines-driver.ts';
import { formatEntry, parseEntry } from './log-line.ts';

const context = { signal: new AbortController().signal };

function container(id: string, options: Readonly<Record<string, string>> = {}): LoggedContainer {
  const empty = { name: '', entrypoint: '', args: [], imageId: '', imageName: '', env: [], daemonName: '' };
  return { ...empty, id, labels: new Map(), options: new Map(Object.entries(options)) };
}

const entry = (line: string, timeNano = 1n): LogEntry => ({
  source: 'stdout',
  timeNano,
  line: Buffer.from(line),
});

async function linesOf(entries: AsyncIterable<LogEntry>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { line } of entries) lines.push(Buffer.from(line).toString());
  return lines;
}

describe('JsonLinesDriver', () => {
  let directory: string;
  let driver: JsonLinesDriver;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-lines-'));
    driver = new JsonLinesDriver(directory);
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('gives a reader that follows each entry once, whatever is written and put aside meanwhile', async () => {
    const logged = container('c1', { 'max-size': '2k' });
    const log = await driver.openLog(logged);
    const written = Array.from({ length: 60 }, (_, at) => `line ${at}`);
    for (const line of written.slice(0, 20)) await log.write(entry(line));
    const reading = linesOf(await driver.readLogs(logged, { follow: true }, context));
    for (const line of written.slice(20)) await log.write(entry(line));
    await log.close();
    const read = await reading;
    assert.deepEqual(read, written.slice(written.indexOf(read[0] ?? '')));
    assert.ok(read.length >= 40, `read ${read.length}`);
    assert.deepEqual(await readdir(directory), ['c1.jsonl', 'c1.jsonl.1']);
  });

  test('reads the last entries of a log that is closed, over both files', async () => {
    const logged = container('c1', { 'max-size': '150' });
    const log = await driver.openLog(logged);
    for (const line of ['one', 'two', 'three']) await log.write(entry(line));
    await log.close();
    const read = async (tail?: number) =>
      linesOf(await driver.readLogs(logged, { follow: true, tail }, context));
    assert.deepEqual(await read(), ['one', 'two', 'three']);
    assert.deepEqual(await read(2), ['two', 'three']);
  });

  test('ends for a reader whose connection is closed', async () => {
    const log = await driver.openLog(container('c1'));
    const abort = new AbortController();
    const reading = linesOf(
      await driver.readLogs(container('c1'), { follow: true }, { signal: abort.signal }),
    );
    abort.abort();
    assert.deepEqual(await reading, []);
    await log.close();
  });

  test('skips a line that a crash cut off', async () => {
    await writeFile(join(directory, 'c1.jsonl'), `${formatEntry(entry('one'))}{"time":"2026`);
    assert.deepEqual(await linesOf(await driver.readLogs(container('c1'), { follow: false }, context)), [
      'one',
    ]);
  });

  for (const id of ['../x', '', '.state', 'a/b', 'x'.repeat(200)]) {
    test(`keeps no log of a container with the ID ${JSON.stringify(id.slice(0, 9))}`, async () => {
      await assert.rejects(driver.openLog(container(id)), /cannot keep a log of container/);
      await assert.rejects(driver.readLogs(container(id), { follow: false }, context), /cannot keep a log/);
    });
  }

  for (const [options, reason] of [
    [{ 'max-size': '10x' }, /log option max-size "10x": want a size such as "10m"/],
    [{ size: '1' }, /unknown log option "size"/],
  ] as const) {
    test(`refuses the options ${JSON.stringify(options)}`, async () => {
      await assert.rejects(driver.openLog(container('c1', options)), reason);
    });
  }
});

for (const one of [
  entry('hello', 1_700_000_000_000_000_001n),
  entry('', 0n),
  { source: 'stderr', timeNano: -1n, line: Buffer.from([0xff, 0x0a, 0x00]) },
]) {
  test(`parseEntry() undoes formatEntry() for ${one.source} at ${one.timeNano}`, () => {
    const parsed = parseEntry(formatEntry(one));
    assert.deepEqual(
      { ...parsed, line: Buffer.from(parsed?.line ?? []) },
      { ...one, line: Buffer.from(one.line) },
    );
  });
}
