/**
 * Root filesystems with traps for the start and for calls: links where the runtime creates and mounts, and links in
 * place of the socket. A running plugin can also set them for its next start.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connectSocket } from '@outboard/protocol';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import { probeShell, startProbePlugin } from '../support/probe-plugin.ts';
import { slowed } from '../support/slowness.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

async function openEngine(context: TestContext): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

/** A directory of the host that is the target of a trap. */
function makeVictim(context: TestContext): string {
  const victim = mkdtempSync(join(tmpdir(), 'outboard-victim-'));
  context.after(() => rmSync(victim, { recursive: true }));
  writeFileSync(join(victim, 'kept'), 'kept');
  return victim;
}

test('I05 enable refuses an image with a link at /dev and writes nothing through it', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  const victim = makeVictim(context);
  const entries = [{ type: 'symlink', name: 'dev', linkName: victim } as const];
  await engine.create({ name: 'trap', context: pluginContext({ entries }) });
  await assert.rejects(engine.enable('trap'), { kind: 'invalid', message: /"\/dev" .* is a link/ });
  assert.deepEqual(readdirSync(victim), ['kept']);
});

test('I05 links that a plugin created at mount destinations of the runtime are refused at its next start', {
  skip,
}, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const victim = makeVictim(context);
  const { id } = await engine.create({ name: 'trap', context: pluginContext() });
  const rootfs = join(dataRoot, 'plugins', id, 'rootfs');
  for (const place of ['dev', 'proc', 'sys', 'run', 'run/docker', 'run/docker/plugins']) {
    for (const target of [victim, '/tmp', '../../../../../../../../tmp']) {
      const path = join(rootfs, place);
      renameSync(path, `${path}.kept`);
      symlinkSync(target, path);
      await assert.rejects(engine.enable('trap'), {
        kind: 'invalid',
        message: new RegExp(`"/${place}" .* is a link`),
      });
      unlinkSync(path);
      renameSync(`${path}.kept`, path);
    }
  }
  assert.deepEqual(readdirSync(victim), ['kept']);
  await engine.enable('trap');
});

test('I04 a mount destination that a link leads into /proc is refused', { skip }, async (context) => {
  const { engine } = await openEngine(context);
  const Mounts = [
    {
      Name: 'm',
      Description: '',
      Source: '/usr',
      Destination: '/data/self',
      Type: 'bind',
      Options: ['rbind', 'ro'],
    },
  ];
  const entries = [{ type: 'symlink', name: 'data', linkName: '/proc' } as const];
  await engine.create({ name: 'trap', context: pluginContext({ config: { Mounts }, entries }) });
  await assert.rejects(engine.enable('trap'), {
    kind: 'invalid',
    message: /"\/data\/self" leads to "\/proc\/self"/,
  });
});

test('I07 a WorkDir that a link leads into /proc is refused, one that stays in the image is not', {
  skip,
}, async (context) => {
  const { engine, dataRoot } = await openEngine(context);
  const config = { WorkDir: '/work/here' };
  const { id } = await engine.create({ name: 'trap', context: pluginContext({ config }) });
  const work = join(dataRoot, 'plugins', id, 'rootfs', 'work');
  mkdirSync(work);
  for (const target of ['/proc/self/fd/7', '../proc/self/fd/8', '/proc/self/cwd', '/dev/fd/7', '/sys']) {
    symlinkSync(target, join(work, 'here'));
    await assert.rejects(
      engine.enable('trap'),
      { kind: 'invalid', message: /"\/work\/here" leads to/ },
      target,
    );
    unlinkSync(join(work, 'here'));
  }
  symlinkSync('/tmp', join(work, 'here'));
  await engine.enable('trap');
});

test('I11 a propagated mount that a link leads out of the root filesystem stays inside', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const victim = makeVictim(context);
  const climbing = `../../../../../../../../../..${victim}`;
  for (const [index, linkName] of [victim, climbing].entries()) {
    const name = `trap${index}`;
    const entries = [{ type: 'symlink', name: 'mnt', linkName } as const];
    const config = { PropagatedMount: '/mnt/volumes' };
    const plugin = await startProbePlugin(opened, name, { config, entries });
    await plugin.shell('echo data > /mnt/volumes/file');
    const directory = join(opened.dataRoot, 'plugins', plugin.id);
    assert.deepEqual(readdirSync(join(directory, 'propagated-mount')), ['file']);
    assert.deepEqual(
      readdirSync(join(directory, 'rootfs', victim, 'volumes')),
      [],
      'the mount point, inside',
    );
    await opened.engine.disable(name);
  }
  assert.deepEqual(readdirSync(victim), ['kept']);
});

test('I11 a propagated mount that a link leads to the sockets or into /proc is refused', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  for (const [index, linkName] of ['/run/docker/plugins', 'proc/sys', '/dev'].entries()) {
    const entries = [{ type: 'symlink', name: 'mnt', linkName } as const];
    const config = { PropagatedMount: '/mnt/volumes' };
    await engine.create({ name: `trap${index}`, context: pluginContext({ config, entries }) });
    await assert.rejects(engine.enable(`trap${index}`), {
      kind: 'invalid',
      message: /"\/mnt\/volumes" leads to/,
    });
  }
});

test('I06 a link that a plugin created in a writable mount redirects no later mount to /dev, /proc, /sys or the sockets', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const [writable, victim] = [makeVictim(context), makeVictim(context)];
  const bind = (Source: string, Destination: string) => ({
    ...{ Name: '', Description: '', Type: 'bind', Options: ['rbind'] },
    Source,
    Destination,
  });
  const places = ['/data', '/mnt/volumes'];
  for (const [index, place] of places.entries()) {
    const name = `trap${index}`;
    const config = {
      PropagatedMount: '/mnt/volumes',
      Mounts: [bind(writable, '/data'), bind(victim, `${place}/later`)],
    };
    const plugin = await startProbePlugin(opened, name, { config });
    await plugin.shell('umount /data/later /mnt/volumes/later; rmdir /data/later /mnt/volumes/later; true');
    await opened.engine.disable(name);
    const directory = join(opened.dataRoot, 'plugins', plugin.id, 'propagated-mount');
    const link = join(place === '/data' ? writable : directory, 'later');
    rmSync(link, { recursive: true, force: true });
    for (const target of ['/dev', '../../../dev', '/proc', '../../../sys', '/run/docker/plugins']) {
      symlinkSync(target, link);
      await assert.rejects(
        opened.engine.enable(name),
        { kind: 'invalid', message: new RegExp(`"${place}/later" leads to "/`) },
        target,
      );
      unlinkSync(link);
    }
    await opened.engine.enable(name);
    await opened.engine.disable(name);
  }
  assert.deepEqual(readdirSync(victim), ['kept']);
});

/** A socket of the host that no plugin may redirect the daemon to. */
async function listenAsVictim(context: TestContext): Promise<{ path: string; connections: () => number }> {
  const path = join(makeVictim(context), 'host.sock');
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await once(server.listen(path), 'listening');
  context.after(() => server.close());
  return { path, connections: () => connections };
}

test('I09 a plugin whose socket is a link to a socket of the host is never ready', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  const victim = await listenAsVictim(context);
  const script = `
    import { symlinkSync } from 'node:fs';
    symlinkSync(${JSON.stringify(victim.path)}, '/run/docker/plugins/${fixtureSocket}');
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => process.exit(0));
  `;
  await engine.create({ name: 'trap', context: pluginContext({ script }) });
  await assert.rejects(engine.enable('trap', { timeoutSeconds: slowed(1) }), {
    kind: 'system',
    code: 'plugin-not-ready',
    message: /want a socket, found another kind of file/,
  });
  assert.equal(victim.connections(), 0);
});

test('I09, I10 a file that a running plugin puts in place of its socket is never connected to', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const victim = await listenAsVictim(context);
  const plugin = await startProbePlugin(opened, 'trap');
  const aside = '/run/docker/plugins/aside.sock';
  const path = `/run/docker/plugins/${fixtureSocket}`;
  // The listener stays reachable for the test under its other name.
  await plugin.shell(`mv ${path} ${aside}`);
  const renamed = join(plugin.socket, '..', 'aside.sock');
  const traps = [
    `ln -s ${victim.path} ${path}`,
    `ln -s aside.sock ${path}`,
    `mkfifo ${path}`,
    `mkdir ${path}`,
    `echo > ${path}`,
    `mknod ${path} c 1 3`,
  ];
  for (const trap of traps) {
    await probeShell(renamed, `rm -rf ${path}; ${trap}`);
    await assert.rejects(connectSocket(plugin.socket), { code: 'not-a-socket' }, trap);
  }
  assert.equal(victim.connections(), 0);
});

test('I06 a mount below a writable one stays inside, with any file at its destination', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine, dataRoot } = opened;
  const home = join(dataRoot, '..');
  const shared = join(home, 'shared');
  const canary = join(home, 'canary');
  const content = join(home, 'content');
  for (const directory of [shared, canary, content]) mkdirSync(directory);
  writeFileSync(join(content, 'content'), '');
  writeFileSync(join(canary, 'kept'), '');
  const mount = (Name: string, Source: string, Destination: string) => {
    return { Name, Description: '', Source, Destination, Type: 'bind', Options: ['rbind'] };
  };
  // The second mount is on a directory of the first, which the plugin may write.
  const Mounts = [mount('outer', shared, '/shared'), mount('inner', content, '/shared/inner')];
  const probe = await startProbePlugin(opened, 'swaps', { config: { Mounts } });
  assert.equal(await probe.shell('ls /shared/inner'), 'content');
  const place = join(shared, 'inner');
  for (const target of [canary, '../canary', `../../../../../../..${canary}`, '/', '/proc/self/root']) {
    rmSync(place, { recursive: true });
    symlinkSync(target, place);
    // It may be refused, as long as nothing is mounted, created or visible outside.
    const isRestarted = await engine.restart('swaps', { force: true }).then(
      () => true,
      () => false,
    );
    if (isRestarted) assert.notEqual(await probe.shell('ls /shared/inner'), 'kept', target);
    assert.deepEqual(readdirSync(canary), ['kept'], target);
    const { mounts } = snapshotHost(home);
    assert.deepEqual(
      mounts.filter((path) => path.startsWith(canary) || path.startsWith(shared)),
      [],
      target,
    );
  }
});
