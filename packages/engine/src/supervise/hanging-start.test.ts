/**
 * Plugins whose container is never created: they delay no other plugin.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSupervisorFixture, listening } from '../testing/supervisor-fixture.ts';

/** Hangs when it is to create the container of a plugin that says so in its environment, and tells by a file. */
const hangingRuntime = `#!/bin/sh
for word; do
  if [ "$option" = --bundle ] && grep -q '"HANGS=1"' "$word/config.json"; then
    : > "\${0%/*}/hangs/$$"
    exec sleep 1000
  fi
  option=$word
done
exec runc "$@"
`;

test('plugins that hang while they are created do not delay others, at any number', async (t) => {
  const fixture = createSupervisorFixture(t);
  const directory = join(fixture.layout.pluginsDirectory, '..');
  const runtime = join(directory, 'runtime');
  const hangs = join(directory, 'hangs');
  writeFileSync(runtime, hangingRuntime, { mode: 0o755 });
  mkdirSync(hangs);
  const { supervisor } = await fixture.open({}, { runtime });
  const places = 2 * availableParallelism();
  const hanging = Array.from({ length: places }, () =>
    fixture.install(listening, { env: [{ name: 'HANGS', value: '1' }] }),
  );
  const healthy = fixture.install(listening);
  const watcher = watch(hangs);
  await supervisor.restore(hanging);
  while (readdirSync(hangs).length < places) await once(watcher, 'change');
  watcher.close();
  await supervisor.start(healthy);
  // They are still at their first try, which is given up after 30 s.
  for (const { id } of hanging) {
    const state = supervisor.state(id);
    assert.deepEqual([state.status, state.status === 'starting' && state.restarts], ['starting', 0]);
  }
  for (const { id } of [healthy, ...hanging]) await supervisor.stop(id);
});
