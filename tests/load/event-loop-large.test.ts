/**
 * The event loop of a daemon is not held by large data that does not compress, by trees of many files, by large configs and by
 * many health checks. `OUTBOARD_LARGE=1` takes the sizes of a long run.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { mapBounded } from '@outboard/async';
import { callApi, makeDaemonHome } from '../support/daemon.ts';
import { readStoredPlugins } from '../support/data-root.ts';
import { download } from '../support/download.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin, perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { checkTurns, runStep, type Step } from '../support/turn-checks.ts';
import { startWatchedDaemon, type WatchedDaemon } from '../support/watched-daemon.ts';

const isLarge = process.env.OUTBOARD_LARGE === '1';
const megabytes = isLarge ? 100 : 8;
const files = isLarge ? 20_000 : 500;
const checkedPlugins = isLarge ? 100 : 3;
const checks = isLarge ? 5_000 : 500;

describe('a daemon with large data', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: WatchedDaemon;
  let registry: TestRegistry;

  before(async () => {
    [home, registry] = await Promise.all([makeDaemonHome(), startRegistry()]);
    daemon = await startWatchedDaemon({ home: home.home });
  });
  after(async () => {
    const stored = daemon === undefined ? [] : readStoredPlugins(daemon.dataRoot);
    await mapBounded(stored, ({ name }) => callApi(daemon.socket, 'DELETE', `/plugins/${name}?force=1`));
    await home.remove();
    await registry.stop();
  });

  const run = (step: Step) => runStep(daemon, step);
  const check = (name: string, work: (attempt: number) => Promise<void>): void => {
    it(`${name}: no turn of the event loop is long`, () => checkTurns(() => daemon, name, work));
  };
  const create = (name: string, body: Buffer) =>
    run({ method: 'POST', path: `/plugins/create?name=${name}`, body, status: 204 });
  const remove = (name: string) => run({ method: 'DELETE', path: `/plugins/${name}?force=1` });

  describe(`${megabytes} MB that do not compress`, () => {
    let large: string;
    let saved: Buffer;
    before(() => {
      large = `${registry.host}/acme/large:v1`;
    });
    const plain = perlPlugin();
    const content = randomBytes(megabytes * 1_000_000);
    const body = pluginArchive({ ...plain, entries: [{ name: 'etc/data', content }] });

    check('create', async (attempt) => {
      if (attempt > 1) await remove(large);
      await create(large, body);
    });
    check('push', async (attempt) => {
      // A name of its own: content that the registry has already is not sent again.
      const name = `${registry.host}/acme/large-${attempt}:v1`;
      await run({ method: 'POST', path: `/plugins/${large}/push` });
      if (attempt > 1) {
        await create(name, body);
        await run({ method: 'POST', path: `/plugins/${name}/push` });
        await remove(name);
      }
    });
    check('save', async () => {
      saved = await download(daemon.socket, `/outboard/v1/plugins/save?names=${large}`);
    });
    check('install', async () => {
      await remove(large);
      await run({ method: 'POST', path: '/outboard/v1/gc' });
      const { text } = await run({ method: 'GET', path: `/plugins/privileges?remote=${large}` });
      await run({ method: 'POST', path: `/plugins/pull?remote=${large}`, body: JSON.parse(text) });
    });
    check('load', async () => {
      await remove(large);
      await run({ method: 'POST', path: '/outboard/v1/gc' });
      const { text } = await run({ method: 'POST', path: '/outboard/v1/archives', body: saved, status: 201 });
      const { Id } = JSON.parse(text);
      const from = `remote=${large}&archive=${Id}`;
      const privileges = JSON.parse((await run({ method: 'GET', path: `/plugins/privileges?${from}` })).text);
      await run({ method: 'POST', path: `/plugins/pull?${from}`, body: privileges });
      await run({ method: 'DELETE', path: `/outboard/v1/archives/${Id}`, status: 204 });
    });
    check('fsck', async () => {
      await run({ method: 'POST', path: `/outboard/v1/fsck?plugins=${large}` });
      await remove(large);
    });
  });

  check(`create and fsck of a plugin with ${files} files`, async (attempt) => {
    const plain = perlPlugin();
    const entries = numbers(files).map((number) => ({ name: `etc/file-${number}`, content: `${number}` }));
    const name = `acme/files-${attempt}:v1`;
    await create(name, pluginArchive({ ...plain, entries }));
    const { text } = await run({ method: 'POST', path: `/outboard/v1/fsck?plugins=${name}` });
    assert.match(text, /"Errors":0/);
    await remove(name);
  });

  check('a config with 2,000 entries of 800 KB', async (attempt) => {
    const Env = numbers(1_000).map((number) => ({
      Name: `V${number}`,
      Description: 'd'.repeat(200),
      Settable: ['value'],
      Value: 'v'.repeat(170),
    }));
    const Mounts = numbers(1_000).map((number) => ({
      ...{ Name: `m${number}`, Description: 'd'.repeat(250), Type: 'bind', Source: '/usr' },
      ...{ Destination: `/m${number}`, Options: ['rbind'], Settable: ['source'] },
    }));
    const plain = perlPlugin();
    const name = `${registry.host}/acme/config-${attempt}:v1`;
    await create(name, pluginArchive({ ...plain, config: { ...plain.config, Env, Mounts } }));
    await run({ method: 'GET', path: `/plugins/${name}/json` });
    await run({ method: 'GET', path: `/outboard/v1/plugins/${name}/json` });
    await run({ method: 'POST', path: `/plugins/${name}/push` });
    await remove(name);
    const { text } = await run({ method: 'GET', path: `/plugins/privileges?remote=${name}` });
    await run({ method: 'POST', path: `/plugins/pull?remote=${name}`, body: JSON.parse(text) });
    await remove(name);
  });

  check(`health checks of ${checkedPlugins} plugins`, async (attempt) => {
    const names = numbers(checkedPlugins).map((number) => `acme/checked-${attempt}-${number}:v1`);
    const health = { Kind: 'http', IntervalSeconds: 0.05, TimeoutSeconds: 5, Retries: 3 };
    for (const name of names) {
      await create(name, perlPluginArchive());
      await run({ method: 'POST', path: `/outboard/v1/plugins/${name}/options`, body: { Health: health } });
      await run({ method: 'POST', path: `/plugins/${name}/enable?timeout=60` });
    }
    // Requests take their turns between the checks.
    for (let number = 0; number < checks; number += 50)
      await run({ method: 'GET', path: '/outboard/v1/plugins' });
    const { text } = await run({ method: 'GET', path: `/outboard/v1/plugins/${names[0]}/json` });
    assert.match(text, /"healthy"/);
    await mapBounded(names, remove);
  });
});

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
