import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExitCode } from './container-exit.ts';

for (const [text, exit] of [
  ['0', { code: 0 }],
  ['3', { code: 3 }],
  ['137', { code: 137, signal: 'SIGKILL' }],
  ['143\n', { code: 143, signal: 'SIGTERM' }],
  ['255', { code: 255 }],
  ['', undefined],
  ['-1', undefined],
  ['1x', undefined],
  ['1000', undefined],
] as const) {
  test(`S14 parseExitCode() reads ${JSON.stringify(text)} as ${JSON.stringify(exit) ?? 'unknown'}`, () => {
    assert.deepEqual(parseExitCode(text), exit);
  });
}
