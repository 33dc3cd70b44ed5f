/**
 * Plugins without a registry: archives and layout directories, written and read by Outboard and by skopeo.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runSession } from '../support/console-session.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as runProgram } from '../support/outboard-program.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const grant = '--grant-all-permissions';

function digestOf(bytes: Buffer): { digest: string; hex: string; size: number } {
  const hex = createHash('sha256').update(bytes).digest('hex');
  return { digest: `sha256:${hex}`, hex, size: bytes.length };
}

describe('plugins without a registry', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;
  let registry: TestRegistry;
  let name: string;
  let digest: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    registry = await startRegistry();
    daemon = await startDaemon({ home });
    name = `${registry.host}/acme/one:v1`;
    for (const [local, script] of [
      [name, undefined],
      ['acme/other:v2', '// another plugin'],
      ['acme/files:v1', '// files'],
    ] as const) {
      const body = pluginArchive(script === undefined ? {} : { script });
      const headers = { 'Content-Type': 'application/x-tar' };
      const path = `/plugins/create?name=${encodeURIComponent(local)}`;
      assert.equal((await callApi(daemon.socket, 'POST', path, { headers, body })).status, 204);
    }
    await outboard('push', name);
    digest = await digestOfPlugin(name);
  });
  after(async () => {
    await removeHome();
    await registry.stop();
  });

  async function run(...args: readonly string[]) {
    return await runProgram(args, { cwd: home, socket: daemon.socket, env: { HOME: home } });
  }

  async function outboard(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await run(...args);
    assert.equal(code, 0, `outboard ${args.join(' ')}: ${out}${err}`);
    return out;
  }

  async function skopeo(...args: readonly string[]): Promise<string> {
    const flags = args[0] === 'copy' ? ['--dest-tls-verify=false', '--src-tls-verify=false'] : [];
    const all = ['--insecure-policy', ...args.slice(0, 1), ...flags, ...args.slice(1)];
    return (await promisify(execFile)('skopeo', all, { cwd: home })).stdout;
  }

  async function digestOfPlugin(plugin: string): Promise<string> {
    const { text } = await callApi(daemon.socket, 'GET', `/outboard/v1/plugins/${plugin}/json`);
    return JSON.parse(text).Digest;
  }

  async function installedBlobs(): Promise<readonly string[]> {
    return (await readdir(join(home, 'data/plugins/storage/blobs/sha256'))).sort();
  }

  test('skopeo reads what was saved, and copies it into a registry with the same digest', async () => {
    await outboard('save', '-o', 'one.tar', name);
    assert.equal(JSON.parse(await skopeo('inspect', 'oci-archive:one.tar')).Digest, digest);
    const copied = `${registry.host}/acme/copied:v1`;
    await skopeo('copy', '--preserve-digests', 'oci-archive:one.tar', `docker://${copied}`);
    await outboard('install', grant, '--disable', '--alias', 'copied', copied);
    assert.equal(await digestOfPlugin('copied'), digest);
    await outboard('rm', 'copied');
  });

  test('an OCI plugin goes from a registry through skopeo into a host, with the same digest', async () => {
    const remote = `${registry.host}/acme/oci:v1`;
    const ociDigest = await makeOciPlugin(remote);
    await skopeo('copy', '--preserve-digests', `docker://${remote}`, 'oci-archive:skopeo.tar');
    assert.match(
      (await run('load', grant, '-i', 'skopeo.tar')).err,
      /does not name its plugin .*: name it with --alias/,
    );
    await outboard('load', grant, '-i', 'skopeo.tar', '--alias', 'acme/loaded:v1');
    assert.equal(await digestOfPlugin('acme/loaded:v1'), ociDigest);
    await skopeo('copy', '--preserve-digests', `docker://${remote}`, 'oci:skopeo-layout:acme/named:v3');
    await outboard('install', grant, '--disable', './skopeo-layout');
    assert.equal(await digestOfPlugin('acme/named:v3'), ociDigest);
    for (const plugin of ['acme/loaded:v1', 'acme/named:v3']) await outboard('rm', plugin);
  });

  /** Push the plugin again under an OCI manifest. */
  async function makeOciPlugin(remote: string): Promise<string> {
    await outboard('copy', name, 'oci:layout');
    const index = JSON.parse(await readFile(join(home, 'layout/index.json'), 'utf8'));
    const blobs = join(home, 'layout/blobs/sha256');
    const manifest = JSON.parse(await readFile(join(blobs, digest.slice(7)), 'utf8'));
    manifest.mediaType = ociManifest;
    manifest.layers[0].mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    const bytes = Buffer.from(JSON.stringify(manifest));
    const { hex, ...content } = digestOf(bytes);
    await writeFile(join(blobs, hex), bytes);
    index.manifests = [{ mediaType: ociManifest, ...content }];
    await writeFile(join(home, 'layout/index.json'), JSON.stringify(index));
    const printed = await outboard('copy', 'oci:layout', remote);
    assert.equal(printed, `${content.digest}\n`);
    return content.digest;
  }

  test('several plugins travel in one file, and are told apart from what is installed', async () => {
    await outboard('save', '-o', 'both.tar', name, 'acme/other:v2', name);
    const otherDigest = await digestOfPlugin('acme/other:v2');
    assert.match(
      (await run('install', grant, './both.tar')).err,
      /several plugins.*acme\/one:v1, acme\/other:v2/,
    );
    await outboard('rm', 'acme/other:v2');
    const out = await outboard('load', grant, '-i', 'both.tar');
    assert.match(out, new RegExp(`Plugin ${name} is installed already`));
    assert.match(out, /Loaded plugin acme\/other:v2/);
    assert.equal(await digestOfPlugin('acme/other:v2'), otherDigest);

    await outboard('install', grant, '--disable', '--alias', 'acme/mine:v2', `oci-archive:both.tar:${name}`);
    await outboard('copy', 'oci-archive:both.tar:acme/other:v2', 'oci-archive:mine.tar:acme/mine:v2');
    const { code, err } = await run('load', grant, '-i', 'mine.tar');
    assert.equal(code, 1);
    assert.match(err, /acme\/mine:v2 is installed with other content; to replace it: outboard upgrade/);
    await outboard('upgrade', grant, '--skip-remote-check', 'acme/mine:v2', './mine.tar');
    assert.equal(await digestOfPlugin('acme/mine:v2'), otherDigest);
    await outboard('rm', 'acme/mine:v2');
  });

  test('the session of docs/air-gap.md prints what the page shows', async () => {
    await runSession('docs/air-gap.md', 'air-gap', { socket: daemon.socket, home });
  });

  test('copies keep their digests between registries, directories and archives', async () => {
    const places = ['oci:copied', 'oci-archive:copied.tar', `${registry.host}/acme/again:v1`];
    let from = name;
    for (const place of places) {
      assert.equal(await outboard('copy', from, place), `${digest}\n`);
      from = place;
    }
    assert.equal((await stat(join(home, 'copied/blobs/sha256', digest.slice(7)))).mode & 0o444, 0o444);
    assert.deepEqual(
      (await readdir(home)).filter((file) => file.startsWith('.copied')),
      [],
    );
    assert.match(
      (await run('copy', 'oci:copied:v9', 'oci:x')).err,
      /nothing in "copied" has the tag v9: it holds .*acme\/one:v1/,
    );
  });

  test('consent is asked on load, and the archive is gone when it is refused', async () => {
    const config = { Network: { Type: 'host' } };
    const headers = { 'Content-Type': 'application/x-tar' };
    const body = pluginArchive({ config });
    await callApi(daemon.socket, 'POST', '/plugins/create?name=acme/asks', { headers, body });
    await outboard('save', '-o', 'asks.tar', 'acme/asks');
    await outboard('rm', 'acme/asks');
    const { code, out, err } = await run('load', '-i', 'asks.tar');
    assert.equal(code, 1);
    assert.match(out, /requesting the following privileges:\n - network: \[host\]/);
    assert.match(err, /--grant-all-permissions/);
    assert.equal((await callApi(daemon.socket, 'GET', '/outboard/v1/archives')).text, '[]\n');
  });

  for (const [title, make, message] of [
    ['is cut off', async (bytes: Buffer) => bytes.subarray(0, bytes.length - 3000), /truncated|incomplete/],
    ['is a plugin directory', async () => pluginArchive(), /for `outboard create`/],
  ] as const) {
    test(`A34 an archive that ${title} is refused in plain words, and leaves nothing`, async () => {
      await outboard('save', '-o', 'whole.tar', name);
      const before = await installedBlobs();
      await writeFile(join(home, 'wrong.tar'), await make(await readFile(join(home, 'whole.tar'))));
      const { code, err } = await run('install', grant, '--alias', 'wrong', './wrong.tar');
      assert.equal(code, 1);
      assert.match(err, message);
      assert.deepEqual(await installedBlobs(), before);
    });
  }

  test('a save that fails leaves no file, and none of the file of that name before', async () => {
    await writeFile(join(home, 'kept.tar'), 'before');
    const { code, err } = await run('save', '-o', 'kept.tar', 'acme/missing');
    assert.equal(code, 1);
    assert.match(err, /plugin "acme\/missing:latest" not found/);
    assert.equal(await readFile(join(home, 'kept.tar'), 'utf8'), 'before');
    assert.equal((await run('save', '-o', 'absent/x.tar', name)).code, 1);
  });

  test('nothing of an archive is left after a daemon that is killed before the installation', async () => {
    await outboard('save', '-o', 'killed.tar', 'acme/other:v2');
    await outboard('rm', 'acme/other:v2');
    const before = await installedBlobs();
    const body = await readFile(join(home, 'killed.tar'));
    const headers = { 'Content-Type': 'application/x-tar' };
    const answer = await callApi(daemon.socket, 'POST', '/outboard/v1/archives', { headers, body });
    assert.equal(answer.status, 201, answer.text);
    assert.equal((await installedBlobs()).length, before.length + 3);
    await daemon.end('SIGKILL');
    daemon = await startDaemon({ home });
    assert.deepEqual(await installedBlobs(), before);
    const id = JSON.parse(answer.text).Id;
    const path = `/plugins/privileges?remote=acme/other:v2&archive=${id}`;
    const { status, text } = await callApi(daemon.socket, 'GET', path);
    assert.equal(status, 404);
    assert.match(text, /no such archive/);
  });
});
