import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { escapeControls } from './daemon-log.ts';

/** Logs more than a pipe or a socket buffers, and exits. */
const program = `
  const { openLog } = await import(${JSON.stringify(new URL('./daemon-log.js', import.meta.url).href)});
  const { logger, flush } = openLog('info', 'json');
  process.stdin.once('data', async () => {
    for (let index = 0; index < 2000; index++) logger.info({ index }, 'x'.repeat(1000));
    await flush();
    process.exit(7);
  });
  process.stdout.write('up');
`;

for (const reader of ['is closed', 'does not read', 'reads']) {
  test(`flush() completes when the reader of the log ${reader}`, async (context) => {
    const args = ['--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { stdio: 'pipe' });
    context.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
    await once(child.stdout, 'data');
    let bytes = 0;
    if (reader === 'is closed') child.stderr.destroy();
    if (reader === 'reads') child.stderr.on('data', (chunk: Buffer) => (bytes += chunk.length));
    child.stdin.write('go');
    assert.deepEqual(await ended, [7, null]);
    if (reader === 'reads') assert.ok(bytes > 2_000_000, `lost all but ${bytes} bytes`);
  });
}

test('D15 escapeControls() escapes all control characters and keeps the JSON equivalent', () => {
  const hostile = 'a\u009b31m\u007f\u202egnp\u2066\n\u001b[2J';
  const line = escapeControls(JSON.stringify({ hostile }));
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.deepEqual(JSON.parse(line), { hostile });
});
