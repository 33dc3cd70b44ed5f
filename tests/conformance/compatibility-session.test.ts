/**
 * The sessions in docs/compatibility.md: every command is run, and must print what the page shows.
 */
import { after, before, describe, it } from 'node:test';
import { playSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('the sessions in docs/compatibility.md', { skip: needsRoot }, () => {
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    registry = await startRegistry();
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
  });
  after(async () => {
    try {
      // Gone by now, unless the session failed.
      await callApi(daemon.socket, 'DELETE', '/plugins/local:latest?force=1');
      await daemon.end('SIGTERM');
    } finally {
      await registry.stop();
      await home.remove();
    }
  });

  it('prints what the page shows, line by line (docker-plugin)', () =>
    playSession('docs/compatibility.md', 'docker-plugin', {
      socket: daemon.socket,
      home: home.home,
      registryHost: registry.host,
    }));
});
