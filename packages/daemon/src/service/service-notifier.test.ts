import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { ServiceEnvironment } from './service-environment.ts';
import { createServiceNotifier } from './service-notifier.ts';

/** A notifier, and what it has sent. */
function create(
  environment: Pick<ServiceEnvironment, 'notifySocket' | 'watchdogMs'> = {
    notifySocket: '/s',
    watchdogMs: 1000,
  },
) {
  const sent: string[] = [];
  const notifier = createServiceNotifier(environment, {
    send: (address, message) => sent.push(`${address} ${message}`),
    logger: pino({ level: 'silent' }),
    monotonicNs: () => 5_000_999n,
  });
  return { sent, notifier };
}

/** Let the promises of a beat settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function mockTimers(context: TestContext): void {
  context.mock.timers.enable({ apis: ['setInterval'] });
}

describe('createServiceNotifier()', () => {
  test('tells of each moment in the words of sd_notify(3)', () => {
    const { sent, notifier } = create();
    notifier.ready('serving on\nunix:///x');
    notifier.reloading();
    notifier.stopping();
    assert.deepEqual(sent, [
      '/s READY=1\nSTATUS=serving on unix:///x',
      '/s RELOADING=1\nMONOTONIC_USEC=5000',
      '/s STOPPING=1\nSTATUS=stopping',
    ]);
  });

  test('feeds the watchdog twice in its time, and only while the check passes', async (context) => {
    mockTimers(context);
    const { sent, notifier } = create();
    let isWell = true;
    notifier.watch(async () => {
      if (!isWell) throw new Error('stuck');
    });
    await settled();
    assert.equal(sent.length, 1, 'at once');
    context.mock.timers.tick(500);
    await settled();
    assert.deepEqual(sent, ['/s WATCHDOG=1', '/s WATCHDOG=1']);
    isWell = false;
    context.mock.timers.tick(2000);
    await settled();
    assert.equal(sent.length, 2, 'not fed while the check fails');
    isWell = true;
    context.mock.timers.tick(500);
    await settled();
    assert.equal(sent.length, 3, 'fed again');
    notifier.close();
    context.mock.timers.tick(5000);
    await settled();
    assert.equal(sent.length, 3, 'not fed once closed');
  });

  test('feeds no watchdog that hangs in its check', async (context) => {
    mockTimers(context);
    const { sent, notifier } = create();
    notifier.watch(() => new Promise(() => {}));
    context.mock.timers.tick(3000);
    await settled();
    notifier.close();
    assert.deepEqual(sent, []);
  });

  test('tells nobody when nobody manages the process', () => {
    const { sent, notifier } = create({ watchdogMs: 10 });
    notifier.ready('x');
    notifier.watch(async () => assert.fail('not asked for'));
    assert.deepEqual(sent, []);
  });

  test('goes on when the manager does not listen', () => {
    const notifier = createServiceNotifier(
      { notifySocket: '/s' },
      {
        send: () => {
          throw new Error('ECONNREFUSED');
        },
        logger: pino({ level: 'silent' }),
      },
    );
    assert.doesNotThrow(() => notifier.ready('x'));
  });
});
