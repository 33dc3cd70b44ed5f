import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestartPolicy } from '../config/plugin-options.ts';
import { refuseRestart } from './restart-policy.ts';

const crashed = { exit: { code: 1, outOfMemory: false } };
const done = { exit: { code: 0, outOfMemory: false } };
const killed = { exit: { code: 137, signal: 'SIGKILL', outOfMemory: false } };
const unseen = { exit: { outOfMemory: false } };
const neverRan = {};

const always: RestartPolicy = { name: 'always' };
const onFailure: RestartPolicy = { name: 'on-failure' };
const threeTimes: RestartPolicy = { name: 'on-failure', maximumRetries: 3 };

for (const [title, policy, failed, failures, isRestarted] of [
  ['always: whatever happened, for ever', always, done, 1_000_000, true],
  ['on-failure: after a crash, for ever', onFailure, crashed, 1_000_000, true],
  ['on-failure: after a signal', onFailure, killed, 1, true],
  ['on-failure: when it could not be started', onFailure, neverRan, 1, true],
  ['on-failure: when nobody saw how it ended', onFailure, unseen, 1, true],
  ['on-failure: not after code 0', onFailure, done, 1, false],
  ['a bound of 3: after the third failure', threeTimes, crashed, 3, true],
  ['a bound of 3: not after the fourth', threeTimes, crashed, 4, false],
  ['a bound of 0 is none', { name: 'always', maximumRetries: 0 }, crashed, 1_000, true],
  ['a bound holds for always too', { name: 'always', maximumRetries: 1 }, done, 2, false],
  ['no: not after anything', { name: 'no' }, crashed, 1, false],
] as const) {
  test(`refuseRestart(), ${title}`, () => {
    const refusal = refuseRestart(policy, failed, failures);
    assert.equal(refusal === undefined, isRestarted, refusal);
  });
}
