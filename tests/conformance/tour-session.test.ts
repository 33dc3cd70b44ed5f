/**
 * The session `tour` of docs/podman.md, which the README shows as a picture: rclone's plugin from a registry to a container of Podman, with a real SFTP server. The
 * configuration of Podman is a private one, for the daemon as well.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { needsPodman, openPodman, type TestPodman } from '../support/podman.ts';
import { makeRclonePlugin, needsRclone, sftpRemote } from '../support/rclone-plugin.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type SftpServer, startSftpServer } from '../support/sftp-server.ts';

describe('the tour in docs/podman.md', { skip: needsPodman || needsRclone }, () => {
  let registry: TestRegistry;
  let server: SftpServer;
  let daemon: TestDaemon;
  let podman: TestPodman;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    home = await makeDaemonHome();
    registry = await startRegistry();
    server = await startSftpServer(join(home.home, 'sftp'));
    mkdirSync(join(server.directory, 'photos'));
    podman = await openPodman(home.home);
    await podman.succeed('tag', podman.image, 'docker.io/library/alpine');
    // Mounts below the directory reach Podman, the one over its configuration reaches the daemon only.
    execFileSync('mount', ['--bind', '--make-shared', home.home, home.home]);
    const script = 'mount --make-private / && mount --bind "$0" /etc/containers && exec "$@"';
    const inNamespace = ['unshare', '--mount', '--propagation', 'unchanged', '--', 'sh', '-c', script];
    const around = [...inNamespace, join(podman.prefix, 'etc', 'containers')];
    daemon = await startDaemon({ home: home.home, around });
    const api = pluginApi(daemon.socket);
    const remote = `${registry.host}/rclone/docker-volume-rclone`;
    const plugin = makeRclonePlugin({
      home: join(home.home, 'rclone'),
      ...sftpRemote('nas', server),
      asPublished: true,
    });
    await api.create(remote, plugin.archive);
    await api.push(remote);
    await api.remove(remote);
  });
  after(async () => {
    await podman.remove();
    // Already removed, unless the session failed.
    await callApi(daemon.socket, 'DELETE', '/plugins/rclone:latest?force=1');
    await daemon.end('SIGTERM');
    await server[Symbol.asyncDispose]();
    await registry.stop();
    execFileSync('umount', [home.home]);
    await home.remove();
  });

  it('prints what the page shows, line by line', async () => {
    // Directories of the test, in place of those that the plugin names.
    const settings = ['config', 'cache']
      .map((name) => `${name}.source=${join(home.home, 'rclone', name)}`)
      .join(' ');
    await runSession('docs/podman.md', 'tour', {
      socket: daemon.socket,
      home: home.home,
      registryHost: registry.host,
      programs: podman.programs,
      inCommands: [['/docker-volume-rclone RCLONE', `/docker-volume-rclone ${settings} RCLONE`]],
    });
  });
});
