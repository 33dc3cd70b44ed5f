import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createListeners, withResolvers } from '@outboard/async';
import { pino } from 'pino';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { RecordChange } from '../../store/plugin-store.ts';
import type { PluginState } from '../../supervise/supervisor.ts';
import { recordFixture } from '../../testing/record-fixture.ts';
import { createPluginGates } from './create-plugin-gates.ts';
import type { PluginGates } from './plugin-gates.ts';

const at = new Date(0);
const record = recordFixture({ id: 'a'.repeat(64), name: 'acme/p:latest', enabled: true });
const { id } = record;
const running: PluginState = { status: 'running', since: at, startedAt: at, pid: 1, restarts: 0 };
const starting: PluginState = { status: 'starting', since: at, restarts: 0 };
const backingOff: PluginState = {
  status: 'backing-off',
  since: at,
  restarts: 1,
  retryAt: at,
  reason: 'exit code 3',
};
const failed: PluginState = { status: 'failed', since: at, restarts: 1, reason: 'exit code 3' };

let gates: PluginGates;
let enter: (state: PluginState) => void;
let save: (after: PluginRecord | undefined) => void;
let log: string[];

beforeEach(() => {
  log = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) });
  const states = createListeners<[string, PluginState, PluginState]>(() => {});
  const changes = createListeners<[RecordChange]>(() => {});
  let state: PluginState = { status: 'disabled' };
  let stored: PluginRecord | undefined = record;
  enter = (next) => {
    const before = state;
    state = next;
    states.notify(id, state, before);
  };
  save = (after) => {
    const before = stored;
    stored = after;
    changes.notify({ id, before, after });
  };
  gates = createPluginGates({
    store: { get: () => stored, onChange: changes.add },
    supervisor: { state: () => state, onChange: states.add },
    logger,
  });
});
afterEach(() => gates[Symbol.dispose]());

/** True once the promise is settled, after everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('enter()', () => {
  test('lets a call through at once while the plugin runs', async () => {
    enter(running);
    using _pass = await gates.enter(id, { waitMs: 0 });
  });

  for (const [name, state] of Object.entries({ starting, 'backing-off': backingOff })) {
    test(`waits while the plugin is ${name}, and lets the call through when it runs`, async () => {
      enter(state);
      const entered = gates.enter(id);
      assert.equal(await isSettled(entered), false);
      enter(running);
      using _pass = await entered;
    });
  }

  test('waits for a plugin that is enabled and that nothing has started yet', async () => {
    const entered = gates.enter(id);
    assert.equal(await isSettled(entered), false);
    enter(running);
    using _pass = await entered;
  });

  test('gives up after its bound, with the reason', async () => {
    enter(backingOff);
    await assert.rejects(gates.enter(id, { waitMs: 20 }), {
      kind: 'unavailable',
      code: 'plugin-not-ready',
      message: 'plugin acme/p:latest was not ready within 0.02 s: it is about to be restarted: exit code 3',
    });
  });

  test('does not wait at all when it must not', async () => {
    enter(starting);
    await assert.rejects(gates.enter(id, { waitMs: 0 }), {
      code: 'plugin-not-ready',
      message: /: it is being started$/,
    });
  });

  test("ends with the reason of the caller's signal", async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const entered = gates.enter(id, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(entered, reason);
  });

  test('refuses at once, and whoever waits, when the plugin has failed', async () => {
    const waiting = gates.enter(id);
    enter(failed);
    const refusal = {
      kind: 'unavailable',
      code: 'plugin-failed',
      message: 'plugin acme/p:latest has failed: exit code 3',
    };
    await assert.rejects(waiting, refusal);
    await assert.rejects(gates.enter(id), refusal);
  });

  test('refuses whoever waits when the plugin is disabled or removed', async () => {
    const whileEnabled = gates.enter(id);
    save({ ...record, enabled: false });
    await assert.rejects(whileEnabled, {
      code: 'plugin-disabled',
      message: 'plugin acme/p:latest is disabled',
    });
    save(record);
    const whilePresent = gates.untilOpen(id);
    save(undefined);
    await assert.rejects(whilePresent, { code: 'plugin-disabled', message: 'the plugin was removed' });
  });

  test('refuses whoever waits when the engine closes', async () => {
    const waiting = gates.enter(id);
    gates[Symbol.dispose]();
    await assert.rejects(waiting, { kind: 'unavailable', message: 'the plugin system shuts down' });
  });
});

describe('drain()', () => {
  test('keeps calls out, also while the plugin has failed, until it is disposed', async () => {
    enter(running);
    const drain = await gates.drain(id);
    const entered = gates.enter(id);
    enter(failed);
    assert.equal(await isSettled(entered), false);
    enter(running);
    assert.equal(await isSettled(entered), false);
    drain[Symbol.dispose]();
    using _pass = await entered;
  });

  test('waits for the calls in flight, and for none that comes later', async () => {
    enter(running);
    const pass = await gates.enter(id);
    const draining = gates.drain(id);
    const late = gates.enter(id);
    assert.equal(await isSettled(draining), false);
    pass[Symbol.dispose]();
    using drain = await draining;
    assert.equal(drain.unfinished, 0);
    assert.equal(await isSettled(late), false);
    drain[Symbol.dispose]();
    using _pass = await late;
  });

  test('goes on after its bound, and counts the calls that have not ended', async () => {
    enter(running);
    using _pass = await gates.enter(id);
    using drain = await gates.drain(id, { callsMs: 20, streamsMs: 5 });
    assert.equal(drain.unfinished, 1);
  });

  test('waits for an answer without end for a short time only', async () => {
    enter(running);
    using pass = await gates.enter(id);
    pass.streaming();
    using drain = await gates.drain(id, { callsMs: 600_000, streamsMs: 5 });
    assert.equal(drain.unfinished, 1);
  });

  test('opens the gate again when it is aborted', async () => {
    enter(running);
    using _pass = await gates.enter(id);
    const controller = new AbortController();
    const draining = gates.drain(id, { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(draining, reason);
    using _second = await gates.enter(id, { waitMs: 0 });
  });

  test('that overlaps another keeps the gate closed until both have ended', async () => {
    enter(running);
    const [first, second] = [await gates.drain(id), await gates.drain(id)];
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await assert.rejects(gates.enter(id, { waitMs: 0 }), { code: 'plugin-not-ready' });
    second[Symbol.dispose]();
    using _pass = await gates.enter(id, { waitMs: 0 });
  });
});

describe('onBeforeServing()', () => {
  test('keeps calls out at each start until the work is done', async () => {
    const works: ReturnType<typeof withResolvers<void>>[] = [];
    gates.onBeforeServing((prepared) => {
      assert.equal(prepared, id);
      const work = withResolvers<void>();
      works.push(work);
      return work.promise;
    });
    for (const index of [0, 1]) {
      enter(running);
      const [entered, prepared] = [gates.enter(id), gates.prepared(id)];
      assert.equal(await isSettled(entered), false);
      works[index]?.resolve();
      (await entered)[Symbol.dispose]();
      await prepared;
      enter(backingOff);
    }
    assert.equal(works.length, 2);
  });

  test('lets calls through when the work fails, and reports the error to the one who asks', async () => {
    gates.onBeforeServing(async () => {
      throw new Error('cannot mount data');
    });
    enter(running);
    await assert.rejects(gates.prepared(id), { message: 'cannot mount data' });
    using _pass = await gates.enter(id, { waitMs: 0 });
    assert.match(log.join(), /cannot prepare a plugin for its calls/);
  });

  test('aborts the work when the plugin ends, also one that does not notice', async () => {
    const signals: AbortSignal[] = [];
    gates.onBeforeServing((_id, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    enter(running);
    const prepared = gates.prepared(id);
    enter(backingOff);
    await assert.rejects(prepared, { kind: 'unavailable', message: /ended while it was being prepared/ });
    assert.equal(signals[0]?.aborted, true);
    assert.deepEqual(log, []);
  });

  test('does nothing any more once it was removed', async () => {
    const remove = gates.onBeforeServing(() => assert.fail('the work was removed'));
    remove();
    enter(running);
    await gates.prepared(id);
  });
});
