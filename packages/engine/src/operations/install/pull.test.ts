/**
 * Pulls that install a plugin, also beside each other.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mediaTypes, OutboardError } from '@outboard/oci';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { layers, publish, remote } from '../../testing/pulled-plugin.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { pullPlugin } from './pull.ts';

describe('pullPlugin()', () => {
  test('installs a plugin, disabled, with its content, and announces it', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges: published.privileges });
    assert.equal(record.name, remote);
    assert.equal(record.enabled, false);
    assert.equal(record.manifestDigest, published.manifestDigest);
    assert.deepEqual(record.privileges, published.privileges);
    assert.equal(fixture.rootfsFile(record, 'first'), 'one');
    assert.equal(fixture.rootfsFile(record, 'second'), 'two');
    await fixture.assertOnly([record], published.digests);
    assert.deepEqual(
      fixture.events.map(({ action, id }) => [action, id]),
      [['pull', remote]],
    );
  });

  test('fetches no layer that the content store has', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture);
    const { privileges } = published;
    const first = await pullPlugin(fixture.parts, { remote, privileges });
    fixture.remote.requests.length = 0;
    const second = await pullPlugin(fixture.parts, { remote, privileges, name: 'acme/second:v1' });
    const fetched = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    assert.deepEqual(
      fetched.map(({ target }) => target),
      [published.configDigest],
    );
    await fixture.assertOnly([first, second], published.digests);
  });

  test('R04 reads a manifest alike whatever type it is served with later, or refuses it', async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const { privileges, manifestDigest } = publish(fixture);
    const stated = JSON.parse(repository.manifests.get(manifestDigest)?.bytes.toString() ?? '');
    const { mediaType: _, ...silent } = stated; // only the registry says what it is
    const bytes = Buffer.from(JSON.stringify(silent));
    const serveAs = (mediaType: string) => repository.putManifest('v1', { mediaType, bytes });
    const pullAs = (mediaType: string, name: string) => {
      const digest = serveAs(mediaType);
      const pinned = `registry.test/acme/plugin@${digest}`;
      return pullPlugin(fixture.parts, { remote: pinned, privileges, name });
    };
    const first = await pullAs(mediaTypes.dockerManifest, 'acme/first:v1');
    const second = await pullAs(mediaTypes.ociManifest, 'acme/second:v1');
    assert.deepEqual(second.config, first.config);
    assert.deepEqual(second.blobDigests, first.blobDigests);
    assert.equal(second.manifestDigest, first.manifestDigest);
    for (const index of [mediaTypes.ociIndex, mediaTypes.dockerManifestList]) {
      await assert.rejects(pullAs(index, 'acme/third:v1'), { kind: 'invalid' });
    }
    assert.equal(fixture.parts.store.find('acme/first:v1').manifestMediaType, mediaTypes.dockerManifest);
  });

  test('R19 refuses a config that claims more than 1 MiB before it is asked for', async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const { manifestDigest, privileges } = publish(fixture);
    const manifest = JSON.parse(repository.manifests.get(manifestDigest)?.bytes.toString() ?? '');
    manifest.config.size = 1024 * 1024 + 1;
    const bytes = Buffer.from(JSON.stringify(manifest));
    repository.putManifest('v1', { mediaType: mediaTypes.dockerManifest, bytes });
    await assert.rejects(pullPlugin(fixture.parts, { remote, privileges }), {
      kind: 'invalid',
      message: /too large/,
    });
    const fetched = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    assert.equal(fetched.length, 0);
    await fixture.assertOnly([], []);
  });

  test('keeps content from a garbage collection while it runs', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture);
    fixture.remote.intercept = async ({ target }) => {
      if (target === published.layers[1]?.digest) await collectGarbage(fixture.parts);
    };
    const record = await pullPlugin(fixture.parts, { remote, privileges: published.privileges });
    await fixture.assertOnly([record], published.digests);
  });

  test('R23 begins anew, once, when what an interrupted download left is other content', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture);
    const { content } = fixture.parts;
    const [, second] = published.layers;
    assert.ok(second);
    {
      const source = 'registry.test/acme/plugin';
      await using ingest = await content.ingest({ resume: second.digest, source });
      await ingest.append(Buffer.alloc(second.size - 1));
    }
    const record = await pullPlugin(fixture.parts, { remote, privileges: published.privileges });
    assert.equal(fixture.rootfsFile(record, 'second'), 'two');
    await fixture.assertOnly([record], published.digests);
    const fetched = fixture.remote.requests.filter(({ target }) => target === second.digest);
    assert.equal(fetched.length, 2);
  });

  test('R35 fetches the blobs of two pulls at once only once', async () => {
    await using fixture = await openOperationFixture();
    const { privileges, digests, layers: blobs } = publish(fixture);
    const records = await Promise.all([
      pullPlugin(fixture.parts, { remote, privileges, name: 'acme/first:v1' }),
      pullPlugin(fixture.parts, { remote, privileges, name: 'acme/second:v1' }),
    ]);
    for (const { digest } of blobs) {
      const fetched = fixture.remote.requests.filter(({ target }) => target === digest);
      assert.equal(fetched.length, 1);
    }
    await fixture.assertOnly(records, digests);
  });

  test('R35 fetches the blobs of two repositories at once only once, of manifests that each pull may read', async () => {
    await using fixture = await openOperationFixture();
    const { privileges, digests, layers: blobs } = publish(fixture);
    publishPlugin(fixture.remote.repository('acme/same'), 'v1', { layers });
    publishPlugin(fixture.remote.repository('acme/private'), 'v1', { layers });
    fixture.remote.intercept = ({ path }) => {
      if (path === 'acme/private') throw new OutboardError('unauthorized', 'authentication required');
    };
    const hidden = pullPlugin(fixture.parts, { remote: 'registry.test/acme/private:v1', privileges });
    const refused = assert.rejects(hidden, { kind: 'unauthorized' });
    const records = await Promise.all([
      pullPlugin(fixture.parts, { remote, privileges }),
      pullPlugin(fixture.parts, { remote: 'registry.test/acme/same:v1', privileges }),
    ]);
    await refused;
    for (const { digest } of blobs) {
      const fetched = fixture.remote.requests.filter(({ target }) => target === digest);
      assert.equal(fetched.length, 1);
    }
    await fixture.assertOnly(records, digests);
  });

  test('refuses a name that another pull has reserved', async () => {
    await using fixture = await openOperationFixture();
    const { privileges, digests } = publish(fixture);
    const request = { remote, privileges };
    const [first, second] = await Promise.allSettled([
      pullPlugin(fixture.parts, request),
      pullPlugin(fixture.parts, request),
    ]);
    assert.equal(first.status, 'fulfilled');
    assert.equal(second.status, 'rejected');
    assert.equal(second.reason.code, 'name-taken');
    await fixture.assertOnly([first.value], digests);
  });
});
