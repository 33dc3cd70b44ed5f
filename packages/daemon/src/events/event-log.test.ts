import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListeners } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';
import { createEventLog } from './event-log.ts';

const event = (id: string) => ({ id }) as EngineEvent; // the log reads no fields

test('createEventLog() reports the error of a follower and still delivers and keeps the events', () => {
  const source = createListeners<[EngineEvent]>((error) => assert.fail(String(error)));
  const reported: unknown[] = [];
  const log = createEventLog(source.add, (error) => reported.push(error));
  const failure = new Error('mine');
  const seen: string[] = [];
  log.follow(() => {
    throw failure;
  });
  const unfollow = log.follow(({ id }) => seen.push(id));
  source.notify(event('first'));
  unfollow();
  source.notify(event('second'));
  assert.deepEqual(seen, ['first']);
  assert.deepEqual(reported, [failure, failure]);
  assert.deepEqual(
    log.recent().map(({ id }) => id),
    ['first', 'second'],
  );
});
