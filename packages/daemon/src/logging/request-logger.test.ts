import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import pino from 'pino';
import { createRequestLogger } from './request-logger.ts';

test('the log has the reason of a failed start without the output of the plugin', () => {
  const lines: string[] = [];
  const log = createRequestLogger(
    pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
  );
  const reason = 'the plugin exited with code 1';
  const error = new OutboardError('system', `${reason}; its last log lines: "password hunter2"`, {
    details: { reason },
  });
  log({ method: 'POST', path: '/plugins/p/enable', status: 500, elapsedMs: 1, error, expected: true });
  assert.match(lines.join(''), /"reason":"the plugin exited with code 1"/);
  assert.doesNotMatch(lines.join(''), /hunter2/);
});

test('a fault of the storage is logged as an error, other failures of requests as information', () => {
  const levels: number[] = [];
  const log = createRequestLogger(
    pino({ level: 'trace' }, { write: (line: string) => void levels.push(JSON.parse(line).level) }),
  );
  const request = { method: 'POST', path: '/plugins/create', status: 500, elapsedMs: 1, expected: true };
  log({
    ...request,
    error: new OutboardError('system', 'cannot write file', { details: { path: '/data' } }),
  });
  log({ ...request, error: new OutboardError('system', 'the plugin exited', { details: {} }) });
  assert.deepEqual(levels, [50, 30]);
});
