import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationMeasurement } from '@outboard/engine';
import { createMeasurements, durationBounds } from './measurements.ts';

const measured = (changes: Partial<OperationMeasurement>): OperationMeasurement => ({
  operation: 'pull',
  outcome: 'success',
  seconds: 0.3,
  receivedBytes: 0,
  sentBytes: 0,
  unpackSeconds: 0,
  ...changes,
});

test('measurements are summed in total and for each plugin', () => {
  const measurements = createMeasurements();
  measurements.operationEnded(measured({ pluginId: 'a', receivedBytes: 10, unpackSeconds: 0.25 }));
  measurements.operationEnded(measured({ pluginId: 'a', receivedBytes: 5, seconds: 0.2 }));
  measurements.operationEnded(measured({ pluginId: 'b', operation: 'push', sentBytes: 7 }));
  measurements.operationEnded(measured({ outcome: 'failure', receivedBytes: 1 }));
  assert.deepEqual(measurements.totalsOf('a'), {
    operations: [{ operation: 'pull', outcome: 'success', count: 2, seconds: 0.5 }],
    receivedBytes: 15,
    sentBytes: 0,
    unpackSeconds: 0.25,
  });
  const { operations, ...transfer } = measurements.totals();
  assert.deepEqual(transfer, { receivedBytes: 16, sentBytes: 7, unpackSeconds: 0.25 });
  assert.deepEqual(
    operations
      .filter(({ count }) => count > 0)
      .map(({ operation, outcome, count }) => [operation, outcome, count]),
    [
      ['pull', 'success', 2],
      ['pull', 'failure', 1],
      ['push', 'success', 1],
    ],
  );
});

test('forget() removes the measurements of a plugin and keeps the totals', () => {
  const measurements = createMeasurements();
  measurements.operationEnded(measured({ pluginId: 'a', receivedBytes: 10 }));
  measurements.forget('a');
  assert.equal(measurements.totalsOf('a').receivedBytes, 0);
  assert.equal(measurements.totals().receivedBytes, 10);
});

test('a duration is counted in every bucket whose bound it does not exceed', () => {
  const measurements = createMeasurements();
  for (const seconds of [0.3, 0.5, 1000]) measurements.operationEnded(measured({ seconds }));
  const pull = measurements.durations().find(({ operation }) => operation === 'pull');
  const expected = durationBounds.map((bound) => (bound >= 0.5 ? 2 : 0));
  assert.deepEqual(pull, { operation: 'pull', atMost: expected, count: 3, seconds: 1000.8 });
});

test('unknown request methods share one series', () => {
  const measurements = createMeasurements();
  for (const method of ['GET', 'GET', 'FOO', 'BAR']) measurements.requestAnswered({ method, status: 404 });
  assert.deepEqual(measurements.requests(), [
    { method: 'GET', status: 404, count: 2 },
    { method: 'other', status: 404, count: 2 },
  ]);
});
