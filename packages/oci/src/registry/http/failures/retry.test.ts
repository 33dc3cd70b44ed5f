import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { OutboardError } from '../../../errors/outboard-error.ts';
import {
  defaultRetryPolicy,
  isCertificateFault,
  isTransientFault,
  isTransientStatus,
  parseRetryAfter,
  retryDelay,
  TransientFailure,
  withRetries,
} from './retry.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('parseRetryAfter()', () => {
  const cases = [
    ['7', 7000],
    [' 7 ', 7000],
    ['0', 0],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['-5', undefined],
    ['1e9', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
    ['9'.repeat(400), undefined],
  ] as const;
  for (const [value, want] of cases) {
    it(`R15 reads ${JSON.stringify(value)?.slice(0, 40)} as ${want}`, () => {
      assert.equal(parseRetryAfter(value, now), want);
    });
  }
});

describe('retryDelay()', () => {
  it('doubles with jitter between half and all of it', () => {
    const waits = [1, 2, 3, 4].map((attempt) => retryDelay(defaultRetryPolicy, attempt, undefined, 0));
    assert.deepEqual(waits, [125, 250, 500, 1000]);
    assert.equal(retryDelay(defaultRetryPolicy, 1, undefined, 1), 250);
  });
  it('R15 obeys the registry up to 60 seconds, and fails above', () => {
    assert.equal(retryDelay(defaultRetryPolicy, 1, 60_000, 0), 60_000);
    assert.equal(retryDelay(defaultRetryPolicy, 1, 60_001, 0), undefined);
  });
});

describe('withRetries()', () => {
  const busy = new OutboardError('unavailable', 'busy');

  it('R15 throws the error of the last failure after five attempts', async () => {
    const clock = createFakeClock({ skipsSleep: true });
    let tries = 0;
    const work = withRetries(defaultRetryPolicy, { clock, random: () => 0.5 }, undefined, async () => {
      tries += 1;
      throw new TransientFailure(busy);
    });
    await assert.rejects(work, busy);
    assert.equal(tries, 5);
    assert.equal(clock.slept.length, 4);
  });
  it('does not retry a permanent failure', async () => {
    let tries = 0;
    const final = new OutboardError('not-found', 'no');
    const work = withRetries(
      defaultRetryPolicy,
      { clock: createFakeClock({ skipsSleep: true }), random: () => 0.5 },
      undefined,
      async () => {
        tries += 1;
        throw final;
      },
    );
    await assert.rejects(work, final);
    assert.equal(tries, 1);
  });
  it('R15 names the wait that the registry demands when it is too long', async () => {
    const work = withRetries(
      defaultRetryPolicy,
      { clock: createFakeClock({ skipsSleep: true }), random: () => 0.5 },
      undefined,
      async () => {
        throw new TransientFailure(busy, { retryAfterMs: 1e12 });
      },
    );
    await assert.rejects(work, {
      kind: 'unavailable',
      message: 'busy; the registry asks to wait 1000000000 s',
    });
  });
  it('throws the reason of the signal', async () => {
    const reason = new Error('left');
    const controller = new AbortController();
    const work = withRetries(
      defaultRetryPolicy,
      { clock: createFakeClock({ skipsSleep: true }), random: () => 0.5 },
      controller.signal,
      async () => {
        controller.abort(reason);
        throw new TransientFailure(busy);
      },
    );
    await assert.rejects(work, reason);
  });
});

describe('transient failures', () => {
  for (const [status, want] of [
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
    [520, true],
    [501, false],
    [505, false],
    [404, false],
    [401, false],
  ] as const) {
    it(`status ${status}: ${want}`, () => assert.equal(isTransientStatus(status), want));
  }
  for (const [code, transient, certificate] of [
    ['ECONNRESET', true, false],
    ['ECONNREFUSED', true, false],
    ['UND_ERR_SOCKET', true, false],
    ['EAI_AGAIN', true, false],
    ['ENOTFOUND', false, false],
    ['EPROTO', false, false],
    ['HPE_INVALID_CONSTANT', false, false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, true],
    ['CERT_HAS_EXPIRED', false, true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false, true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, true],
  ] as const) {
    it(`fault ${code}: ${transient}`, () => {
      const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });
      assert.equal(isTransientFault(error), transient);
      assert.equal(isCertificateFault(error), certificate);
    });
  }
});
