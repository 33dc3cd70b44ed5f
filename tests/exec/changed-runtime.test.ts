/**
 * Plugins that run while the OCI runtime of the daemon is replaced: only the runtime that made a container knows it.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { testedRuntime } from '../support/oci-runtime.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginContext } from '../support/plugin-archive.ts';

test('exec, limits and stop of a running plugin use the runtime that started it', {
  skip: needsRoot,
}, async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-runtime-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const other = join(directory, 'other');
  writeFileSync(other, '#!/bin/sh\necho "the other runtime was asked" >&2\nexit 1\n');
  chmodSync(other, 0o755);
  const roots = { dataRoot: join(directory, 'data'), execRoot: join(directory, 'exec') };
  const first = await openPluginEngine({ ...roots, runtime: testedRuntime() });
  await first.create({ name: 'p', context: pluginContext(perlPlugin('plain')) });
  await first.enable('p');
  await first[Symbol.asyncDispose]();

  const second = await openPluginEngine({ ...roots, runtime: other });
  try {
    const session = await second.exec('p', { command: ['/bin/sh', '-c', 'exit 5'] });
    assert.equal(await session.ended, 5);
    assert.deepEqual(await second.update('p', { limits: { pids: 100 } }), []);
    await second.disable('p');
    await assert.rejects(second.enable('p'), /the other runtime was asked/);
  } finally {
    await second.remove('p', { force: true });
    await second[Symbol.asyncDispose]();
  }
});
