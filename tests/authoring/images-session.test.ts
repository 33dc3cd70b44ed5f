/**
 * The session in docs/images.md: an image of Podman becomes a plugin, with what the page shows.
 */
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsPodman, openPodman, type TestPodman } from '../support/podman.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const program = join(fileURLToPath(new URL('../..', import.meta.url)), 'bin/outboard');

describe('the session in docs/images.md', { skip: needsPodman }, () => {
  let daemon: TestDaemon;
  let registry: TestRegistry;
  let podman: TestPodman;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
    registry = await startRegistry();
    podman = await openPodman(home.home);
  });
  after(async () => {
    // Already removed, unless the session failed.
    for (const name of [`${registry.host}/acme/hello:1.0`, 'acme/classic:1.0', 'acme/saved:1.0'])
      await callApi(daemon.socket, 'DELETE', `/plugins/${name}?force=1`);
    await podman.remove();
    await daemon.end('SIGTERM');
    await registry.stop();
    await home.remove();
  });

  it('prints what the page shows, line by line', () =>
    runSession('docs/images.md', 'images', {
      socket: daemon.socket,
      home: home.home,
      registryHost: registry.host,
      programs: podman.programs,
      inCommands: [['&& outboard ', `&& ${program} `]],
    }));
});
