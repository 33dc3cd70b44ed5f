/**
 * The logs of real plugins: their stdout and stderr, kept across every operation.
 */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LogLine, LogQuery, PluginEngine, PluginOutput } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { callOutputPlugin, type OutputCalls, outputPluginArchive } from '../support/output-plugin.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

interface TalkingPlugin {
  readonly test: TestEngine;
  readonly id: string;
  readonly talk: OutputCalls;
  /** Directory of the log. */
  readonly directory: string;
}

async function startTalking(context: TestContext): Promise<TalkingPlugin> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  async function* archive() {
    yield outputPluginArchive();
  }
  const { id } = await opened.engine.create({ name: 'talk', context: archive() });
  await opened.engine.enable('talk');
  return {
    test: opened,
    id,
    talk: callOutputPlugin(join(opened.execRoot, 'plugins', id, fixtureSocket)),
    directory: join(opened.dataRoot, 'plugins', id, 'logs'),
  };
}

const show = ({ stream, content, isComplete }: LogLine): string =>
  `${stream} ${content.toString('latin1')}${isComplete ? '' : '…'}`;

async function read(engine: PluginEngine, query: LogQuery = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const group of engine.logs.read('talk', query)) lines.push(...group.map(show));
  return lines;
}

/** Reads a followed log line by line. */
function follow(engine: PluginEngine, query: LogQuery = {}) {
  const lines: string[] = [];
  const groups = engine.logs.read('talk', { ...query, follow: true })[Symbol.asyncIterator]();
  return {
    lines,
    /** Read until this line. */
    async until(wanted: string): Promise<void> {
      while (!lines.includes(wanted)) {
        const { value, done } = await groups.next();
        if (done === true) throw new Error(`the log ended before ${wanted}: ${lines.join(' | ')}`);
        lines.push(...value.map(show));
      }
    },
    /** Read to the end of the log. */
    async toEnd(): Promise<void> {
      for (let next = await groups.next(); next.done !== true; next = await groups.next()) {
        lines.push(...next.value.map(show));
      }
    },
    end: async () => void (await groups.return?.()),
  };
}

/** The whole log, once it ends with this line: conmon writes a moment after the plugin. */
async function readTo(engine: PluginEngine, last: string, query: LogQuery = {}): Promise<readonly string[]> {
  const followed = follow(engine, query);
  await followed.until(last);
  await followed.end();
  return await read(engine, query);
}

test('a log separates stdout and stderr, joins partial lines, and accepts any bytes', {
  skip,
}, async (context) => {
  const { test: opened, talk } = await startTalking(context);
  await talk.say('stdout', 'half ');
  await talk.say('stderr', 'trouble\n');
  await talk.say('stdout', 'whole\n');
  await talk.say('stdout', `\n\xff\xfe\x00\x1b[2J\r\n${'x'.repeat(100_000)}\n`);
  await talk.say('stderr', 'prompt> ');
  await talk.say('stdout', 'end\n');
  const lines = await readTo(opened.engine, 'stdout end');
  const expected = [
    'stdout hello',
    'stderr trouble',
    'stdout half whole',
    'stdout ',
    'stdout \xff\xfe\x00\x1b[2J\r',
    `stdout ${'x'.repeat(100_000)}`,
    'stdout end',
    'stderr prompt> …',
  ];
  // The two outputs are two pipes: only the order within each is certain.
  for (const stream of ['stdout', 'stderr'] as const) {
    const ofStream = expected.filter((line) => line.startsWith(stream));
    assert.deepEqual(
      lines.filter((line) => line.startsWith(stream)),
      ofStream,
    );
    assert.deepEqual(await read(opened.engine, { streams: [stream] }), ofStream);
  }
  assert.deepEqual(
    await read(opened.engine, { streams: ['stdout'], tail: 2 }),
    expected.filter((line) => line.startsWith('stdout')).slice(-2),
  );
});

test('a log survives restarts, disable and a closed engine, and a follower survives restarts and disable', {
  skip,
}, async (context) => {
  const { test: opened, talk } = await startTalking(context);
  const { engine } = opened;
  const followed = follow(engine, { tail: 0 });
  const first = followed.until('stdout one');
  await talk.say('stdout', 'one\nunfinished');
  await first;
  await talk.die();
  await followed.until('stdout hello');
  await engine.disable('talk');
  assert.deepEqual(await read(engine), ['stdout hello', 'stdout one', 'stdout unfinished', 'stdout hello']);
  await engine.enable('talk');
  await talk.say('stderr', 'two\n');
  await followed.until('stderr two');
  assert.deepEqual(followed.lines.slice(-4), [
    'stdout unfinished',
    'stdout hello',
    'stdout hello',
    'stderr two',
  ]);
  const cut = assert.rejects(followed.toEnd(), { kind: 'unavailable', message: /shut down/ });
  const next = await opened.reopen();
  await cut;
  await talk.say('stdout', 'three\n');
  const lines = await readTo(next, 'stdout three');
  assert.deepEqual(lines.slice(-3), ['stdout hello', 'stderr two', 'stdout three']);
});

test('a followed log ends when its plugin is removed', { skip }, async (context) => {
  const { test: opened } = await startTalking(context);
  const followed = follow(opened.engine);
  await followed.until('stdout hello');
  await opened.engine.remove('talk', { force: true });
  await followed.toEnd();
  assert.throws(() => opened.engine.logs.read('talk'), { kind: 'not-found' });
});

test('at 50 MB/s a log stays within its size limit and keeps its last lines, and the engine answers', {
  skip,
}, async (context) => {
  const { test: opened, talk, directory } = await startTalking(context);
  let seen = 0;
  let skipped = 0;
  context.after(
    opened.engine.logs.onOutput(({ lines, skippedBytes }: PluginOutput) => {
      seen += lines.length;
      skipped += skippedBytes;
    }),
  );
  const bound = 30 * 1024 * 1024;
  let largest = 0;
  // Read while it is written.
  const measure = setInterval(() => {
    const sizes = new Map(
      readdirSync(directory).map((name) => {
        const { ino, size } = statSync(join(directory, name), { throwIfNoEntry: false }) ?? {
          ino: 0,
          size: 0,
        };
        return [ino, size];
      }),
    );
    largest = Math.max(
      largest,
      [...sizes.values()].reduce((sum, size) => sum + size, 0),
    );
  }, 20);
  const last = await talk
    .flood({ lineBytes: 100, ms: 2_000, bytesPerSecond: 50_000_000 })
    .finally(() => clearInterval(measure));
  await talk.say('stdout', 'end\n');
  const tail = await readTo(opened.engine, 'stdout end', { tail: 3 });
  const numbers = tail.slice(0, 2).map((line) => Number.parseInt(line.slice('stdout '.length), 10));
  assert.deepEqual(numbers, [last - 1, last]);
  assert.ok(largest <= bound, `the log took ${largest} bytes`);
  assert.ok(largest > bound / 4, `the log took only ${largest} bytes: the plugin wrote too little`);
  assert.ok(seen > 0 && skipped > 0, `handed on ${seen} lines, skipped ${skipped} bytes`);
});

test('a log is followed through all its files without losing a line', { skip }, async (context) => {
  const { test: opened, talk, directory } = await startTalking(context);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const lines of opened.engine.logs.read('talk', { follow: true })) {
      for (const { content } of lines) {
        if (content.toString() === 'end') return;
        seen.push(Number.parseInt(content.toString('latin1'), 10));
      }
    }
  })();
  // Three files in three seconds: a reader that polls every 50 ms sees each of them.
  const last = await talk.flood({ lineBytes: 200, ms: 3_000, bytesPerSecond: 5_500_000 });
  await talk.say('stdout', 'end\n');
  await reading;
  assert.ok(readdirSync(directory).includes('log.3'), `only ${readdirSync(directory)}`);
  const [, ...numbers] = seen; // The first line is no number.
  assert.equal(numbers.length, last);
  assert.ok(
    numbers.every((number, index) => number === index + 1),
    'lines are missing or out of order',
  );
  const kept = (await read(opened.engine)).slice(0, -1);
  assert.equal(kept.length, seen.length, 'all of it is still there');
});

test('a follower that is slower than the plugin gets the number of missed lines, and stays', {
  skip,
}, async (context) => {
  const { test: opened, talk } = await startTalking(context);
  const groups = opened.engine.logs.read('talk', { follow: true })[Symbol.asyncIterator]();
  await groups.next();
  // More than all files hold, without a reader.
  await talk.flood({ lineBytes: 1000, ms: 2_000, bytesPerSecond: 40_000_000 });
  await talk.say('stdout', 'end\n');
  let skipped = 0;
  for (let last = ''; last !== 'end'; ) {
    const { value = [] } = await groups.next();
    last = value.at(-1)?.content.toString() ?? '';
    for (const { skippedBytes = 0 } of value) skipped += skippedBytes;
  }
  await groups.return?.();
  assert.ok(skipped > 10_000_000, `${skipped} bytes`);
});
