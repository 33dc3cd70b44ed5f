import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostMounts, resolveHostPath, resolveHostPaths } from '@outboard/container';
import type { PluginClient } from '@outboard/protocol';
import { pino } from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { createMountCheck } from './namespace-mount-check.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to mount';

/**
 * A process with a mount namespace like that of a plugin: `volumes` is its propagated mount, `inner` is not shared with the host.
 * It mounts a tmpfs at `volumes/seen` and `inner/hidden`, and one at `volumes/torn`, which does not reach the host.
 */
async function startPlugin() {
  const home = await mkdtemp(join(tmpdir(), 'outboard-check-'));
  execFileSync('mount', ['--bind', '--make-private', home, home]);
  const rootfs = join(home, 'rootfs');
  const hostPath = join(home, 'propagated-mount');
  for (const name of ['seen', 'torn', 'plain', 'hosts'])
    await mkdir(join(hostPath, name), { recursive: true });
  await mkdir(join(rootfs, 'inner/hidden'), { recursive: true });
  for (const name of ['volumes', 'old']) await mkdir(join(rootfs, name));
  await hostMounts.makeShared(hostPath);
  const script = `set -e; cd "$0"
    mount --rbind rootfs rootfs; mount --rbind propagated-mount rootfs/volumes; mount --make-rshared rootfs/volumes
    mount -t tmpfs tmpfs rootfs/volumes/seen; mount -t tmpfs tmpfs rootfs/inner/hidden
    mount --make-private rootfs/volumes; mount -t tmpfs tmpfs rootfs/volumes/torn
    cd rootfs; pivot_root . old; echo ready; read end`;
  const plugin = spawn('unshare', ['--mount', '--propagation', 'unchanged', 'sh', '-c', script, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(plugin.stdout, 'data');
  const tree = { rootfs, propagatedMount: { path: '/volumes', hostPath } };
  const driver: PluginDriver = {
    name: 'acme/p:latest',
    pluginId: 'p',
    client: {} as PluginClient, // never called
    toHostPath: (path, options) => resolveHostPath(tree, path, options),
    toHostPaths: (paths, options) => resolveHostPaths(tree, paths, options),
  };
  const check = createMountCheck({
    running: () => ({ pid: plugin.pid ?? 0, tree }),
    gravesOf: () => join(home, 'graves'),
    guardsOf: () => ({ mountGuards: join(home, 'guards'), propagatedMount: hostPath }),
    logger: pino({ level: 'silent' }),
  });
  return {
    hostPath,
    driver,
    check,
    async [Symbol.asyncDispose]() {
      const ended = once(plugin, 'exit');
      plugin.kill('SIGKILL');
      await ended;
      await hostMounts.unmountBelow(home);
      await rm(home, { recursive: true });
    },
  };
}

test('a path is given out when plugin and host see the same mount there, or both none', {
  skip,
}, async () => {
  await using plugin = await startPlugin();
  const { check, driver, hostPath } = plugin;
  const seen = await check.check(driver, '/volumes/seen');
  assert.deepEqual([seen.hostPath, seen.fileSystem], [join(hostPath, 'seen'), 'tmpfs']);
  assert.ok(await check.isMounted(seen));
  const plain = await check.check(driver, '/volumes/plain');
  assert.deepEqual([plain.hostPath, plain.fileSystem, plain.device], [join(hostPath, 'plain'), '', '']);
  await assert.rejects(check.check(driver, '/volumes/absent'), {
    code: 'mount-lost',
    message: /does not exist/,
  });
});

test('a path at which host and plugin see different mounts is refused', { skip }, async () => {
  await using plugin = await startPlugin();
  const { check, driver, hostPath } = plugin;
  await hostMounts.makeShared(join(hostPath, 'hosts'));
  const onlyInPlugin = /^the plugin has tmpfs mounted at "\/volumes\/torn", and the host does not see it$/;
  await assert.rejects(check.check(driver, '/volumes/torn'), { code: 'mount-lost', message: onlyInPlugin });
  const onlyOnHost = /^the host has \S+ mounted at ".*\/hosts", and the plugin does not see it$/;
  await assert.rejects(check.check(driver, '/volumes/hosts'), { code: 'mount-lost', message: onlyOnHost });
  const outside = /which the host cannot see: want a path below the "propagatedMount" of its config$/;
  // Another mount would not help.
  await assert.rejects(check.check(driver, '/inner/hidden'), { code: undefined, message: outside });
});

test('paths of a list are given out where plugin and host see the same', { skip }, async () => {
  await using plugin = await startPlugin();
  const { check, driver, hostPath } = plugin;
  const paths = ['/volumes/seen', '/volumes/torn', '/volumes/plain', '/inner/hidden'];
  assert.deepEqual(await check.checkAll(driver, paths), [
    join(hostPath, 'seen'),
    undefined,
    join(hostPath, 'plain'),
    undefined,
  ]);
  assert.deepEqual(await check.checkAll(driver, []), []);
});
