/**
 * The session in docs/authors.md: from nothing to a published plugin, with what the page shows.
 */
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const program = join(fileURLToPath(new URL('../..', import.meta.url)), 'bin/outboard');

describe('the session in docs/authors.md', { skip: needsRoot }, () => {
  let daemon: TestDaemon;
  let registry: TestRegistry;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
    registry = await startRegistry();
  });
  after(async () => {
    // Already removed, unless the session failed.
    await callApi(daemon.socket, 'DELETE', '/plugins/acme/hello:1.0?force=1');
    await daemon.end('SIGTERM');
    await registry.stop();
    await home.remove();
  });

  it('prints what the page shows, line by line', () =>
    runSession('docs/authors.md', 'authors', {
      socket: daemon.socket,
      home: home.home,
      registryHost: registry.host,
      inCommands: [['&& outboard ', `&& ${program} `]],
      inOutput: [[`linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`, 'linux/amd64']],
    }));
});
