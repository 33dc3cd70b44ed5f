/**
 * `outboard fsck`: damage in every kind of file is told by name, and mended from the registry and from stored layers, while
 * the daemon and other plugins run.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot, readStoredPlugins } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin, perlPluginArchive } from '../support/perl-plugin.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

interface FindingDocument {
  readonly Status: string;
  readonly Plugin: string;
  readonly Subject: string;
  readonly Path: string;
  readonly Problem: string;
  readonly Remedy: string;
}

describe('outboard fsck', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let api: PluginApi;
  /** A disabled plugin that its registry has, and one that runs. */
  let name: string;
  let id: string;
  let runningId: string;

  before(async () => {
    home = await makeDaemonHome();
    registry = await startRegistry();
    await startNext();
    name = `${registry.host}/acme/p:v1`;
    await api.create(name, perlPluginArchive());
    await api.push(name);
    // More than is read or buffered at once.
    const large = { name: 'large', content: randomBytes(8 * 1024 * 1024) };
    const plain = perlPlugin('plain', { Description: 'other' });
    await api.create('acme/running', pluginArchive({ ...plain, entries: [large] }));
    await api.enable('acme/running');
    id = idOf(name);
    runningId = idOf('acme/running:latest');
  });

  after(async () => {
    for (const plugin of readStoredPlugins(daemon.dataRoot)) await api.remove(plugin.id, { force: true });
    await daemon.end('SIGTERM');
    await registry.stop();
    await home.remove();
  });

  async function startNext(): Promise<void> {
    daemon = await startDaemon({ home: home.home });
    api = pluginApi(daemon.socket);
  }

  function idOf(wanted: string): string {
    const found = readStoredPlugins(daemon.dataRoot).find((plugin) => plugin.name === wanted);
    return found?.id ?? assert.fail(`no plugin ${wanted}`);
  }

  const plugins = () => join(daemon.dataRoot, 'plugins');
  const record = () => join(plugins(), id, 'config.json');

  function outboard(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(program, ['--host', `unix://${daemon.socket}`, ...args], (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }

  async function check(...flags: readonly string[]) {
    const { code, stdout, stderr } = await outboard('fsck', '--format', 'json', ...flags);
    assert.equal(stderr, '');
    const { Findings, Report } = JSON.parse(stdout);
    return { code, findings: Findings as readonly FindingDocument[], report: Report };
  }

  /** Each kind of file, the kind of finding that names it, and a damage; units try every damage on each kind. */
  const cases = [
    ['record', 'record', async () => record(), 'no content', (path: string) => truncate(path)],
    ['manifest', 'blob', async () => blob('Manifest'), 'been deleted', (path: string) => rm(path)],
    ['config', 'blob', async () => blob('Config'), 'a flipped bit', flipBit],
    ['layer', 'blob', async () => blob('Blobsums'), 'its second half lost', halve],
    [
      'file of a rootfs',
      'rootfs',
      async () => join(plugins(), id, 'rootfs', 'plugin.pl'),
      'a flipped bit',
      flipBit,
    ],
  ] as const;

  async function blob(field: 'Manifest' | 'Config' | 'Blobsums'): Promise<string> {
    const digest = String(JSON.parse(await readFile(record(), 'utf8'))[field]);
    return join(plugins(), 'storage/blobs/sha256', digest.slice('sha256:'.length));
  }

  test('finds nothing in a sound data root, and tells what it has checked', async () => {
    const { code, stdout } = await outboard('fsck');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^Checked 2 plugins, \d blobs \(.* read\), 2 root filesystems: 0 errors, 0 notes\n$/,
    );
  });

  for (const [what, subject, find, how, damage] of cases) {
    test(`tells by name, and repairs, a ${what} that has ${how}`, async () => {
      const path = await find();
      const sound = await readFile(path);
      await damage(path);
      const damaged = existsSync(path) ? await readFile(path) : undefined;
      const told = await check(name);
      assert.equal(told.code, 4);
      const errors = told.findings.filter(({ Status }) => Status === 'error');
      assert.deepEqual(
        errors.map(({ Plugin, Subject, Path }) => [Plugin, Subject, Path]),
        [[name, subject, path]],
      );
      assert.match(errors[0]?.Remedy ?? '', /outboard fsck --repair/);
      assert.deepEqual(existsSync(path) ? await readFile(path) : undefined, damaged, 'nothing is changed');
      const mended = await check('--repair', name);
      assert.deepEqual([mended.code, mended.report.Errors, mended.report.Repaired], [0, 1, 1]);
      assert.deepEqual(await readFile(path), sound);
    });
  }

  test('everything is sound afterwards, and the other plugin has run on', async () => {
    const { code, findings } = await check();
    assert.equal(code, 0);
    assert.deepEqual(
      findings.map(({ Subject, Problem }) => [Subject, /were set aside/.test(Problem)]),
      [['leftover', true]],
    );
    assert.ok(pidOfPlugin(daemon.execRoot, runningId) > 0);
    checkDataRoot(daemon.dataRoot);
    await api.enable(name);
    await api.disable(name);
  });

  test('the root filesystem of a plugin that runs is compared, and repaired only once it is disabled', async () => {
    const path = join(plugins(), runningId, 'rootfs', 'plugin.pl');
    const sound = await readFile(path);
    await rm(path);
    const { code, stdout } = await outboard('fsck', '--repair', '--strict', 'acme/running');
    assert.equal(code, 4);
    assert.match(stdout, /error +acme\/running:latest +rootfs .*plugin\.pl +it is missing/);
    assert.match(stdout, /it is enabled: outboard disable acme\/running:latest, then outboard fsck --repair/);
    assert.ok(!existsSync(path));
    await api.disable('acme/running');
    const mended = await check('--repair', '--strict', 'acme/running');
    assert.deepEqual([mended.code, mended.report.Repaired], [0, mended.report.Errors]);
    assert.deepEqual(await readFile(path), sound);
    await api.enable('acme/running');
  });

  test('a record that is damaged while no daemon runs is made anew, and doctor points at it', async () => {
    await daemon.end('SIGTERM');
    await flipBit(record());
    await startNext();
    assert.match((await outboard('doctor')).stdout, /1 of 2 damaged.*outboard fsck/s);
    const told = await check();
    assert.equal(told.code, 4);
    const errors = told.findings.filter(({ Status }) => Status === 'error');
    assert.deepEqual(
      errors.map(({ Subject, Path }) => [Subject, Path]),
      [['record', record()]],
    );
    assert.equal((await check('--repair')).code, 0);
    assert.equal((await check()).code, 0);
    assert.equal(idOf(name), id);
  });

  test('a daemon that is killed while it repairs leaves each tree whole, and nothing behind', async () => {
    const path = join(plugins(), id, 'rootfs', 'plugin.pl');
    for (const kills of [1, 2]) {
      await truncate(path);
      const repair = outboard('fsck', '--repair', '--strict', name);
      // After the first lines of the stream, and as soon as there is a staging directory.
      if (kills === 2) while (readdirSync(join(plugins(), 'tmp')).length === 0) await readFile(record());
      await daemon.end('SIGKILL');
      assert.notEqual((await repair).code, 0);
      await startNext();
      assert.deepEqual(readdirSync(join(plugins(), 'tmp')), []);
      assert.equal((await check('--repair', '--strict', name)).code, 0);
      checkDataRoot(daemon.dataRoot);
    }
  });
});

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function halve(path: string): Promise<void> {
  await truncate(path, (await readFile(path)).length >> 1);
}
