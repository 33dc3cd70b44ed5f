import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { ServiceEnvironment } from './service-environment.ts';
import { createServiceNotifier } from './service-notifier.ts';

/** A notifier, and the messages that it has sent. */
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

/** Let pending promises settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function mockTimers(context: TestContext): void {
  context.mock.timers.enable({ apis: ['setInterval'] });
}

describe('createServiceNotifier()', () => {
  test('sends the messages of sd_notify(3) for ready, reload and stop', () => {
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

  test('notifies the watchdog twice per timeout while the check passes', async (context) => {
    mockTimers(context);
    const { sent, notifier } = create();
    let isHealthy = true;
    notifier.watch(async () => {
      if (!isHealthy) throw new Error('stuck');
    });
    await settled();
    assert.equal(sent.length, 1, 'at once');
    context.mock.timers.tick(500);
    await settled();
    assert.deepEqual(sent, ['/s WATCHDOG=1', '/s WATCHDOG=1']);
    isHealthy = false;
    context.mock.timers.tick(2000);
    await settled();
    assert.equal(sent.length, 2, 'no message while the check fails');
    isHealthy = true;
    context.mock.timers.tick(500);
    await settled();
    assert.equal(sent.length, 3, 'a message after the check passes again');
    notifier.close();
    context.mock.timers.tick(5000);
    await settled();
    assert.equal(sent.length, 3, 'no message after close()');
  });

  test('does not notify the watchdog while the check hangs', async (context) => {
    mockTimers(context);
    const { sent, notifier } = create();
    notifier.watch(() => new Promise(() => {}));
    context.mock.timers.tick(3000);
    await settled();
    notifier.close();
    assert.deepEqual(sent, []);
  });

  test('sends nothing without a service manager', () => {
    const { sent, notifier } = create({ watchdogMs: 10 });
    notifier.ready('x');
    notifier.watch(async () => assert.fail('the check is not expected'));
    assert.deepEqual(sent, []);
  });

  test('ignores a send error when the service manager does not listen', () => {
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
