/**
 * Output on terminals: no colours, and movements of the cursor only where there is one.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json, progress } from './testing/recorded-daemon.ts';
import { plugin, run } from './testing/run-command.ts';

const escapeCharacter = '\u001b';
const pushing = {
  'POST /plugins/p:latest/push': progress([
    { status: 'Uploading', progressDetail: { current: 5, total: 10 }, id: 'efd4653a6317' },
    { status: 'Upload complete', progressDetail: {}, id: 'efd4653a6317' },
  ]),
};

describe('a terminal', () => {
  test('shows progress in place', async () => {
    const { out } = await run(['push', 'p'], pushing, { columns: 80, env: { TERM: 'xterm' } });
    assert.ok(out.includes(`${escapeCharacter}[2K`), out);
  });

  test('of the type "dumb" gets plain lines', async () => {
    const { code, out } = await run(['push', 'p'], pushing, { columns: 80, env: { TERM: 'dumb' } });
    assert.equal(code, 0);
    assert.match(out, /^efd4653a6317: Upload complete$/m);
    assert.ok(!out.includes(escapeCharacter), out);
  });

  for (const env of [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '3', CLICOLOR_FORCE: '1' }]) {
    test(`gets no colours with ${JSON.stringify(env)}`, async () => {
      const answers = { 'GET /plugins': json([plugin('p')]) };
      for (const argv of [['--help'], ['ls'], ['ls', '--bogus'], ['plugin', 'lss']]) {
        const { out, err } = await run(argv, answers, {
          columns: 80,
          env: { TERM: 'xterm-256color', ...env },
        });
        assert.ok(!`${out}${err}`.includes(escapeCharacter), argv.join(' '));
      }
    });
  }
});
