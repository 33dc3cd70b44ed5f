import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { EngineEvent } from '../../observe/engine-events.ts';
import type { PluginState } from '../../supervise/supervisor.ts';
import { untilReady } from './until-ready.ts';

const since = new Date(0);
const running: PluginState = { status: 'running', since, startedAt: since, pid: 7, restarts: 0 };
const unhealthy: PluginState = { ...running, status: 'unhealthy', reason: 'no answer' };
const backingOff: PluginState = {
  status: 'backing-off',
  since,
  restarts: 1,
  retryAt: since,
  reason: 'exit code 1',
};
const failed: PluginState = { status: 'failed', since, restarts: 3, reason: 'exit code 1' };

/** One plugin whose record and state the test moves. */
function createPlugin() {
  const states = new Set<(id: string, now: PluginState, before: PluginState) => void>();
  const events = new Set<(event: EngineEvent) => void>();
  let record: { readonly id: string; readonly name: string; readonly enabled: boolean } | undefined;
  let state: PluginState = { status: 'disabled' };
  const follow =
    <Listener>(all: Set<Listener>) =>
    (listener: Listener) => {
      all.add(listener);
      return () => void all.delete(listener);
    };
  return {
    parts: {
      store: {
        find() {
          if (record === undefined) throw new OutboardError('not-found', 'plugin "p" not found');
          return record;
        },
      },
      supervisor: { state: () => state, onChange: follow(states) },
      onEvent: follow(events),
      // Of the real parts only these are asked.
    } as unknown as Parameters<typeof untilReady>[0],
    become(next: PluginState): void {
      const before = state;
      state = next;
      for (const listener of [...states]) listener('1', next, before);
    },
    /** @param enabled undefined when it is removed */
    save(enabled: boolean | undefined): void {
      record = enabled === undefined ? undefined : { id: '1', name: 'p:latest', enabled };
      const event = {
        type: 'plugin',
        action: 'enable',
        id: '1',
        attributes: { name: 'p' },
        at: since,
        timeNano: 1n,
      };
      for (const listener of [...events]) listener(event as EngineEvent);
    },
    listeners: () => states.size + events.size,
  };
}

/** True after the promise has settled. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const first = await Promise.race([
    promise.catch(() => undefined),
    new Promise((r) => setImmediate(r, pending)),
  ]);
  return first !== pending;
}

describe('untilReady()', () => {
  const { signal } = new AbortController();

  test('a plugin that runs is not ready before its record says that it is enabled', async () => {
    const plugin = createPlugin();
    plugin.save(false);
    const waiting = untilReady(plugin.parts, 'p', signal);
    plugin.become(running);
    assert.equal(await hasSettled(waiting), false);
    plugin.save(true);
    await waiting;
    assert.equal(plugin.listeners(), 0, 'a listener is left');
  });

  test('waits while a plugin is to be started again', async () => {
    const plugin = createPlugin();
    plugin.save(true);
    plugin.become(backingOff);
    const waiting = untilReady(plugin.parts, 'p', signal);
    assert.equal(await hasSettled(waiting), false);
    plugin.become(running);
    await waiting;
  });

  test('an unhealthy plugin serves, and is ready', async () => {
    const plugin = createPlugin();
    plugin.save(true);
    plugin.become(unhealthy);
    await untilReady(plugin.parts, 'p', signal);
  });

  test('waiting for a plugin that is not restarted rejects with the reason', async () => {
    const plugin = createPlugin();
    plugin.save(true);
    plugin.become(backingOff);
    const waiting = untilReady(plugin.parts, 'p', signal);
    plugin.become(failed);
    await assert.rejects(waiting, { kind: 'conflict', message: 'plugin p:latest has failed: exit code 1' });
    assert.equal(plugin.listeners(), 0, 'a listener is left');
  });

  test('a plugin that is removed meanwhile is not found', async () => {
    const plugin = createPlugin();
    plugin.save(false);
    const waiting = untilReady(plugin.parts, 'p', signal);
    plugin.save(undefined);
    await assert.rejects(waiting, { kind: 'not-found' });
  });

  test('ends with its signal, and listens no more', async () => {
    const plugin = createPlugin();
    plugin.save(false);
    const scope = new AbortController();
    const waiting = untilReady(plugin.parts, 'p', scope.signal);
    scope.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    assert.equal(plugin.listeners(), 0, 'a listener is left');
  });
});
