/**
 * The session in docs/podman.md, with the stock Podman. Its configuration directory is a private one, for the daemon as well.
 */

import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsPodman, openPodman, type TestPodman } from '../support/podman.ts';

describe('the session in docs/podman.md', { skip: needsPodman }, () => {
  let daemon: TestDaemon;
  let podman: TestPodman;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    home = await makeDaemonHome();
    podman = await openPodman(home.home);
    await podman.succeed('tag', podman.image, 'docker.io/library/alpine');
    const script = 'mount --bind "$0" /etc/containers && exec "$@"';
    const inNamespace = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', script];
    const around = [...inNamespace, join(podman.prefix, 'etc', 'containers')];
    daemon = await startDaemon({ home: home.home, around });
  });
  after(async () => {
    // Already removed, unless the session failed.
    await podman.remove();
    await callApi(daemon.socket, 'DELETE', '/plugins/acme/files:latest?force=1');
    await daemon.end('SIGTERM');
    await home.remove();
  });

  it('prints what the page shows, line by line', () =>
    runSession('docs/podman.md', 'podman', {
      socket: daemon.socket,
      home: home.home,
      programs: podman.programs,
    }));
});
