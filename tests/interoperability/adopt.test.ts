/**
 * Adoption of plugins from a directory that a real Docker Engine wrote: its plugins run here afterwards, with their IDs,
 * settings and data, and its directory is as before.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeDaemonHome } from '../support/daemon.ts';
import { type DockerEngine, needsDockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { tarArchive } from '../support/tar.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

describe('adoption of plugins of Docker Engine', { skip: needsDockerEngine }, () => {
  let place: Awaited<ReturnType<typeof makeDaemonHome>>;
  let docker: DockerEngine;
  let registry: TestRegistry | undefined;
  let subject: TestEngine;
  const ids = new Map<string, string>();
  const stored = (name: string, path: string) => join(docker.dataRoot, 'plugins', ids.get(name) ?? '', path);
  const adopted = (name: string, path: string) =>
    join(subject.dataRoot, 'plugins', ids.get(name) ?? '', path);
  const adopt = (options: { plugins?: readonly string[]; force?: boolean; isDryRun?: boolean } = {}) =>
    subject.engine.adopt({ directory: docker.dataRoot, ...options });
  const created = 'acme/created:v1';
  const disabled = 'acme/disabled:v1';
  let pulled = '';

  before(async () => {
    place = await makeDaemonHome();
    [docker, registry, subject] = await Promise.all([
      startDockerEngine({ daemonHome: place.home }),
      startRegistry(),
      openTestEngine(),
    ]);
    const api = pluginApi(docker.socket);
    pulled = `${registry.host}/acme/pulled:v1`;
    await api.create(created, archiveOf('created', { PropagatedMount: '/data' }));
    await api.create(disabled, archiveOf('disabled'));
    await api.create(pulled, archiveOf('pulled'));
    await api.push(pulled);
    await api.remove(pulled);
    await api.pull(pulled, pulled);
    await api.set(pulled, 'DEBUG=1');
    await api.set(disabled, 'DEBUG=2');
    await api.enable(created);
    for (const line of (
      await docker.docker.succeed('plugin', 'ls', '--no-trunc', '--format', '{{.Name}} {{.ID}}')
    )
      .trim()
      .split('\n')) {
      const [name = '', id = ''] = line.split(' ');
      ids.set(name, id);
    }
  });

  after(async () => {
    await subject?.[Symbol.asyncDispose]();
    await docker?.[Symbol.asyncDispose]();
    await registry?.stop();
    await place?.remove();
  });

  it('refuses while an engine uses the directory; by force takes what is disabled in it', async () => {
    await assert.rejects(adopt(), { kind: 'conflict', code: 'docker-runs', message: /stop it first/ });
    const judged = await adopt({ force: true, isDryRun: true });
    assert.deepEqual(Object.fromEntries(judged.map(({ name, outcome }) => [name, outcome])), {
      [created]: 'refused',
      [disabled]: 'adoptable',
      [pulled]: 'adoptable',
    });
    const refused = judged.find(({ name }) => name === created);
    assert.match(refused?.reason ?? '', /enabled in the Docker Engine that runs: docker plugin disable/);
    const [taken] = await adopt({ force: true, plugins: [disabled] });
    assert.equal(taken?.outcome, 'adopted');
    assert.deepEqual(
      subject.engine.list().map(({ name }) => name),
      [disabled],
    );
  });

  it('adopts the rest once it is stopped, with IDs, settings, data and state, and without its registry', async () => {
    await docker.stop();
    await registry?.stop();
    registry = undefined;
    const mount = stored(created, 'propagated-mount');
    writePropagatedData(mount);
    writeFileSync(stored(created, 'rootfs/written-by-the-plugin'), 'state');
    const original = describeTree(docker.dataRoot);
    const results = await adopt();
    assert.deepEqual(Object.fromEntries(results.map(({ name, outcome }) => [name, outcome])), {
      [created]: 'adopted',
      [disabled]: 'present',
      [pulled]: 'adopted',
    });
    // Docker deletes layers when it removes any plugin.
    for (const warning of results.flatMap(({ warnings }) => warnings))
      assert.match(warning, /^Docker did not keep/);
    assert.deepEqual(describeTree(docker.dataRoot), original, 'the directory of Docker has changed');
    const { engine } = subject;
    const env = (name: string) => engine.inspect(name).settings.env;
    assert.deepEqual([...engine.list()].map(({ name, id }) => [name, id]).sort(), [...ids].sort());
    assert.deepEqual([env(created), env(disabled), env(pulled)].flat().sort(), [
      'DEBUG=0',
      'DEBUG=1',
      'DEBUG=2',
    ]);
    assert.ok(env(pulled).includes('DEBUG=1'));
    for (const path of ['rootfs', 'propagated-mount']) {
      assert.deepEqual(describeTree(adopted(created, path)), describeTree(stored(created, path)), path);
    }
    assert.equal(digestOfTree(adopted(created, 'propagated-mount')), digestOfTree(mount));
    assert.ok(lstatSync(adopted(created, 'propagated-mount/sparse')).blocks < 1000, 'holes were filled');
    assert.deepEqual(
      [...engine.list()].filter(({ enabled }) => enabled).map(({ name }) => name),
      [created],
    );
    const driver = await engine.drivers.find(created, 'volumedriver');
    await driver.client.call('VolumeDriver.Create', { Name: 'data' });
  });

  it('adopts nothing twice, and keeps all of it over a restart', async () => {
    const engine = await subject.reopen();
    const results = await adopt();
    assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['present']));
    assert.deepEqual([...engine.list()].map(({ name, id }) => [name, id]).sort(), [...ids].sort());
  });
});

/** Docker takes no content twice. */
function archiveOf(name: string, config: Readonly<Record<string, unknown>> = {}): Buffer {
  return pluginArchive({ files: { '/name': name }, config: { Description: name, ...config } });
}

function writePropagatedData(mount: string): void {
  mkdirSync(join(mount, 'volume'), { mode: 0o2770 });
  writeFileSync(join(mount, 'volume', 'file'), 'data', { mode: 0o640 });
  chownSync(join(mount, 'volume', 'file'), 1234, 4321);
  linkSync(join(mount, 'volume', 'file'), join(mount, 'volume', 'hard-link'));
  symlinkSync('/etc/shadow', join(mount, 'volume', 'link'));
  // A whiteout in a layer, an ordinary file here.
  writeFileSync(join(mount, 'volume', '.wh.file'), '');
  writeFileSync(join(mount, 'sparse'), '');
  truncateSync(join(mount, 'sparse'), 8 * 1024 * 1024);
  const noted = { name: 'noted', content: 'x', pax: { 'SCHILY.xattr.user.note': 'kept' } };
  execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-C', mount, '-xf', '-'], {
    input: tarArchive([noted]),
  });
}

/** Of an archive with all that GNU tar knows of a tree, such as extended attributes, but times of use. */
function digestOfTree(root: string): string {
  const flags = ['--format=pax', '--pax-option=delete=atime,delete=ctime', '--sort=name', '--numeric-owner'];
  const args = [...flags, '--xattrs', '--xattrs-include=*', '-C', root, '-cf', '-', '.'];
  const archive = execFileSync('tar', args, { maxBuffer: 64 * 1024 * 1024 });
  return createHash('sha256').update(archive).digest('hex');
}

/** Names with owners, modes, times, links and content of everything in a tree. */
function describeTree(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(root, name);
      const { mode, uid, gid, size, mtimeMs, nlink } = lstatSync(path);
      const kind = mode & 0o170000;
      const facts = [name, mode.toString(8), uid, gid];
      if (kind === 0o120000) return [...facts, readlinkSync(path)].join(' ');
      if (kind !== 0o100000) return facts.join(' ');
      const digest = size > 1024 * 1024 ? '' : createHash('sha256').update(readFileSync(path)).digest('hex');
      return [...facts, size, Math.floor(mtimeMs / 1000), nlink, digest].join(' ');
    });
}
