/**
 * The session in docs/volumes.md: every command runs on the packed example and prints what the page shows.
 */
import { after, before, describe, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';

describe('the session in docs/volumes.md', { skip: needsRoot }, () => {
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
  });
  after(async () => {
    // Already removed, unless the session failed.
    await callApi(daemon.socket, 'DELETE', '/plugins/acme/local:latest?force=1');
    await daemon.end('SIGTERM');
    await home.remove();
  });

  it('prints what the page shows, line by line', () =>
    runSession('docs/volumes.md', 'volumes', { socket: daemon.socket, home: home.home }));
});
