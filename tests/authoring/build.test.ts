/**
 * Builds of every kind of base, into directories, into a daemon and into a registry.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { assertHostUnchanged, type HostSnapshot, snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as run } from '../support/outboard-program.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type TarEntryFields, tarArchive } from '../support/tar.ts';

const busybox = '/bin/busybox';
const nobody = 65_534;
const testsDirectory = fileURLToPath(new URL('..', import.meta.url));
const config = {
  description: 'built',
  interface: { types: ['docker.volumedriver/1.0'], socket: 'built.sock' },
  entrypoint: ['/plugin'],
};

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Two layers: the second one removes and replaces what the first one has, and both try to leave the root. */
const layers: readonly (readonly TarEntryFields[])[] = [
  [
    { type: 'directory', name: 'etc', uid: 7, gid: 8 },
    { name: 'etc/kept', content: 'kept', uid: 1000, gid: 1001, mode: 0o640, mtime: 1_500_000_000 },
    { name: 'etc/removed', content: 'x' },
    { name: 'var/old/file', content: 'x' },
    { type: 'symlink', name: 'lib', linkName: 'usr/lib' },
    { type: 'symlink', name: 'escape', linkName: '/../../../../../../tmp' },
  ],
  [
    { name: 'etc/.wh.removed' },
    { name: 'var/old/.wh..wh..opq' },
    { name: 'var/old/new', content: 'new' },
    { name: 'lib/libplugin.so', content: 'library', mode: 0o755 },
    { type: 'hard-link', name: 'etc/linked', linkName: 'etc/kept' },
    { name: 'escape/outside', content: 'inside after all' },
  ],
];

describe('outboard build', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let host: HostSnapshot;
  let daemon: TestDaemon;
  let registry: TestRegistry;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    host = snapshotHost(home);
    daemon = await startDaemon({ home });
    registry = await startRegistry();
  });
  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await registry.stop();
    assertHostUnchanged(host);
    await removeHome();
  });

  let count = 0;
  /** A project: its files, and config.json. */
  async function project(
    description: object | undefined,
    files: Readonly<Record<string, string | Buffer>> = {},
  ) {
    const directory = join(home, `project-${count++}`);
    await mkdir(directory);
    const all = {
      'config.json': JSON.stringify(config),
      ...(description === undefined ? {} : { 'outboard.json': JSON.stringify(description) }),
      ...files,
    };
    for (const [name, content] of Object.entries(all)) {
      const file = join(directory, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    return directory;
  }

  const outboard = (...args: readonly string[]) => run(args, { cwd: home, socket: daemon.socket });
  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await outboard(...args);
    assert.equal(code, 0, err);
    return out;
  }

  /** The tree of the two layers, and the program. */
  async function assertMerged(rootfs: string): Promise<void> {
    assert.deepEqual((await readdir(join(rootfs, 'etc'))).sort(), ['kept', 'linked']);
    assert.deepEqual(await readdir(join(rootfs, 'var/old')), ['new']);
    assert.equal(await readFile(join(rootfs, 'usr/lib/libplugin.so'), 'utf8'), 'library');
    assert.equal(await readFile(join(rootfs, 'tmp/outside'), 'utf8'), 'inside after all');
    const kept = await stat(join(rootfs, 'etc/kept'));
    assert.deepEqual(
      [kept.uid, kept.gid, kept.mode & 0o7777, kept.mtimeMs, kept.nlink],
      [1000, 1001, 0o640, 1.5e12, 2],
    );
    assert.equal((await stat(join(rootfs, 'plugin'))).mode & 0o7777, 0o755);
  }

  const blobs = layers.map((entries) => tarArchive(entries));
  const imageConfig = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux' }));

  /** An OCI layout whose index has the image for two platforms. */
  function ociLayout(): Readonly<Record<string, Buffer>> {
    const compressed = blobs.map((blob) => gzipSync(blob));
    const describe = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: sha256(bytes),
      size: bytes.length,
    });
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: describe('application/vnd.oci.image.config.v1+json', imageConfig),
        layers: compressed.map((blob) => describe('application/vnd.oci.image.layer.v1.tar+gzip', blob)),
      }),
    );
    const entry = describe('application/vnd.oci.image.manifest.v1+json', manifest);
    const index = {
      schemaVersion: 2,
      manifests: ['arm64', 'amd64'].map((architecture) => ({
        ...entry,
        // No blob of the other platform is there: it must not be read.
        ...(architecture === 'arm64' && { digest: `sha256:${'0'.repeat(64)}` }),
        platform: { os: 'linux', architecture },
      })),
    };
    const named = [manifest, imageConfig, ...compressed].map((bytes) => [
      `blobs/sha256/${sha256(bytes).slice(7)}`,
      bytes,
    ]);
    return {
      'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
      'index.json': Buffer.from(JSON.stringify(index)),
      ...Object.fromEntries(named),
    };
  }

  /** The archive of `docker save`. */
  function dockerArchive(architecture = 'amd64'): Readonly<Record<string, Buffer>> {
    const manifest = [{ Config: 'c.json', RepoTags: ['x:y'], Layers: ['0/layer.tar', '1/layer.tar'] }];
    return {
      'manifest.json': Buffer.from(JSON.stringify(manifest)),
      'c.json': Buffer.from(JSON.stringify({ architecture, os: 'linux' })),
      '0/layer.tar': blobs[0] as Buffer,
      '1/layer.tar': blobs[1] as Buffer,
    };
  }

  const archiveOf = (files: Readonly<Record<string, Buffer>>) =>
    tarArchive(Object.entries(files).map(([name, content]) => ({ name, content })));

  for (const [name, archive] of [
    ['an OCI layout', () => archiveOf(ociLayout())],
    ['what docker save writes', () => archiveOf(dockerArchive())],
    ['a compressed archive of an image', () => gzipSync(archiveOf(dockerArchive()))],
    ['a directory with an OCI layout', ociLayout],
    ['a directory that docker save filled', dockerArchive],
  ] as const) {
    test(`merges the layers of ${name}, and writes nothing outside`, {
      skip: process.arch !== 'x64' && 'the image is for amd64',
    }, async () => {
      const base = archive();
      const files = Buffer.isBuffer(base)
        ? { base }
        : Object.fromEntries(Object.entries(base).map(([file, bytes]) => [`base/${file}`, bytes]));
      const directory = await project(
        { base: './base', program: 'run' },
        { ...files, run: await readFile(busybox) },
      );
      await chmod(join(directory, 'run'), 0o700);
      const output = `${directory}-out`;
      assert.equal(await succeed('build', '--output', output, directory), `${output}\n`);
      await assertMerged(join(output, 'rootfs'));
      await assert.rejects(stat('/tmp/outside'), { code: 'ENOENT' });
    });
  }

  test('takes an image of a registry as a base, and pushes plugins for two platforms as one index', async () => {
    const static_ = await readFile(busybox);
    // The header of a program for arm64.
    const arm = Buffer.from(static_);
    arm.writeUInt16LE(183, 18);
    const directory = await project({ program: 'run-{arch}' }, { 'run-amd64': static_, 'run-arm64': arm });
    const reference = `${registry.host}/acme/both:v1`;
    const out = await succeed(
      'build',
      '--platform',
      'linux/amd64,linux/arm64',
      '--push',
      reference,
      directory,
    );
    assert.match(out, /^127\.0\.0\.1:\d+\/acme\/both:v1: digest: sha256:[0-9a-f]{64}\n$/);
    await succeed('install', '--disable', '--grant-all-permissions', reference);
    assert.equal(
      (await succeed('inspect', '--format', '{{.Config.Description}}', reference)).trim(),
      'built',
    );
    // The plugin is a base in its turn.
    const next = await project({ base: reference, files: { '/added': 'added' } }, { added: 'x' });
    await succeed('build', '--output', `${next}-out`, next);
    assert.deepEqual(await readFile(join(`${next}-out`, 'rootfs/plugin')), static_);
    assert.equal(await readFile(join(`${next}-out`, 'rootfs/added'), 'utf8'), 'x');
  });

  test('gives the same digests whenever and wherever it builds, and those of create and push', async () => {
    const program = await readFile(busybox);
    const make = () => project({ program: 'run', files: { '/etc/a': 'a' } }, { run: program, a: 'a' });
    const [one, other] = [await make(), await make()];
    await utimes(join(other, 'a'), 1e9, 1e9);
    await chmod(join(other, 'a'), 0o600);
    const digests: string[] = [];
    for (const directory of [one, other]) {
      const out = await succeed('build', '--push', `${registry.host}/acme/same:v1`, directory);
      digests.push(/digest: (\S+)/.exec(out)?.[1] ?? '');
    }
    // The layer that the daemon makes of the written directory is the same as well.
    await succeed('build', '--output', `${one}-out`, one);
    const name = `${registry.host}/acme/created:v1`;
    await succeed('create', name, `${one}-out`);
    digests.push(/digest: (\S+)/.exec(await succeed('push', name))?.[1] ?? '');
    assert.match(digests[0] ?? '', /^sha256:/);
    assert.equal(new Set(digests).size, 1, digests.join(' '));
  });

  test('creates a plugin, replaces it in place, and keeps it when a build can never run', async () => {
    const directory = await project(
      { name: 'acme/tagged', program: 'run' },
      { run: await readFile(busybox) },
    );
    await succeed('build', directory);
    const id = await succeed('inspect', '--format', '{{.Id}}', 'acme/tagged');
    await writeFile(join(directory, 'config.json'), JSON.stringify({ ...config, description: 'again' }));
    await succeed('build', directory);
    assert.equal(
      await succeed('inspect', '--format', '{{.Id}} {{.Config.Description}}', 'acme/tagged'),
      `${id.trim()} again\n`,
    );
    await writeFile(
      join(directory, 'config.json'),
      JSON.stringify({ ...config, entrypoint: ['/none', 'x'] }),
    );
    await writeFile(join(directory, 'outboard.json'), JSON.stringify({ name: 'acme/tagged', files: {} }));
    const { code, err } = await outboard('build', directory);
    assert.equal(code, 1);
    assert.match(err, /"\/none": rootfs\/none is missing/);
    assert.match(await succeed('inspect', '--format', '{{.Config.Description}}', 'acme/tagged'), /again/);
  });

  test('builds without root, and says how many entries have another owner in a directory', async () => {
    const directory = await project(
      { base: './base.tar', program: 'run' },
      { 'base.tar': blobs[0] as Buffer, run: await readFile(busybox) },
    );
    const output = `${home}/unprivileged`;
    await mkdir(output, { mode: 0o777 });
    await chmod(output, 0o777);
    await chmod(home, 0o755);
    const program = `
      const { buildPlugin, readProject, writePlugin } = await import('@outboard/authoring');
      process.setgid(${nobody});
      process.setuid(${nobody});
      const [directory, output] = process.argv.slice(1);
      const plugin = await buildPlugin({ project: await readProject(directory) });
      console.log(JSON.stringify(await writePlugin(plugin, output)));
      await plugin[Symbol.asyncDispose]();
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program, '--', directory, join(output, 'plugin')],
      { cwd: testsDirectory, env: { ...process.env, TMPDIR: output } },
    );
    assert.deepEqual(JSON.parse(stdout), { owners: 2, devices: 0, attributes: 0, warnings: [] });
    assert.equal((await lstat(join(output, 'plugin/rootfs/etc/kept'))).uid, nobody);
  });

  for (const [name, description, files, args, reason] of [
    ['an unknown key', { progam: 'x' }, {}, [], /outboard\.json: unknown key "progam": the keys are name, /],
    ['a program that is missing', { program: 'x' }, {}, [], /"program": cannot read "x": .*is it built\?/],
    ['a path out of the project', { program: '../x' }, {}, [], /"\.\.\/x" is outside of the project/],
    ['a base that is missing', { base: './none' }, {}, [], /"base": cannot read "\.\/none"/],
    ['a base that is nothing', { base: 'A:b:c' }, {}, [], /neither a path, .* nor a reference/],
    ['an archive that is none', { base: './config.json' }, {}, [], /is no archive that can be read/],
    ['a build that fails', { build: ['false'] }, {}, [], /the build command "false" failed: exit code 1/],
    [
      'a build command that is missing',
      { build: ['/none'] },
      {},
      [],
      /cannot run the build command "\/none"/,
    ],
    [
      'a program of the machine that is missing',
      { programs: ['none-such'] },
      {},
      [],
      /which this machine lacks/,
    ],
    [
      'this machine’s program for another platform',
      { programs: ['sh'] },
      {},
      ['--platform', 'linux/s390x'],
      /the program "sh" of this machine does not run on linux\/s390x: want a "base"/,
    ],
    [
      'a program of another platform',
      { program: 'run' },
      { run: busybox },
      ['--platform', 'linux/s390x'],
      /"run" is for amd64, want linux\/s390x: "\{arch\}" in its path/,
    ],
    ['a platform that is none', {}, {}, ['--platform', 'windows/amd64'], /invalid platform "windows\/amd64"/],
    [
      'an image of another platform',
      { base: './i.tar' },
      { 'i.tar': 's390x' },
      [],
      /the base is for linux\/s390x/,
    ],
    [
      'a directory that holds a build',
      {},
      {},
      ['--output', '.'],
      /rootfs" exists already: want a directory that does not/,
    ],
  ] as const) {
    test(`refuses ${name}`, { skip: process.arch !== 'x64' && 'the programs are for amd64' }, async () => {
      const directory = await project(description);
      for (const [file, content] of Object.entries<string>(files)) {
        const bytes = content === busybox ? await readFile(busybox) : archiveOf(dockerArchive(content));
        await writeFile(join(directory, file), bytes);
      }
      const isHere = args[0] === '--output';
      if (isHere) await mkdir(join(directory, 'rootfs'));
      const flags: readonly string[] = isHere ? args : ['--output', `${directory}-out`, ...args];
      const { code, err } = await run(['build', ...flags], { cwd: directory });
      assert.notEqual(code, 0);
      assert.match(err, reason);
      await assert.rejects(stat(`${directory}-out/rootfs`), { code: 'ENOENT' });
    });
  }

  test('refuses to create a plugin for another platform, and asks where a build goes', async () => {
    const directory = await project({ program: 'run' }, { run: '' });
    const foreign = await outboard('build', '--tag', 'x', '--platform', 'linux/s390x', directory);
    assert.equal(foreign.code, 125);
    assert.match(foreign.err, /a plugin for linux\/s390x cannot be created on this host/);
    const nowhere = await outboard('build', directory);
    assert.equal(nowhere.code, 125);
    assert.match(nowhere.err, /the project has no "name".*: want --tag NAME, --output DIRECTORY or --push/);
  });

  test('packs Python with its standard library', async () => {
    const directory = await project(
      { runtime: 'python' },
      { 'config.json': JSON.stringify({ ...config, entrypoint: ['/usr/bin/python3'] }) },
    );
    await succeed('build', '--output', `${directory}-out`, directory);
    const program = 'import ssl, json, hashlib, socketserver; print(ssl.OPENSSL_VERSION)';
    const { spawnSync } = await import('node:child_process');
    const rootfs = join(`${directory}-out`, 'rootfs');
    const { status, stdout, stderr } = spawnSync('chroot', [rootfs, '/usr/bin/python3', '-c', program], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /OpenSSL/);
    await rm(`${directory}-out`, { recursive: true });
  });
});
