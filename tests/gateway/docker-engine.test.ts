/**
 * The Docker Engine of the tests by itself: containers run, and nothing of it is left on the host.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDaemonHome } from '../support/daemon.ts';
import { busyboxImage, needsDockerEngine, startDockerEngine } from '../support/docker-engine.ts';

test('a container runs', { skip: needsDockerEngine }, async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  await using engine = await startDockerEngine({ daemonHome: home });
  const run = ['run', '--rm', '--network', 'none', busyboxImage];
  assert.equal(await engine.docker.succeed(...run, 'echo', 'hello'), 'hello\n');
});
