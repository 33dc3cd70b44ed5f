/**
 * Mirrors that are asked in place of a registry: their order, their failures, and requests that they do not see.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { digestOf } from '../../digests/digest.ts';
import { OutboardError } from '../../errors/outboard-error.ts';
import { fail, layer, manifest, serve, startMirrored, urls } from '../../testing/mirrored-registry.ts';
import { blobOf } from '../../testing/pushed-image.ts';

describe('mirrors', () => {
  it('serve manifests and blobs below their path, and the registry is not asked', async () => {
    await using under = await startMirrored([serve]);
    const repository = under.pull();
    const { descriptor } = await repository.resolve('v1');
    assert.equal(descriptor.digest, digestOf(manifest));
    assert.deepEqual(await buffer(await repository.openBlob(blobOf(layer))), layer);
    assert.deepEqual(urls(under.registry), []);
    assert.deepEqual(urls(under.mirrors[0]), [
      '/v2/cache/acme/plugin/manifests/v1',
      `/v2/cache/acme/plugin/blobs/${digestOf(layer)}`,
    ]);
  });

  for (const status of [401, 403, 404, 429, 500, 503]) {
    it(`are passed over in order when they answer with ${status}`, async () => {
      await using under = await startMirrored([fail(status), fail(status)]);
      await under.pull().resolve('v1');
      assert.equal(under.mirrors[0]?.requests.length, 1);
      assert.equal(under.mirrors[1]?.requests.length, 1);
      assert.equal(under.registry.requests.length, 1);
    });
  }

  it('that cannot be reached are passed over for a minute', async () => {
    await using under = await startMirrored(['nothing listens', fail(503)]);
    const repository = under.pull();
    await repository.resolve('v1');
    await repository.resolve('v1');
    assert.equal(under.mirrors[1]?.requests.length, 1);
    under.clock.advance(60_001);
    await repository.resolve('v1');
    assert.equal(under.mirrors[1]?.requests.length, 2);
    assert.equal(under.registry.requests.length, 3);
  });

  it('are asked again when the registry cannot be reached', async () => {
    let asked = 0;
    await using under = await startMirrored(
      [
        (request, response) => {
          asked += 1;
          if (asked === 1) response.writeHead(503).end();
          else serve(request, response);
        },
      ],
      fail(503),
    );
    await under.pull().resolve('v1');
    assert.equal(asked, 2);
  });

  it('are named in the error with their own failures', async () => {
    await using under = await startMirrored(['nothing listens', fail(403)], fail(404));
    await assert.rejects(under.pull().resolve('v1'), (error: unknown) => {
      assert.ok(error instanceof OutboardError && error.kind === 'not-found');
      const [first, second] = under.mirrors.map(({ host }) => `"${host}/cache/acme/plugin"`);
      assert.ok(
        error.message.startsWith(
          `${under.registry.host}/acme/plugin:v1: not found; mirrors were tried before: ${first}: `,
        ),
      );
      assert.match(error.message, /connection refused/);
      assert.ok(error.message.includes(`; ${second}: unexpected status from GET request`), error.message);
      return true;
    });
  });

  for (const [use, asked] of [
    ['digest-only', [digestOf(manifest)]],
    ['tag-only', ['v1']],
  ] as const) {
    it(`are used ${use} if the operator says so`, async () => {
      await using under = await startMirrored([serve], serve, { use });
      await under.pull().resolve('v1');
      await under.pull().resolve(digestOf(manifest));
      assert.deepEqual(
        urls(under.mirrors[0]),
        asked.map((name) => `/v2/cache/acme/plugin/manifests/${name}`),
      );
    });
  }

  it('see no push, nor what it asks for', async () => {
    await using under = await startMirrored([serve]);
    await under.push().resolve('v1');
    await under.pull().hasBlob(digestOf(layer));
    assert.deepEqual(urls(under.mirrors[0]), []);
    assert.equal(under.registry.requests.length, 2);
  });

  it('end with the signal of the caller', async () => {
    const controller = new AbortController();
    await using under = await startMirrored([() => controller.abort(new Error('enough'))]);
    await assert.rejects(under.pull().resolve('v1', { signal: controller.signal }), { message: 'enough' });
    assert.equal(under.registry.requests.length, 0);
  });
});
