import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { empty, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

describe('restart', () => {
  const path = (name: string) => `POST /outboard/v1/plugins/${name}/restart`;

  test('restarts plugins in turn, continues after a failure, and fails at the end', async () => {
    const refusal = json(
      { message: 'plugin b:latest is disabled: start it with outboard enable b:latest' },
      409,
    );
    const { code, out, err, daemon } = await run(['restart', '-f', 'a', 'b', 'c'], {
      [path('a')]: empty(204),
      [path('b')]: refusal,
      [path('c')]: empty(204),
    });
    assert.deepEqual([code, out], [1, 'a\nc\n']);
    assert.equal(
      err,
      'Error response from daemon: plugin b:latest is disabled: start it with outboard enable b:latest\n',
    );
    assert.match(daemon.lines()[0] ?? '', /restart\?force=1$/);
  });

  test('suggests disable and enable on a Docker Engine', async () => {
    const { code, err } = await run(['restart', 'a'], {});
    assert.equal(code, 1);
    assert.match(err, /this daemon cannot restart plugins: disable the plugin and enable it\n$/);
  });
});
