import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

test('D15 outboard top escapes control characters in names of processes', async () => {
  const answer = json({
    Titles: ['PID', 'PPID', 'USER', 'TIME', 'COMMAND'],
    Processes: [['7', '1', 'root', '00:00:01', 'sh\u001b[2J\n-c']],
  });
  const { code, out } = await run(['top', 'p'], { 'GET /outboard/v1/plugins/p/top': answer });
  assert.equal(code, 0);
  const lines = out.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(lines, [
    ['PID', 'PPID', 'USER', 'TIME', 'COMMAND'],
    ['7', '1', 'root', '00:00:01', 'sh\\x1b[2J\\x0a-c'],
    [''],
  ]);
});
