/**
 * Archives of plugins and a daemon on a small disk: archives that do not fit, are damaged, come from standard input, and clients
 * that leave. Nothing is left of what fails.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, statfs, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callApi, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as runProgram } from '../support/outboard-program.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { mountSmallTmpfs, type SmallTmpfs } from '../support/small-tmpfs.ts';

const mebibyte = 1024 * 1024;
const name = 'acme/large:v1';
const grant = '--grant-all-permissions';
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('an archive', { skip: needsRoot }, () => {
  let disk: SmallTmpfs;
  /** Directory of the archives, which is not on the small disk. */
  let files: string;
  let daemon: TestDaemon;

  before(async () => {
    disk = await mountSmallTmpfs({ bytes: 32 * mebibyte });
    files = await mkdtemp(join(tmpdir(), 'ob-archives-'));
    daemon = await startDaemon({ home: disk.path, args: ['--free-space-reserve', '0'] });
    const entries = [{ name: 'data', content: randomBytes(6 * mebibyte) }];
    const headers = { 'Content-Type': 'application/x-tar' };
    const path = `/plugins/create?name=${name}`;
    const created = await callApi(daemon.socket, 'POST', path, { headers, body: pluginArchive({ entries }) });
    assert.equal(created.status, 204, created.text);
    const saved = await run('save', '-o', 'whole.tar', name);
    assert.equal(saved.code, 0, saved.err);
  });

  after(async () => {
    await daemon?.end('SIGTERM');
    await disk?.[Symbol.asyncDispose]();
    await rm(files, { recursive: true, force: true });
  });

  function run(...args: readonly string[]) {
    return runProgram(args, { cwd: files, socket: daemon.socket });
  }

  /** Run it with a file as its standard input. */
  async function runWithInput(file: string, ...args: readonly string[]) {
    const words = ['-c', 'exec "$@" < "$0"', file, process.execPath, program, ...args];
    const env = { ...process.env, OUTBOARD_HOST: `unix://${daemon.socket}` };
    return await new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>(
      (resolve) => {
        execFile('sh', words, { cwd: files, env }, (error, out, err) =>
          resolve({ code: error?.code ?? 0, out, err }),
        );
      },
    );
  }

  async function pluginNames(): Promise<readonly string[]> {
    const { text } = await callApi(daemon.socket, 'GET', '/plugins');
    return JSON.parse(text).map(({ Name }: { readonly Name: string }) => Name);
  }

  async function removePlugin(plugin = name): Promise<void> {
    const { status, text } = await callApi(daemon.socket, 'DELETE', `/plugins/${plugin}`);
    assert.equal(status, 200, text);
  }

  /** Assert that there is no plugin, no content, nothing half-done, and no archive. */
  async function assertEmpty(): Promise<void> {
    const plugins = join(daemon.dataRoot, 'plugins');
    assert.deepEqual(await readdir(join(plugins, 'storage/blobs/sha256')), [], 'blobs');
    assert.deepEqual(await readdir(join(plugins, 'storage/ingest')), [], 'ingests');
    assert.deepEqual(await readdir(join(plugins, 'tmp')), [], 'staging directories');
    assert.equal((await callApi(daemon.socket, 'GET', '/outboard/v1/archives')).text, '[]\n');
    assert.deepEqual(await pluginNames(), []);
  }

  /** Files that the daemon holds open below its data root. */
  async function openFiles(): Promise<readonly string[]> {
    const directory = `/proc/${daemon.pid}/fd`;
    const links = (await readdir(directory)).map((fd) => readlink(join(directory, fd)).catch(() => ''));
    return (await Promise.all(links)).filter((path) => path.includes('/storage/'));
  }

  async function untilOpenFiles(accept: (paths: readonly string[]) => boolean): Promise<void> {
    for (const until = Date.now() + 30_000; ; await delay(20)) {
      const paths = await openFiles();
      if (accept(paths)) return;
      assert.ok(Date.now() < until, `open: ${paths.join(', ')}`);
    }
  }

  test('is left by a client of save, and holds nothing then', async () => {
    const path = `/outboard/v1/plugins/save?names=${name}`;
    const call = request({ socketPath: daemon.socket, path });
    call.end();
    const [response] = await once(call, 'response');
    // Nothing is read, so that the daemon stops in the middle of the large blob.
    await untilOpenFiles((paths) => paths.length > 0);
    response.destroy();
    await untilOpenFiles((paths) => paths.length === 0);
    // A lease that was left would keep the content.
    await removePlugin();
    await assertEmpty();
  });

  for (const [what, args] of [
    ['load', ['load', grant]],
    ['install of -', ['install', grant, '--disable', '-']],
  ] as const) {
    test(`comes from standard input: ${what}`, async () => {
      const { code, err } = await runWithInput('whole.tar', ...args);
      assert.equal(code, 0, err);
      assert.deepEqual(await pluginNames(), [name]);
      await removePlugin();
    });
  }

  test('A34 R01 is refused when a bit is flipped or its end is missing, and nothing of it is kept', async () => {
    const whole = await readFile(join(files, 'whole.tar'));
    const flipped = Buffer.from(whole);
    const middle = Math.floor(whole.length / 2);
    flipped.writeUInt8((flipped[middle] ?? 0) ^ 4, middle);
    for (const [bytes, message] of [
      [flipped, /cannot read the archive: blob sha256:\w{64} is damaged/],
      [whole.subarray(0, middle), /cannot read the archive: .*(?:truncated|end)/],
    ] as const) {
      await writeFile(join(files, 'wrong.tar'), bytes);
      for (const command of [
        ['load', grant, '-i', 'wrong.tar'],
        ['install', grant, './wrong.tar'],
      ]) {
        const { code, err } = await run(...command);
        assert.equal(code, 1);
        assert.match(err, message);
      }
    }
    await assertEmpty();
  });

  for (const [what, free] of [
    ['when it is sent', 4],
    ['when it is unpacked', 9],
  ] as const) {
    test(`A45 fills the disk ${what}: it is told, nothing is kept, and it is loaded once there is room`, async () => {
      const filler = join(disk.path, 'filler');
      const { bavail, bsize } = await statfs(disk.path);
      await writeFile(filler, Buffer.alloc(bavail * bsize - free * mebibyte));
      for (const command of [
        ['load', grant, '-i', 'whole.tar'],
        ['install', grant, './whole.tar'],
      ]) {
        const { code, err } = await run(...command);
        assert.equal(code, 1);
        assert.match(err, /no space left on device: the file system of the data root ".*" has \d/);
        await assertEmpty();
      }
      await rm(filler);
      const { code, err } = await run('load', grant, '-i', 'whole.tar');
      assert.equal(code, 0, err);
      await removePlugin();
    });
  }
});
