/**
 * The sessions in docs/compatibility.md: every command is run, and must print what the page shows.
 */
import { after, before, describe, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';

describe('the sessions in docs/compatibility.md', { skip: needsRoot }, () => {
  let registry: TestRegistry;
  let withPassword: TestRegistry;
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    const auth = { username: 'alice', password: registryPassword };
    [registry, withPassword] = await Promise.all([startRegistry(), startRegistry({ auth })]);
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
  });
  after(async () => {
    try {
      // Already removed, unless the session failed.
      await callApi(daemon.socket, 'DELETE', '/plugins/local:latest?force=1');
      await daemon.end('SIGTERM');
    } finally {
      await Promise.all([registry.stop(), withPassword.stop()]);
      await home.remove();
    }
  });

  for (const name of ['docker-plugin', 'docker-volume', 'docker-info', 'docker-events', 'docker-login']) {
    it(`print what the page shows, line by line (${name})`, () =>
      runSession('docs/compatibility.md', name, {
        socket: daemon.socket,
        home: home.home,
        registryHost: (name === 'docker-login' ? withPassword : registry).host,
      }));
  }
});
