import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOperationScope } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import type { UnpackJail } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import pino from 'pino';
import type { EngineObserver, OperationMeasurement } from '../observe/engine-observer.ts';
import { createOperationMeter } from '../observe/operation-meter.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { createOperationRunner } from './run-operation.ts';

const record = recordFixture({ name: 'acme/p:latest' });

/** A runner over a store with one plugin. */
function createRunner(observer?: EngineObserver) {
  const measured: OperationMeasurement[] = [];
  const plugins = new Map([[record.id, record]]);
  const scope = createOperationScope(() => new Error('closed'));
  const run = createOperationRunner({
    scope,
    store: {
      get: (id) => plugins.get(id),
      find(typed) {
        const found = [...plugins.values()].find(({ name }) => name === typed);
        if (found === undefined) throw new OutboardError('not-found', `plugin "${typed}" not found`);
        return found;
      },
    },
    observer: observer ?? { operationEnded: (measurement) => void measured.push(measurement) },
    logger: pino({ level: 'silent' }),
  });
  return { run, scope, measured, plugins };
}

/** A measurement without what time decides. */
const facts = ({
  seconds: _seconds,
  unpackSeconds: _unpackSeconds,
  pluginId,
  ...rest
}: OperationMeasurement) => ({
  ...rest,
  ...(pluginId !== undefined && { pluginId }),
});

test('an operation is measured with its plugin and the bytes that it moved', async () => {
  const { run, measured } = createRunner();
  const result = await run({ measured: 'push', plugin: 'acme/p:latest' }, async (_signal, meter) => {
    meter.sent(5);
    meter.sent(6);
    meter.received(7);
    return 'done';
  });
  assert.equal(result, 'done');
  assert.deepEqual(measured.map(facts), [
    { operation: 'push', outcome: 'success', pluginId: record.id, receivedBytes: 7, sentBytes: 11 },
  ]);
  assert.ok((measured[0]?.seconds ?? -1) >= 0, 'no duration');
});

test('an operation that makes a plugin is measured with its ID', async () => {
  const { run, measured } = createRunner();
  await run({ measured: 'create', made: ({ id }) => id }, async () => ({ id: record.id }));
  assert.equal(measured[0]?.pluginId, record.id);
});

test('a failure is measured and thrown', async () => {
  const { run, measured } = createRunner();
  const failing = run({ measured: 'enable', plugin: 'nope' }, async () => {
    throw new OutboardError('not-found', 'plugin "nope" not found');
  });
  await assert.rejects(failing, { kind: 'not-found' });
  assert.deepEqual(measured.map(facts), [
    { operation: 'enable', outcome: 'failure', receivedBytes: 0, sentBytes: 0 },
  ]);
});

for (const who of ['its caller', 'the end of the engine'] as const) {
  test(`an operation that ${who} stopped is measured as cancelled`, async () => {
    const { run, scope, measured } = createRunner();
    const caller = new AbortController();
    const running = run(
      { measured: 'pull', signal: caller.signal },
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const refused = assert.rejects(running);
    if (who === 'its caller') caller.abort(new Error('gone'));
    else await scope.close();
    await refused;
    assert.deepEqual(
      measured.map(({ outcome }) => outcome),
      ['cancelled'],
    );
  });
}

test('a plugin that is gone after the operation is not named', async () => {
  const { run, measured, plugins } = createRunner();
  await run({ measured: 'remove', plugin: 'acme/p:latest' }, async () => void plugins.clear());
  assert.equal(measured[0]?.pluginId, undefined);
});

test('an observer that throws changes nothing', async () => {
  const { run } = createRunner({
    operationEnded() {
      throw new Error('the observer broke');
    },
  });
  assert.equal(await run({ measured: 'set' }, async () => 'done'), 'done');
});

test('a meter adds up the time that a jail works, also when it fails', async () => {
  const clock = createFakeClock();
  const meter = createOperationMeter(clock);
  const jail: UnpackJail = {
    async apply() {
      clock.advance(1500);
      throw new OutboardError('invalid', 'malformed archive');
    },
    archive: () => assert.fail('not in this test'),
    async finish() {
      clock.advance(250);
    },
    async [Symbol.asyncDispose]() {
      clock.advance(10_000);
    },
  };
  const measured = meter.measure(jail);
  await assert.rejects(measured.apply((async function* () {})()), /malformed archive/);
  await measured.finish();
  await measured[Symbol.asyncDispose]();
  assert.equal(meter.counts().unpackSeconds, 1.75);
});
