import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const path = (name: string) => `GET /outboard/v1/plugins/${name}/wait`;
const ready = json({ Ready: true, Status: 'running', Reason: '' });

describe('wait', () => {
  test('prints the name of each plugin when it is ready', async () => {
    const { code, out, daemon } = await run(['wait', 'a/one', 'b/two:1'], {
      [path('a/one')]: ready,
      [path('b/two:1')]: ready,
    });
    assert.equal(code, 0);
    assert.equal(out, 'a/one\nb/two:1\n');
    assert.match(daemon.lines()[0] ?? '', /\?timeout=60$/);
  });

  test('ends with 124 after the time limit, and prints the state of the plugin', async () => {
    const { code, err } = await run(['wait', '--timeout', '5', 'p'], {
      [path('p')]: json({ Ready: false, Status: 'backing-off', Reason: 'exit code 1' }),
    });
    assert.equal(code, 124);
    assert.equal(err, 'plugin p is not ready after 5 s: backing-off: exit code 1\n');
  });

  test('waits without limit for a timeout of 0', async () => {
    const { daemon } = await run(['wait', '--timeout', '0', 'p'], { [path('p')]: ready });
    assert.match(daemon.lines()[0] ?? '', /\?timeout=0$/);
  });

  test('ends with 1 for an unknown plugin', async () => {
    const { code, err } = await run(['wait', 'p'], {
      [path('p')]: json({ message: 'plugin "p" not found' }, 404),
    });
    assert.deepEqual([code, err], [1, 'Error response from daemon: plugin "p" not found: see outboard ls\n']);
  });

  test('refuses a Docker Engine', async () => {
    const { code, err } = await run(['wait', 'p'], {});
    assert.deepEqual([code, err], [1, 'this daemon cannot wait for plugins\n']);
  });

  test('refuses a malformed timeout', async () => {
    assert.equal((await run(['wait', '--timeout', 'soon', 'p'], {})).code, 125);
  });
});
