import assert from 'node:assert/strict';
import { test } from 'node:test';
import { empty, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const route = 'POST /plugins/p/enable';

test('enable requests missing directories only with --create-mounts', async () => {
  const plain = await run(['enable', 'p'], { [route]: empty() });
  assert.deepEqual([plain.code, plain.daemon.lines()], [0, ['POST /v1.51/plugins/p/enable?timeout=30']]);
  const making = await run(['enable', '--create-mounts', 'p'], { [route]: empty() });
  assert.deepEqual(making.daemon.lines(), ['POST /v1.51/plugins/p/enable?timeout=30&createMounts=1']);
});

test('enable prints each finding on its own line', async () => {
  const message =
    'mount source is not specified: mount "a"; set it\ncannot find "conmon" in PATH; install it';
  const { code, err } = await run(['enable', 'p'], { [route]: json({ message }, 500) });
  assert.deepEqual([code, err], [1, `Error response from daemon: ${message}\n`]);
});
