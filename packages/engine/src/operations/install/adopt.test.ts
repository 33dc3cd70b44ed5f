import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { readDockerPlugin } from '../../adoption/docker-plugin.ts';
import { type DockerDirectoryFixture, makeDockerDirectory } from '../../testing/docker-directory.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { policyOf } from '../../testing/policy-fixture.ts';
import { adoptPlugins } from './adopt.ts';
import { type Adoption, judgeAdoption } from './adopt-plugin.ts';

async function withBoth(
  step: (fixture: OperationFixture, docker: DockerDirectoryFixture) => Promise<void>,
): Promise<void> {
  await using fixture = await openOperationFixture();
  await using docker = await makeDockerDirectory();
  await step(fixture, docker);
}

function only(results: readonly Adoption[]): Adoption {
  const [result, other] = results;
  assert.ok(result !== undefined && other === undefined, JSON.stringify(results));
  return result;
}

const outcomes = (results: readonly Adoption[]) => results.map(({ outcome }) => outcome);

describe('adoptPlugins()', () => {
  test('takes record, tree as it is now and blobs, asks no registry, and does nothing twice', () =>
    withBoth(async (fixture, docker) => {
      fixture.remote.intercept = () => assert.fail('it asks the registry');
      const first = await docker.add('a', { enabled: true });
      const second = await docker.add('b');
      const request = { directory: docker.path };
      assert.deepEqual(outcomes(await adoptPlugins(fixture.parts, { ...request, isDryRun: true })), [
        'adoptable',
        'adoptable',
      ]);
      await fixture.assertOnly([], []);
      const results = await adoptPlugins(fixture.parts, request);
      assert.deepEqual(outcomes(results), ['adopted', 'adopted']);
      await fixture.assertOnly([first.record, second.record], [...first.digests, ...second.digests]);
      const adopted = fixture.parts.store.find(first.record.id);
      assert.deepEqual(adopted, first.record);
      assert.equal(fixture.rootfsFile(adopted, 'file'), 'acme/pa:latest of Docker');
      assert.ok(fixture.parts.consents.find(adopted.manifestDigest) !== undefined);
      assert.deepEqual(outcomes(await adoptPlugins(fixture.parts, request)), ['present', 'present']);
    }));

  test('takes the chosen ones, and none if one of them is not there', () =>
    withBoth(async (fixture, docker) => {
      const { record } = await docker.add('a');
      await docker.add('b', { name: 'acme/other:v2' });
      const request = { directory: docker.path };
      await assert.rejects(adoptPlugins(fixture.parts, { ...request, plugins: ['acme/pa', 'acme/absent'] }), {
        kind: 'not-found',
        message: /acme\/absent/,
      });
      await fixture.assertOnly([], []);
      assert.equal(
        only(await adoptPlugins(fixture.parts, { ...request, plugins: ['acme/pa'] })).id,
        record.id,
      );
      assert.equal(
        only(await adoptPlugins(fixture.parts, { ...request, plugins: ['bbbb'] })).outcome,
        'adopted',
      );
    }));

  test('refuses a directory that is not there, or not one of Docker', () =>
    withBoth(async ({ parts }, docker) => {
      await assert.rejects(adoptPlugins(parts, { directory: join(docker.path, 'absent') }), {
        kind: 'not-found',
      });
      const file = join(docker.path, 'plugins/storage/file');
      writeFileSync(file, '');
      for (const directory of [file, join(docker.path, 'plugins')]) {
        await assert.rejects(adoptPlugins(parts, { directory }), { kind: 'invalid' });
      }
    }));

  test('refuses while an engine holds the lock of its volumes', () =>
    withBoth(async ({ parts }, docker) => {
      await docker.add('a');
      mkdirSync(join(docker.path, 'volumes'));
      const file = join(docker.path, 'volumes/metadata.db');
      writeFileSync(file, '');
      const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; read -r line'], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      try {
        await once(holder.stdout, 'data');
        const request = { directory: docker.path };
        await assert.rejects(adoptPlugins(parts, request), { kind: 'conflict', code: 'docker-runs' });
        assert.equal(only(await adoptPlugins(parts, { ...request, force: true })).outcome, 'adopted');
      } finally {
        holder.stdin.end();
        await once(holder, 'exit');
      }
    }));

  const hostile: Readonly<Record<string, readonly [change: (directory: string) => void, reason: RegExp]>> = {
    'a record that is a pipe': [
      (directory) => replace(directory, (path) => execFileSync('mkfifo', [path])),
      /not a regular file/,
    ],
    'a record that is a link': [
      (directory) => replace(directory, (path) => symlinkSync('/etc/passwd', path)),
      /not a regular file/,
    ],
    'a record of a gigabyte': [
      (directory) => truncateSync(join(directory, 'config.json'), 1024 ** 3),
      /more than 1048576 bytes/,
    ],
    'a record that is cut off': [
      (directory) => truncateSync(join(directory, 'config.json'), 100),
      /cannot be used/,
    ],
    'no record': [(directory) => rmSync(join(directory, 'config.json')), /has no record/],
    'a record with privileges of its own': [
      (directory) => edit(directory, (record) => ({ ...record, outBoard: { Privileges: [] } })),
      /written by Outboard/,
    ],
    'a name that is a path': [
      (directory) =>
        edit(directory, (record) => ({ ...record, plugin: { ...record.plugin, Name: '../../x' } })),
      /not a plugin's name/,
    ],
    'the ID of another plugin': [
      (directory) =>
        edit(directory, (record) => ({ ...record, plugin: { ...record.plugin, Id: 'c'.repeat(64) } })),
      /names another ID/,
    ],
    'a directory that is a link': [
      (directory) => {
        renameSync(directory, `${directory}.moved`);
        symlinkSync(`${directory}.moved`, directory);
      },
      /not a directory/,
    ],
    'a root filesystem that is a link': [
      (directory) => {
        rmSync(join(directory, 'rootfs'), { recursive: true });
        symlinkSync('/', join(directory, 'rootfs'));
      },
      /not a directory/,
    ],
    'a propagated mount that is a link': [
      (directory) => symlinkSync('/etc', join(directory, 'propagated-mount')),
      /not a directory/,
    ],
  };
  for (const [title, [change, reason]] of Object.entries(hostile)) {
    test(`refuses ${title}, and adopts the others`, () =>
      withBoth(async (fixture, docker) => {
        const bad = await docker.add('a');
        const good = await docker.add('b');
        change(bad.directory);
        const results = await adoptPlugins(fixture.parts, { directory: docker.path });
        assert.deepEqual(outcomes(results), ['refused', 'adopted']);
        assert.match(results[0]?.reason ?? '', reason);
        await fixture.assertOnly([good.record], good.digests);
      }));
  }

  test('leaves out settings that its config does not have, which no privilege names', () =>
    withBoth(async (fixture, docker) => {
      const { record, directory } = await docker.add('a');
      const more = { Name: 'more', Source: '/', Destination: '/host', Type: 'bind', Options: ['rbind'] };
      edit(directory, ({ plugin, ...others }) => {
        const settings = plugin.Settings as { readonly Mounts: readonly object[] };
        const Mounts = [...settings.Mounts, { ...more, Description: '', Settable: null }];
        return { ...others, plugin: { ...plugin, Settings: { ...settings, Env: ['DEBUG=7'], Mounts } } };
      });
      const { outcome, warnings } = only(await adoptPlugins(fixture.parts, { directory: docker.path }));
      assert.deepEqual(
        [outcome, warnings],
        ['adopted', ['settings that its config does not have are left out']],
      );
      const { settings } = fixture.parts.store.find(record.id);
      assert.deepEqual([settings.env, settings.mounts], [['DEBUG=7'], record.settings.mounts]);
    }));

  test('tells which blobs are damaged or missing, and takes the plugin', () =>
    withBoth(async (fixture, docker) => {
      const { record, digests } = await docker.add('a');
      const [manifest, config, layer] = digests;
      assert.ok(manifest && config && layer);
      writeFileSync(docker.blobPath(config), 'damaged');
      rmSync(docker.blobPath(layer));
      const { outcome, warnings } = only(await adoptPlugins(fixture.parts, { directory: docker.path }));
      assert.equal(outcome, 'adopted');
      assert.match(
        warnings.join('\n'),
        new RegExp(`^blob ${config} is damaged in Docker's store.*\nDocker did not keep 1 blob`),
      );
      await fixture.assertOnly([record], [manifest]);
    }));

  test('unpacks the layers of a plugin without a root filesystem', () =>
    withBoth(async (fixture, docker) => {
      const { record, directory } = await docker.add('a');
      rmSync(join(directory, 'rootfs'), { recursive: true });
      const { outcome, warnings } = only(await adoptPlugins(fixture.parts, { directory: docker.path }));
      assert.equal(outcome, 'adopted');
      assert.match(warnings.join('\n'), /unpacked again/);
      assert.equal(fixture.rootfsFile(record, 'file'), record.name);
    }));

  test('refuses a name that is taken, and what the signature policy refuses', () =>
    withBoth(async (fixture, docker) => {
      const first = await docker.add('a');
      await adoptPlugins(fixture.parts, { directory: docker.path });
      const second = await docker.add('b', { name: first.record.name });
      const request = { directory: docker.path, plugins: [second.record.id] };
      const { reason } = only(await adoptPlugins(fixture.parts, request));
      assert.equal(reason, 'plugin acme/pa:latest already exists');
      await docker.add('c');
      const refusing = policyOf(async () => {
        throw new OutboardError('forbidden', 'no signature', { code: 'policy' });
      });
      const policed = { ...fixture.parts, policy: refusing };
      const judged = only(await adoptPlugins(policed, { directory: docker.path, plugins: ['cccc'] }));
      assert.deepEqual([judged.outcome, judged.reason], ['refused', 'no signature']);
      await fixture.assertOnly([first.record], first.digests);
    }));

  test('leaves nothing of a plugin that cannot be committed', () =>
    withBoth(async (fixture, docker) => {
      const { record } = await docker.add('a');
      fixture.jail.beforeFinish = () => {
        throw new OutboardError('system', 'cannot flush');
      };
      const failed = only(await adoptPlugins(fixture.parts, { directory: docker.path }));
      assert.deepEqual([failed.outcome, failed.reason], ['refused', 'cannot flush']);
      await fixture.assertOnly([], []);
      fixture.jail.beforeFinish = undefined;
      assert.equal(only(await adoptPlugins(fixture.parts, { directory: docker.path })).outcome, 'adopted');
      assert.ok(existsSync(fixture.parts.store.paths(record.id).rootfs));
    }));
});

test('judgeAdoption() refuses a plugin whose process still runs', () =>
  withBoth(async ({ parts }, docker) => {
    const { record } = await docker.add('a');
    const plugin = await readDockerPlugin(join(docker.path, 'plugins'), record.id);
    const host = {
      docker: { pluginsDirectory: join(docker.path, 'plugins'), isInUse: false },
      findProcess: (id: string) => (id === record.id ? 812 : undefined),
    };
    const { outcome, reason } = await judgeAdoption(parts, plugin, host);
    assert.deepEqual([outcome, /process 812/.test(reason ?? '')], ['refused', true]);
  }));

function replace(directory: string, make: (path: string) => void): void {
  const path = join(directory, 'config.json');
  rmSync(path);
  make(path);
}

interface EditedRecord {
  readonly plugin: Readonly<Record<string, unknown>>;
}

function edit(directory: string, change: (record: EditedRecord) => object): void {
  const path = join(directory, 'config.json');
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
}
