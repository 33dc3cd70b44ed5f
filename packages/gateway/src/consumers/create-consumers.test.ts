import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createListeners } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { failDirectoryFlushes } from '@outboard/oci/testing';
import { pino } from 'pino';
import type { ConnectablePlugin, ConsumerKind } from './consumer-kind.ts';
import type { Consumers } from './consumers.ts';
import { openConsumers } from './create-consumers.ts';

let home: string;
let plugins: ConnectablePlugin[];
let disabled: ConnectablePlugin[];
let isBroken: boolean;
let log: string[];
const changes = createListeners(() => assert.fail('a listener failed'));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'outboard-consumers-'));
  plugins = [pluginNamed('one'), pluginNamed('two')];
  disabled = [];
  isBroken = false;
  log = [];
});
afterEach(() => rm(home, { recursive: true }));

function pluginNamed(alias: string, id = `id-of-${alias}`): ConnectablePlugin {
  return { id, name: `acme/${alias}:latest`, alias, socket: `/run/p/${alias}.sock`, capabilities: [] };
}

/** A kind that writes one file for each plugin into a directory that does not exist at first. */
const kind: ConsumerKind = {
  name: 'reader',
  accepts: ['configDir', 'timeout'],
  async examine({ configDir = join(home, 'etc', 'reader.d'), timeout = 1 }) {
    if (isBroken) throw new OutboardError('conflict', 'reader 0.1 is too old');
    return {
      description: 'Reader 2.0',
      plan: (all) => ({
        files: all.map((plugin) => ({
          path: join(configDir, `${plugin.alias}.conf`),
          content: `${plugin.socket} ${timeout}\n`,
          pluginId: plugin.id,
        })),
        notes: ['read the manual'],
      }),
    };
  },
};

function open(): Promise<Consumers> {
  return openConsumers({
    kinds: [kind],
    recordPath: join(home, 'consumers.json'),
    connectable: () => plugins,
    installed: () => [...plugins, ...disabled].map(({ id }) => id),
    onChange: (listener) => changes.add(listener),
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    now: () => new Date('2026-08-01T12:00:00Z'),
  });
}

const pathOf = (name: string) => join(home, 'etc', 'reader.d', name);
const contentOf = (name: string) => readFile(pathOf(name), 'utf8');
const names = () => readdir(join(home, 'etc', 'reader.d'));
const statesOf = async (change: ReturnType<Consumers['connect']>) =>
  (await change).files.map(({ path, state }) => `${path.split('/').at(-1)} ${state}`);

describe('connections', () => {
  test('write a file for each plugin, readable by all, and change nothing the second time', async () => {
    await using consumers = await open();
    const report = await consumers.connect('reader', {});
    assert.equal(report.description, 'Reader 2.0');
    assert.deepEqual(report.notes, ['read the manual']);
    assert.equal(await contentOf('one.conf'), '/run/p/one.sock 1\n');
    assert.equal((await stat(pathOf('one.conf'))).mode & 0o777, 0o644);
    assert.equal((await stat(join(home, 'etc'))).mode & 0o777, 0o755);
    const before = await stat(pathOf('one.conf'));
    assert.deepEqual(await statesOf(consumers.connect('reader', {})), [
      'one.conf unchanged',
      'two.conf unchanged',
    ]);
    assert.equal((await stat(pathOf('one.conf'))).ino, before.ino);
    assert.deepEqual(
      consumers.list().map(({ kind, files }) => [kind, files]),
      [['reader', [pathOf('one.conf'), pathOf('two.conf')]]],
    );
  });

  test('disconnect removes exactly what was written, with the directories that were made', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    assert.deepEqual(await statesOf(consumers.disconnect('reader', {})), [
      'one.conf removed',
      'two.conf removed',
    ]);
    assert.deepEqual(await readdir(home), ['consumers.json']);
    assert.deepEqual(consumers.list(), []);
    await assert.rejects(consumers.disconnect('reader', {}), {
      kind: 'not-found',
      message: 'reader is not connected',
    });
  });

  test('disconnect remembers a file until its removal is on disk', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    {
      using _disk = await failDirectoryFlushes((directory) => directory === join(home, 'etc', 'reader.d'));
      assert.deepEqual(await statesOf(consumers.disconnect('reader', {})), [
        'one.conf failed',
        'two.conf failed',
      ]);
    }
    await writeFile(pathOf('one.conf'), '/run/p/one.sock 1\n'); // as a power cut brings it back
    await using reopened = await open();
    await reopened.refresh();
    assert.deepEqual(await readdir(home), ['consumers.json']);
  });

  test('V5 a new daemon removes what a kill within a write left', async () => {
    {
      await using consumers = await open();
      await consumers.connect('reader', {});
    }
    const unfinished = (name: string) => `.${name}.0123456789abcdef.unfinished`;
    await writeFile(join(home, unfinished('consumers.json')), '');
    await writeFile(pathOf(unfinished('one.conf')), '');
    await writeFile(pathOf(unfinished('other.conf')), 'of another program');
    await using consumers = await open();
    await consumers.refresh();
    assert.deepEqual(await readdir(home), ['consumers.json', 'etc']);
    assert.deepEqual(await names(), [unfinished('other.conf'), 'one.conf', 'two.conf']);
  });

  test('disconnect keeps directories that hold something else, or that existed', async () => {
    await mkdir(join(home, 'etc'));
    await using consumers = await open();
    await consumers.connect('reader', {});
    await writeFile(pathOf('other.conf'), 'x');
    await consumers.disconnect('reader', {});
    assert.deepEqual(await names(), ['other.conf']);
    await rm(pathOf('other.conf'));
    await consumers.connect('reader', {});
    await consumers.disconnect('reader', {});
    assert.deepEqual(await readdir(join(home, 'etc')), []);
  });

  test('a dry run reports contents and writes nothing', async () => {
    await using consumers = await open();
    const { files } = await consumers.connect('reader', {}, { isDryRun: true });
    assert.deepEqual(files[0], {
      path: pathOf('one.conf'),
      state: 'written',
      content: '/run/p/one.sock 1\n',
    });
    assert.deepEqual(await readdir(home), []);
    assert.deepEqual(consumers.list(), []);
  });

  test('other options of the same connection replace its files', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    assert.deepEqual(await statesOf(consumers.connect('reader', { timeout: 7 })), [
      'one.conf written',
      'two.conf written',
    ]);
    assert.equal(await contentOf('two.conf'), '/run/p/two.sock 7\n');
    assert.equal(consumers.list().length, 1);
  });

  test('a file that two connections need stays until the last one goes', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    const same = { configDir: join(home, 'etc', 'reader.d') };
    await consumers.connect('reader', same);
    assert.deepEqual(await statesOf(consumers.disconnect('reader', {})), [
      'one.conf unchanged',
      'two.conf unchanged',
    ]);
    assert.deepEqual(await names(), ['one.conf', 'two.conf']);
    assert.deepEqual(await statesOf(consumers.disconnect('reader', same)), [
      'one.conf removed',
      'two.conf removed',
    ]);
  });

  test('refuse unknown kinds, options that the kind does not take, and what the kind refuses', async () => {
    await using consumers = await open();
    await assert.rejects(consumers.connect('writer', {}), {
      kind: 'not-found',
      message: 'unknown consumer "writer": expected one of reader',
    });
    await assert.rejects(consumers.connect('reader', { prefix: '/mnt' }), {
      kind: 'invalid',
      message: 'reader takes no option "prefix": it takes "configDir", "timeout"',
    });
    isBroken = true;
    await assert.rejects(consumers.connect('reader', {}), { message: 'reader 0.1 is too old' });
    assert.deepEqual(consumers.list(), []);
    assert.deepEqual(await readdir(home), []);
  });
});

describe('files of others', () => {
  test('a file that is not from Outboard stays as it is, and stays after disconnect', async () => {
    await mkdir(join(home, 'etc', 'reader.d'), { recursive: true });
    await writeFile(pathOf('one.conf'), 'mine');
    await using consumers = await open();
    const { files } = await consumers.connect('reader', {});
    assert.deepEqual(
      files.map(({ state, reason = '' }) => [state, reason]),
      [
        ['left', 'it exists and is not from Outboard: move it away and connect again'],
        ['written', ''],
      ],
    );
    await consumers.disconnect('reader', {});
    assert.equal(await contentOf('one.conf'), 'mine');
    assert.deepEqual(await names(), ['one.conf']);
  });

  test('a link is never followed', async () => {
    await mkdir(join(home, 'etc', 'reader.d'), { recursive: true });
    await writeFile(join(home, 'target'), '/run/p/one.sock 1\n');
    await symlink(join(home, 'target'), pathOf('one.conf'));
    await using consumers = await open();
    assert.deepEqual(await statesOf(consumers.connect('reader', {})), ['one.conf left', 'two.conf written']);
    await consumers.disconnect('reader', {});
    assert.equal(await readFile(join(home, 'target'), 'utf8'), '/run/p/one.sock 1\n');
    assert.deepEqual(await names(), ['one.conf']);
  });

  test('a file that was changed by hand is left and told, at each change and at the end', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    await writeFile(pathOf('one.conf'), 'changed');
    for (const timeout of [2, 3]) {
      assert.deepEqual(await statesOf(consumers.connect('reader', { timeout })), [
        'one.conf left',
        'two.conf written',
      ]);
    }
    const { files } = await consumers.disconnect('reader', {});
    assert.deepEqual(
      files.map(({ state, reason = '' }) => [state, reason]),
      [
        ['left', 'it was changed by hand: remove it yourself'],
        ['removed', ''],
      ],
    );
    assert.equal(await contentOf('one.conf'), 'changed');
  });

  test('a file that was removed by hand is written again', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    await rm(pathOf('one.conf'));
    assert.deepEqual(await statesOf(consumers.connect('reader', {})), [
      'one.conf written',
      'two.conf unchanged',
    ]);
  });
});

describe('changes of plugins', () => {
  test('a new plugin gets its file, a removed one loses it, a disabled one keeps it', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    plugins = [pluginNamed('one'), pluginNamed('three')];
    disabled = [pluginNamed('two')];
    changes.notify();
    await consumers.refresh();
    assert.deepEqual(await names(), ['one.conf', 'three.conf', 'two.conf']);
    disabled = [];
    changes.notify();
    await consumers.refresh();
    assert.deepEqual(await names(), ['one.conf', 'three.conf']);
    await consumers.disconnect('reader', {});
    assert.deepEqual(await readdir(home), ['consumers.json']);
  });

  test('disconnect removes the file of a disabled plugin too', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    [disabled, plugins] = [plugins, []];
    await consumers.refresh();
    assert.deepEqual(await names(), ['one.conf', 'two.conf']);
    await consumers.disconnect('reader', {});
    assert.deepEqual(await readdir(home), ['consumers.json']);
  });

  test('another alias of a plugin replaces its file', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    plugins = [pluginNamed('renamed', 'id-of-one'), pluginNamed('two')];
    await consumers.refresh();
    assert.deepEqual(await names(), ['renamed.conf', 'two.conf']);
  });

  test('a refresh that fails is logged, and the next one does the work', async () => {
    {
      await using consumers = await open();
      await consumers.connect('reader', {});
    }
    plugins = [pluginNamed('three')];
    isBroken = true;
    await using consumers = await open();
    await consumers.refresh();
    assert.match(log.join(''), /reader 0\.1 is too old/);
    assert.deepEqual(await names(), ['one.conf', 'two.conf']);
    isBroken = false;
    await consumers.refresh();
    assert.deepEqual(await names(), ['three.conf']);
  });
});

describe('the record', () => {
  test('a new daemon knows the connections and their files, and brings them in line at its start', async () => {
    {
      await using consumers = await open();
      await consumers.connect('reader', { timeout: 9 });
    }
    plugins = [pluginNamed('two')];
    await using consumers = await open();
    assert.deepEqual(consumers.list()[0]?.options, { timeout: 9 });
    await consumers.refresh();
    assert.deepEqual(await names(), ['two.conf']);
    await consumers.disconnect('reader', {});
    assert.deepEqual(await readdir(home), ['consumers.json']);
  });

  test('a file that cannot be written is told, and keeps neither the others nor its removal from working', async () => {
    await using consumers = await open();
    await consumers.connect('reader', {});
    const wanted = plugins;
    plugins = [...wanted, { ...pluginNamed('bad'), alias: `${'x'.repeat(250)}` }];
    const { files } = await consumers.connect('reader', { timeout: 2 });
    assert.deepEqual(
      files.map(({ state }) => state),
      ['written', 'written', 'failed'],
    );
    assert.match(files[2]?.reason ?? '', /^cannot write file at .*ENAMETOOLONG/);
    plugins = wanted;
    assert.deepEqual(await statesOf(consumers.disconnect('reader', {})), [
      'one.conf removed',
      'two.conf removed',
    ]);
  });

  test('a damaged record is set aside and told, and to connect again adopts the files', async () => {
    {
      await using consumers = await open();
      await consumers.connect('reader', {});
    }
    await writeFile(join(home, 'consumers.json'), '{"Version": 1}');
    await using consumers = await open();
    assert.match(log.join(''), /record of connections .* is damaged/);
    assert.deepEqual(consumers.list(), []);
    assert.deepEqual(await statesOf(consumers.connect('reader', {})), [
      'one.conf unchanged',
      'two.conf unchanged',
    ]);
    await consumers.disconnect('reader', {});
    assert.deepEqual(await names(), []);
  });
});
