import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { transferLimits } from '../../distribution/transfer-limits.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { pullPlugin } from '../install/pull.ts';
import { removePlugin } from '../install/remove.ts';
import { pushPlugin } from './push.ts';

const plugin = 'registry.test/acme/copy:v1';

const twoLayers = [{ first: 'one' }, { second: 'two' }];

/** A plugin that was pulled from one repository, under a name that is pushed to another one. */
async function install(fixture: OperationFixture, layers: readonly Record<string, string>[] = twoLayers) {
  const published = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', { layers });
  const remote = 'registry.test/acme/plugin:v1';
  const record = await pullPlugin(fixture.parts, { remote, privileges: published.privileges, name: plugin });
  fixture.remote.requests.length = 0;
  return { published, record, target: fixture.remote.repository('acme/copy') };
}

describe('pushPlugin()', () => {
  test('uploads all blobs and then the manifest, byte for byte', async () => {
    await using fixture = await openOperationFixture();
    const { published, record, target } = await install(fixture);
    await pushPlugin(fixture.parts, { plugin });
    assert.equal(target.tags.get('v1'), published.manifestDigest);
    assert.deepEqual([...target.blobs.keys(), ...target.manifests.keys()].sort(), published.digests);
    assert.equal(fixture.remote.requests.at(-1)?.operation, 'pushManifest');
    await fixture.assertOnly([record], published.digests);
  });

  test('uploads nothing that the repository has', async () => {
    await using fixture = await openOperationFixture();
    await install(fixture);
    await pushPlugin(fixture.parts, { plugin });
    fixture.remote.requests.length = 0;
    await pushPlugin(fixture.parts, { plugin });
    const uploads = fixture.remote.requests.filter(({ operation }) => operation === 'pushBlob');
    assert.deepEqual(uploads, []);
  });

  test('takes blobs over from the repository that the plugin was pulled from', async () => {
    await using fixture = await openOperationFixture();
    const { published, target } = await install(fixture);
    fixture.parts.content.open = () => assert.fail('a blob was read');
    const statuses = new Set<string>();
    const onProgress = ({ status }: { readonly status: string }) => void statuses.add(status);
    await pushPlugin(fixture.parts, { plugin, onProgress });
    assert.equal(target.tags.get('v1'), published.manifestDigest);
    assert.ok(statuses.has('Mounted from registry.test/acme/plugin'), [...statuses].join());
  });

  test('reads each blob once', async () => {
    await using fixture = await openOperationFixture();
    const { published } = await install(fixture);
    fixture.remote.refusesMounts = true;
    const { content } = fixture.parts;
    const opened: string[] = [];
    const open = content.open.bind(content);
    content.open = async (digest, options) => {
      opened.push(digest);
      return await open(digest, options);
    };
    content.verify = () => assert.fail('a blob was read to be verified');
    await pushPlugin(fixture.parts, { plugin });
    const blobs = published.digests.filter((digest) => digest !== published.manifestDigest);
    assert.deepEqual(opened.sort(), blobs);
  });

  for (const [bound, maxConcurrentUploads] of [
    [5, undefined],
    [2, 2],
  ] as const) {
    test(`uploads ${bound} blobs at once, in the order of the manifest`, async () => {
      await using fixture = await openOperationFixture();
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      const { published, target } = await install(
        fixture,
        names.map((name) => ({ [name]: name })),
      );
      const begun: string[] = [];
      let running = 0;
      let most = 0;
      fixture.remote.intercept = async ({ operation, target: digest }) => {
        if (operation === 'hasBlob') begun.push(digest);
        if (operation !== 'pushBlob') return;
        running += 1;
        most = Math.max(most, running);
        for (let turn = 0; turn < 10; turn += 1) await setImmediate();
        running -= 1;
      };
      const limits = transferLimits({ maxConcurrentUploads });
      await pushPlugin({ ...fixture.parts, limits }, { plugin });
      assert.equal(most, bound);
      assert.deepEqual(begun, [...published.layers.map(({ digest }) => digest), published.configDigest]);
      assert.equal(target.tags.get('v1'), published.manifestDigest);
    });
  }

  test('ends the other uploads when one fails, and begins no more', async () => {
    await using fixture = await openOperationFixture();
    const { published, target } = await install(fixture);
    const [first, second] = published.layers;
    const bothBegan = withResolvers<void>();
    const firstFailed = withResolvers<void>();
    fixture.remote.intercept = async ({ operation, target: digest }) => {
      if (operation !== 'pushBlob') return;
      if (digest === second?.digest) {
        bothBegan.resolve();
        await firstFailed.promise;
        return await setImmediate();
      }
      assert.equal(digest, first?.digest, 'nothing more is begun');
      await bothBegan.promise;
      firstFailed.resolve();
      throw new OutboardError('unavailable', 'status 500');
    };
    const limits = transferLimits({ maxConcurrentUploads: 2 });
    const pushing = pushPlugin({ ...fixture.parts, limits }, { plugin });
    await assert.rejects(pushing, { kind: 'unavailable', message: /status 500$/ });
    assert.equal(target.blobs.size, 0);
  });

  test('fetches a damaged blob again from where the plugin was pulled', async () => {
    await using fixture = await openOperationFixture();
    const { published, record, target } = await install(fixture);
    fixture.remote.refusesMounts = true;
    const [layer] = published.layers;
    assert.ok(layer);
    fixture.parts.content.damage(layer.digest);
    await pushPlugin(fixture.parts, { plugin });
    assert.equal(target.blobs.has(layer.digest), true);
    await fixture.assertOnly([record], published.digests);
  });

  test('R22 goes on where the download of a damaged blob was interrupted', async () => {
    await using fixture = await openOperationFixture();
    const { published, target } = await install(fixture);
    fixture.remote.refusesMounts = true;
    const [layer] = published.layers;
    assert.ok(layer);
    fixture.parts.content.damage(layer.digest);
    fixture.remote.breakBlobsAfter = 10;
    await assert.rejects(pushPlugin(fixture.parts, { plugin }), { message: /after 10 of/ });
    fixture.remote.breakBlobsAfter = undefined;
    // The registry cannot send the first bytes any more: the rest must do.
    fixture.remote.repository('acme/plugin').blobs.get(layer.digest)?.fill('x', 0, 10);
    await pushPlugin(fixture.parts, { plugin });
    assert.equal(target.tags.get('v1'), published.manifestDigest);
  });

  test('R35 fetches a damaged blob once for two pushes', async () => {
    await using fixture = await openOperationFixture();
    const { published } = await install(fixture);
    fixture.remote.refusesMounts = true;
    const [layer] = published.layers;
    assert.ok(layer);
    fixture.parts.content.damage(layer.digest);
    await Promise.all([pushPlugin(fixture.parts, { plugin }), pushPlugin(fixture.parts, { plugin })]);
    const fetched = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    assert.equal(fetched.length, 1);
  });

  test('keeps its content from a removal and a garbage collection while it runs', async () => {
    await using fixture = await openOperationFixture();
    const { published, target } = await install(fixture);
    fixture.remote.intercept = async ({ operation, target: digest }) => {
      if (operation !== 'hasBlob' || digest !== published.layers[0]?.digest) return;
      await removePlugin(fixture.parts, plugin);
      await collectGarbage(fixture.parts);
    };
    await pushPlugin(fixture.parts, { plugin });
    assert.equal(target.tags.get('v1'), published.manifestDigest);
    const fetchedAgain = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    assert.deepEqual(fetchedAgain, []);
    fixture.remote.intercept = () => undefined;
    await collectGarbage(fixture.parts);
    await fixture.assertOnly([], []);
  });
});

describe('pushPlugin() keeps the plugin, tags nothing and can be repeated when', () => {
  for (const [name, operation, fail, error] of [
    [
      'the registry fails at the second layer',
      'pushBlob',
      () => {
        throw new OutboardError('unavailable', 'status 500');
      },
      { kind: 'unavailable', message: /^error pushing plugin: status 500$/ },
    ],
    [
      'the registry fails at the manifest',
      'pushManifest',
      () => {
        throw new OutboardError('unavailable', 'status 500');
      },
      { kind: 'unavailable' },
    ],
    [
      'the credentials are refused',
      'hasBlob',
      () => {
        throw new OutboardError('unauthorized', 'authentication required');
      },
      { kind: 'unauthorized' },
    ],
    ['the caller aborts it', 'pushBlob', (controller) => controller.abort(), { name: 'AbortError' }],
  ] as const satisfies readonly [string, string, (controller: AbortController) => void, object][]) {
    test(name, async () => {
      await using fixture = await openOperationFixture();
      const { published, record, target } = await install(fixture);
      const controller = new AbortController();
      fixture.remote.intercept = (request) => {
        if (request.operation === operation) fail(controller);
      };
      await assert.rejects(pushPlugin(fixture.parts, { plugin, signal: controller.signal }), error);
      assert.equal(target.tags.size, 0);
      await fixture.assertOnly([record], published.digests);
      fixture.remote.intercept = () => undefined;
      await pushPlugin(fixture.parts, { plugin });
      assert.equal(target.tags.get('v1'), published.manifestDigest);
    });
  }

  test('a blob is damaged and cannot be fetched again', async () => {
    await using fixture = await openOperationFixture();
    const { published, target } = await install(fixture);
    const [layer] = published.layers;
    assert.ok(layer);
    const source = fixture.remote.repository('acme/plugin');
    const bytes = source.blobs.get(layer.digest);
    assert.ok(bytes);
    source.blobs.delete(layer.digest);
    fixture.parts.content.damage(layer.digest);
    await assert.rejects(pushPlugin(fixture.parts, { plugin }), {
      kind: 'not-found',
      message: /it cannot be fetched again from registry\.test\/acme\/plugin:v1/,
    });
    assert.equal(target.tags.size, 0);
    source.blobs.set(layer.digest, bytes);
    await pushPlugin(fixture.parts, { plugin });
    assert.equal(target.tags.get('v1'), published.manifestDigest);
  });
});
