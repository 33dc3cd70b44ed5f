/**
 * Podman of a user who is not root, with whom one of two plugins is shared. The volumes are mounts of their own, and the
 * containers report the device that they write to.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tryPaths } from '../support/as-user.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { ext4PluginArchive, needsExt4 } from '../support/ext4-plugin.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { needsPodman } from '../support/podman.ts';
import { openRootlessPodman, type RootlessPodman, rootlessUser } from '../support/rootless-podman.ts';

describe('a plugin that is shared with a user of rootless Podman', { skip: needsPodman || needsExt4 }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;
  let podman: RootlessPodman;
  const ids: Record<string, string> = {};

  const call = (method: string, path: string, document?: object) =>
    callApi(daemon.socket, method, path, {
      headers: { 'content-type': 'application/json' },
      ...(document !== undefined && { body: JSON.stringify(document) }),
    });
  const connect = (action: 'connect' | 'disconnect', document: object) =>
    call('POST', `/outboard/v1/consumers/podman/${action}`, { ConfigDir: podman.dropIns, ...document });
  const ownDirectory = () => join(`${daemon.execRoot}-users`, String(rootlessUser.uid));
  const socket = (alias: string) => join(ownDirectory(), `${alias}.sock`);
  const hostPath = (alias: string, volume: string) =>
    join(daemon.dataRoot, 'plugins', ids[alias] ?? '', 'propagated-mount', volume);
  const dropIn = (alias: string) => join(podman.dropIns, `50-outboard-${alias}.conf`);

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    // As the root directory on a host with systemd: mounts that are made later reach the namespaces of users.
    for (const options of [['--bind', home], ['--make-private'], ['--make-shared']])
      execFileSync('mount', [...options, home]);
    podman = await openRootlessPodman(home);
    daemon = await startDaemon({ home });
    for (const alias of ['files', 'secret']) {
      const api = pluginApi(daemon.socket);
      await api.create(`acme/${alias}`, ext4PluginArchive());
      await api.enable(`acme/${alias}`);
      ids[alias] = JSON.parse((await call('GET', `/plugins/acme/${alias}/json`)).text).Id;
    }
    const { status, text } = await connect('connect', { User: '65534', Shares: ['files'] });
    assert.equal(status, 200, text);
  });
  after(async () => {
    await podman.remove();
    for (const id of Object.values(ids)) await call('DELETE', `/plugins/${id}?force=1`);
    await daemon.end('SIGTERM');
    execFileSync('umount', [home]);
    const { mounts, processes } = snapshotHost(home, { plugins: Object.values(ids) });
    assert.deepEqual([mounts, processes, existsSync(`${daemon.execRoot}-users`)], [[], [], false]);
    await removeHome();
  });

  it('is called by containers, which write to the volume and to nothing else', async () => {
    await podman.succeed('volume', 'create', '--driver', 'files', 'data');
    const volume = ['--volume', 'data:/data', podman.image];
    const holder = await podman.succeed('run', '--detach', ...volume, 'sleep', '600');
    const path = hostPath('files', 'data');
    assert.notEqual(statSync(path).dev, statSync(dirname(path)).dev);
    chownSync(path, rootlessUser.uid, rootlessUser.gid);
    const script = 'echo hello > /data/f; stat -c %d /data';
    const device = await podman.succeed('exec', holder, 'sh', '-c', script);
    assert.equal(Number(device), statSync(path).dev);
    assert.equal(readFileSync(join(path, 'f'), 'utf8'), 'hello\n');
    assert.equal(statSync(join(path, 'f')).uid, rootlessUser.uid);
    assert.equal(await podman.succeed('run', '--rm', ...volume, 'cat', '/data/f'), 'hello');
    const shown = await podman.succeed('volume', 'inspect', '--format', '{{.Mountpoint}}', 'data');
    assert.equal(shown, join(ownDirectory(), ids.files ?? '', 'data'));
  });

  it('is all that the user can reach', async () => {
    const [own, other] = [socket('files'), socket('secret')];
    const view = join(ownDirectory(), ids.files ?? '');
    const hidden = [daemon.dataRoot, daemon.execRoot, hostPath('files', ''), hostPath('secret', '')];
    const paths = [own, view, other, join(daemon.gatewayDirectory, 'files.sock'), ...hidden];
    const answers = await tryPaths({ groups: [] }, paths);
    assert.deepEqual(answers.slice(0, 2), ['connected', 'listed,entered']);
    assert.deepEqual(
      answers.slice(2),
      answers.slice(2).map(() => 'nothing'),
    );
    const { mode, uid } = statSync(own);
    assert.deepEqual([mode & 0o777, uid], [0o600, rootlessUser.uid]);
    const { mode: directoryMode, uid: directoryOwner } = statSync(ownDirectory());
    assert.deepEqual([directoryMode & 0o777, directoryOwner], [0o750, 0]);
    const { code } = await podman.run('volume', 'create', '--driver', 'secret', 'other');
    assert.notEqual(code, 0);
  });

  it('is shown again after the plugin was disabled, and after a kill of the daemon', async () => {
    await podman.succeed('rm', '--all', '--force', '--time', '0');
    const read = ['run', '--rm', '--volume', 'data:/data', podman.image, 'cat', '/data/f'];
    await call('POST', `/plugins/${ids.files}/disable?force=1`);
    assert.equal(existsSync(socket('files')), false);
    await call('POST', `/plugins/${ids.files}/enable`);
    assert.equal(await podman.succeed(...read), 'hello');
    await daemon.end('SIGKILL');
    daemon = await startDaemon({ home });
    await call('GET', `/outboard/v1/plugins/${ids.files}/wait?timeout=60`);
    assert.equal(await podman.succeed(...read), 'hello');
  });

  it('leaves the user with nothing once it is disconnected', async () => {
    assert.equal(statSync(dropIn('files')).uid, rootlessUser.uid);
    const { text } = await connect('disconnect', { User: 'nobody' });
    assert.deepEqual(
      JSON.parse(text).Files.map(({ State }: { State: string }) => State),
      ['removed'],
    );
    assert.deepEqual([existsSync(dropIn('files')), existsSync(`${daemon.execRoot}-users`)], [false, false]);
  });

  it('writes nothing as root where links in the home directory lead', async () => {
    const target = join(home, 'for-root');
    mkdirSync(target, { mode: 0o700 });
    rmSync(podman.dropIns, { recursive: true });
    symlinkSync(target, podman.dropIns);
    const { text } = await connect('connect', { User: 'nobody', Shares: ['files'] });
    assert.equal(JSON.parse(text).Files[0].State, 'failed', text);
    assert.equal(existsSync(join(target, '50-outboard-files.conf')), false);
    await connect('disconnect', { User: 'nobody' });
    rmSync(podman.dropIns);
  });

  it('is refused for root, for unknown users, and without a plugin', async () => {
    for (const [document, status, message] of [
      [{ User: 'root', Shares: ['files'] }, 400, /is root/],
      [{ User: 'no-such-user', Shares: ['files'] }, 404, /no user \\"no-such-user\\"/],
      [{ User: 'nobody' }, 400, /name at least one/],
      [{ Shares: ['files'] }, 400, /name one as well/],
    ] as const) {
      const answer = await connect('connect', document);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, message);
    }
  });
});
