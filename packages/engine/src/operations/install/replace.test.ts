import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTarWriter } from '@outboard/oci';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { enablePlugin } from '../control/enable.ts';
import { createPlugin } from './create.ts';
import { replacePlugin } from './replace.ts';

const plugin = 'acme/plugin:latest';
const probationMs = 1;

/** The archive of an author: a config, and a root filesystem with one file. */
async function* pluginOf(version: string, config: object = {}): AsyncGenerator<Buffer> {
  const out: Buffer[] = [];
  const writer = createTarWriter((chunk) => void out.push(Buffer.from(chunk)));
  const document = {
    interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' },
    entrypoint: ['/version'],
    ...config,
  };
  const files = { 'config.json': JSON.stringify(document), 'rootfs/version': version };
  const facts = { linkName: Buffer.alloc(0), uid: 0, gid: 0, modifiedAt: 0, xattrs: new Map() };
  for (const [name, text] of Object.entries(files)) {
    const size = Buffer.byteLength(text);
    const device = { deviceMajor: 0, deviceMinor: 0 };
    writer.onEntry({ type: 'file', name: Buffer.from(name), mode: 0o755, size, ...facts, ...device });
    writer.onContent(Buffer.from(text));
    writer.onEntryEnd();
  }
  writer.end();
  yield* out;
}

async function createFirst({ parts }: OperationFixture) {
  return await createPlugin(parts, { name: plugin, context: pluginOf('one') });
}

describe('replacePlugin()', () => {
  test('puts the new build in the place of the old one, and keeps ID, name and settings', async () => {
    await using fixture = await openOperationFixture();
    const env = [{ name: 'DEBUG', value: '0', settable: ['value'] }];
    const first = await createPlugin(fixture.parts, { name: plugin, context: pluginOf('one', { env }) });
    const set = { ...first, settings: { ...first.settings, env: ['DEBUG=1'] } };
    await fixture.parts.store.save(set);
    const second = await replacePlugin(fixture.parts, { plugin, context: pluginOf('two', { env }) });
    assert.deepEqual([second.id, second.name, second.enabled], [first.id, first.name, false]);
    assert.deepEqual(second.settings.env, ['DEBUG=1']);
    assert.equal(fixture.rootfsFile(second, 'version'), 'two');
    assert.equal(fixture.previousFile(second, 'version'), 'one');
    assert.deepEqual(
      fixture.events.map(({ action, id }) => [action, id]),
      [
        ['create', first.id],
        ['create', first.id],
      ],
    );
  });

  test('keeps an enabled plugin enabled, and grants what the new config requests', async () => {
    await using fixture = await openOperationFixture();
    await createFirst(fixture);
    await enablePlugin({ ...fixture.parts, inBackground: () => assert.fail() }, plugin, {
      timeoutSeconds: 7,
    });
    const context = pluginOf('two', { network: { type: 'host' } });
    const second = await replacePlugin(fixture.parts, { plugin, context, probationMs });
    assert.equal(second.enabled, true);
    assert.equal(second.timeoutSeconds, 7);
    assert.deepEqual(
      second.privileges.map(({ name, value }) => [name, value]),
      [['network', ['host']]],
    );
    assert.equal(fixture.parts.supervisor.state(second.id).status, 'running');
  });

  test('leaves the old build when the new one can never be enabled', async () => {
    await using fixture = await openOperationFixture();
    const first = await createFirst(fixture);
    const context = pluginOf('two', { entrypoint: ['/none'] });
    await assert.rejects(replacePlugin(fixture.parts, { plugin, context, mustRun: true }), {
      kind: 'invalid',
      message: /"\/none": rootfs\/none is missing/,
    });
    await fixture.assertOnly([first], [first.configDigest, first.manifestDigest, ...first.blobDigests]);
    assert.equal(fixture.rootfsFile(first, 'version'), 'one');
  });

  test('reports what is wrong in the new build, and settings that it has no more', async () => {
    await using fixture = await openOperationFixture();
    const env = [{ name: 'DEBUG', value: '0', settable: ['value'] }];
    const first = await createPlugin(fixture.parts, { name: plugin, context: pluginOf('one', { env }) });
    await fixture.parts.store.save({ ...first, settings: { ...first.settings, env: ['DEBUG=1'] } });
    let warnings: readonly string[] = [];
    const onWarnings = (lines: readonly string[]) => {
      warnings = lines;
    };
    await replacePlugin(fixture.parts, {
      plugin,
      context: pluginOf('two', { entrypont: [] }),
      onWarnings,
    });
    assert.match(warnings.join('\n'), /unknown key "entrypont"[\s\S]*DEBUG/);
  });

  test('refuses a plugin that is not there', async () => {
    await using fixture = await openOperationFixture();
    await assert.rejects(replacePlugin(fixture.parts, { plugin, context: pluginOf('one') }), {
      kind: 'not-found',
    });
  });
});
