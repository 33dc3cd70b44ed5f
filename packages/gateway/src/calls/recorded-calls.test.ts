import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { type LogLine, OutboardError } from '@outboard/engine';
import pino from 'pino';
import { createMemoryLines } from '../testing/memory-lines.ts';
import type { CallLog, CallQuery, EndedCall } from './call-log.ts';
import { createCallLog } from './recorded-calls.ts';

const one = { id: 'id-1', name: 'acme/one:latest' };
const two = { id: 'id-2', name: 'acme/two:latest' };

function openLog() {
  const clock = createFakeClock();
  const plugins = {
    all: () => [one, two],
    find(name: string) {
      const found = [one, two].find((plugin) => plugin.name === name);
      if (found === undefined) throw new OutboardError('not-found', `plugin "${name}" not found`);
      return found;
    },
  };
  const lines = createMemoryLines([one.id, two.id]);
  const open = () =>
    createCallLog({
      lines,
      plugins,
      clock,
      logger: pino({ level: 'silent' }),
    });
  return { log: open(), clock, reopen: open };
}

function call(changes: Partial<EndedCall> = {}): EndedCall {
  return {
    plugin: one,
    method: 'VolumeDriver.Get',
    consumer: { program: 'podman', pid: 42, isByHand: false },
    startedAt: Date.parse('2026-01-31T10:00:00.250Z'),
    durationMs: 1.23456,
    outcome: 'success',
    status: 200,
    requestBytes: 15,
    answerBytes: 30,
    ...changes,
  };
}

const never = new AbortController().signal;

/** The documents of the calls that a query finds. */
async function readAll(log: CallLog, query: CallQuery = {}): Promise<readonly Record<string, unknown>[]> {
  const documents: Record<string, unknown>[] = [];
  for await (const lines of log.read(query, { signal: never })) documents.push(...lines.map(parse));
  return documents;
}

function parse({ content }: LogLine): Record<string, unknown> {
  return JSON.parse(content.toString());
}

const volumesOf = async (log: CallLog, query: CallQuery = {}) =>
  (await readAll(log, query)).map(({ Volume }) => Volume);

describe('the log of calls', () => {
  test('a call says who called what, when, for how long and with what result', async () => {
    const { log } = openLog();
    log.record(call({ volume: 'data', outcome: 'failure', status: 500, error: 'no such volume' }));
    assert.deepEqual(await readAll(log), [
      {
        Time: '2026-01-31T10:00:00.250Z',
        Plugin: 'acme/one:latest',
        Method: 'VolumeDriver.Get',
        Volume: 'data',
        Outcome: 'failure',
        Status: 500,
        DurationMs: 1.235,
        Error: 'no such volume',
        RequestBytes: 15,
        AnswerBytes: 30,
        Consumer: { Pid: 42, Program: 'podman' },
      },
    ]);
  });

  test('calls of all plugins are in one order, those of one plugin alone, and the last ones of each', async () => {
    const { log, clock } = openLog();
    for (const [index, plugin] of [one, two, two, one, one, two].entries()) {
      log.record(call({ plugin, volume: `v${index}` }));
      if (index % 2 === 0) clock.advance(5);
    }
    assert.deepEqual(await volumesOf(log), ['v0', 'v1', 'v2', 'v3', 'v4', 'v5']);
    assert.deepEqual(await volumesOf(log, { plugin: two.name }), ['v1', 'v2', 'v5']);
    assert.deepEqual(await volumesOf(log, { tail: 2 }), ['v4', 'v5']);
    assert.deepEqual(await volumesOf(log, { tail: 0 }), []);
    assert.deepEqual(await volumesOf(log, { plugin: one.name, tail: 1 }), ['v4']);
    assert.throws(() => log.read({ plugin: 'acme/none:latest' }, { signal: never }), { kind: 'not-found' });
  });

  test('a follower gets each call once: those of an earlier process, those on disk and new ones', async () => {
    const { log: before, clock, reopen } = openLog();
    before.record(call({ volume: 'earlier' }));
    const log = reopen();
    log.record(call({ volume: 'kept' }));
    const following = log.read({ follow: true }, { signal: never })[Symbol.asyncIterator]();
    const seen: unknown[] = [];
    const take = async () =>
      seen.push(...((await following.next()).value ?? []).map((line: LogLine) => parse(line).Volume));
    while (seen.length < 2) await take();
    log.record(call({ volume: 'new' }));
    clock.advance(1);
    log.record(call({ volume: 'newer', plugin: two }));
    while (seen.length < 4) await take();
    assert.deepEqual(seen, ['earlier', 'kept', 'new', 'newer']);
    await following.return?.();
  });

  test('a follower of one plugin does not get the calls of another, and ends at its time', async () => {
    const { log, clock } = openLog();
    const untilNano = BigInt(clock.now().getTime() + 10) * 1_000_000n;
    const following = log.read({ follow: true, plugin: one.name, untilNano }, { signal: never });
    const iterator = following[Symbol.asyncIterator]();
    const first = iterator.next();
    log.record(call({ plugin: two, volume: 'other' }));
    log.record(call({ volume: 'mine' }));
    assert.deepEqual(
      (await first).value.map((line: LogLine) => parse(line).Volume),
      ['mine'],
    );
    clock.advance(20);
    log.record(call({ volume: 'late' }));
    assert.equal((await iterator.next()).done, true);
  });

  test('a follower ends with its signal', async () => {
    const { log } = openLog();
    const abort = new AbortController();
    const next = log.read({ follow: true }, { signal: abort.signal })[Symbol.asyncIterator]().next();
    abort.abort(new Error('the client left'));
    await assert.rejects(next, /the client left/);
  });

  test('a follower that is too slow is told how many calls it missed', async () => {
    const { log } = openLog();
    const iterator = log.read({ follow: true }, { signal: never })[Symbol.asyncIterator]();
    const first = iterator.next();
    log.record(call());
    await first;
    for (let index = 0; index < 10_003; index++) log.record(call());
    const lines: readonly LogLine[] = (await iterator.next()).value;
    assert.equal(lines.length, 10_001);
    assert.equal(
      lines.at(-1)?.content.toString(),
      'outboard: 3 calls skipped: they come faster than they are read',
    );
    await iterator.return?.();
  });

  test('calls are counted by method and result, with their durations; unknown methods together', () => {
    const { log } = openLog();
    log.record(call({ durationMs: 1 }));
    log.record(call({ durationMs: 2, outcome: 'failure' }));
    log.record(call({ durationMs: 500_000, outcome: 'cancelled' }));
    for (let index = 0; index < 100; index++) log.record(call({ method: `Made.Up${index}` }));
    const totals = log.totalsOf(one.id);
    assert.deepEqual(
      totals.map(({ method, count }) => [method, count]),
      [
        ['VolumeDriver.Get', 3],
        ['other', 100],
      ],
    );
    const [get] = totals;
    assert.deepEqual(get?.outcomes, { success: 1, failure: 1, refused: 0, cancelled: 1 });
    assert.deepEqual(get?.atMost.slice(0, 3), [1, 2, 2]);
    assert.equal(get?.atMost.at(-1), 2);
    assert.equal(get?.seconds, 500.003);
    assert.deepEqual(log.totalsOf(two.id), []);
    log.forget(one.id);
    assert.deepEqual(log.totalsOf(one.id), []);
  });
});
