/**
 * The Docker Engine of the tests by itself: containers run, and nothing of it is left on the host.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyboxImage, needsDockerEngine, startDockerEngine } from '../support/docker-engine.ts';

test('a container runs', { skip: needsDockerEngine }, async (context) => {
  const runDirectory = await mkdtemp(join(tmpdir(), 'ob-run-'));
  context.after(() => rm(runDirectory, { recursive: true }));
  await using engine = await startDockerEngine({ runDirectory });
  const run = ['run', '--rm', '--network', 'none', busyboxImage];
  assert.equal(await engine.docker.succeed(...run, 'echo', 'hello'), 'hello\n');
});
