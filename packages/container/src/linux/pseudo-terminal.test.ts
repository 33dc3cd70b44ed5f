import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openPseudoTerminal } from './pseudo-terminal.ts';
import { spawnProcess } from './spawn-process.ts';

async function runOnTerminal(script: string, onChunk: () => Promise<void>): Promise<string> {
  const terminal = openPseudoTerminal({ columns: 80, rows: 24 });
  const { programEnd } = terminal;
  const program = spawnProcess('/bin/sh', ['-c', script], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: [programEnd, programEnd, programEnd],
  });
  terminal.closeProgramEnd();
  const chunks: Buffer[] = [];
  for await (const chunk of terminal.output) {
    chunks.push(chunk);
    await onChunk();
  }
  assert.equal((await program.ended).code, 0);
  assert.equal(terminal.stream.destroyed, true);
  return Buffer.concat(chunks).toString();
}

test('all output of a terminal is read before its end, however late', async () => {
  const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join('');
  const busy = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  };
  for (let round = 0; round < 10; round += 1) assert.equal(await runOnTerminal('seq 5000', busy), numbers);
});

test('a terminal has the requested size', async () => {
  assert.equal(await runOnTerminal('stty size', async () => undefined), '24 80\n');
});
