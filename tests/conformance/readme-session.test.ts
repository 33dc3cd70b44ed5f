/**
 * The sessions in the README: every command runs and prints what the README shows.
 */
import { after, before, describe, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('the sessions in the README', () => {
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    registry = await startRegistry();
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
  });
  after(async () => {
    await daemon.end('SIGTERM');
    await home.remove();
    await registry.stop();
  });

  for (const name of ['docker', 'outboard']) {
    it(`prints what the README shows, line by line (${name})`, () =>
      runSession('README.md', name, {
        socket: daemon.socket,
        home: home.home,
        registryHost: registry.host,
      }));
  }
});
