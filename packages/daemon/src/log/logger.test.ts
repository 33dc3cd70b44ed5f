import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeControls } from './logger.ts';

test('D15 escapeControls() leaves nothing that a terminal acts upon, and the same JSON', () => {
  const hostile = 'a\u009b31m\u007f\u202egnp\u2066\n\u001b[2J';
  const line = escapeControls(JSON.stringify({ hostile }));
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.deepEqual(JSON.parse(line), { hostile });
});
