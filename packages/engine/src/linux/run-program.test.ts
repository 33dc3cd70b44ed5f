import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBinary } from './find-binary.ts';
import { runProgram } from './run-program.ts';

test('runProgram() gives a program its input, and the end of it', async () => {
  const input = 'x'.repeat(200_000);
  const { stdout } = await runProgram(await findBinary('cat'), [], { input });
  assert.equal(stdout, input);
});

test('runProgram() does not mind a program that reads nothing of its input', async () => {
  const { code } = await runProgram(await findBinary('true'), [], { input: 'x'.repeat(1_000_000) });
  assert.equal(code, 0);
});

test('runProgram() gives a program without input the end of it at once', async () => {
  assert.deepEqual(await runProgram(await findBinary('cat'), []), { code: 0, stdout: '', stderr: '' });
});
