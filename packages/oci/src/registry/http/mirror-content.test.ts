/**
 * Mirrors that send other content, or break off.
 */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { copyArtifact } from '../../artifacts/copy-artifact.ts';
import { digestOf } from '../../digests/digest.ts';
import { OutboardError } from '../../errors/outboard-error.ts';
import { MemoryRegistry } from '../../memory/memory-registry.ts';
import { createMemoryRegistryClient } from '../../memory/memory-registry-client.ts';
import { type Handler, manifestType } from '../../testing/hostile-registry.ts';
import { fail, layer, manifest, serve, startMirrored } from '../../testing/mirrored-registry.ts';
import { blobOf } from '../../testing/pushed-image.ts';

describe('mirrors', () => {
  it('R01 cannot serve another manifest for a digest', async () => {
    const other: Handler = (_request, response) =>
      response.writeHead(200, { 'content-type': manifestType }).end('{"schemaVersion":2}');
    await using under = await startMirrored([other]);
    const { bytes } = await under.pull().resolve(digestOf(manifest));
    assert.deepEqual(bytes, manifest);
    assert.equal(under.registry.requests.length, 1);
  });

  it('R01 cannot serve another blob for a digest, and are passed over afterwards', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    await using under = await startMirrored([
      (_request, response) => response.writeHead(200, { 'content-length': other.length }).end(other),
    ]);
    await assert.rejects(async () => buffer(await under.pull().openBlob(blobOf(layer))), {
      kind: 'invalid',
      code: 'content-changed',
    });
    assert.deepEqual(await buffer(await under.pull().openBlob(blobOf(layer))), layer);
  });

  it('R01 cannot make a copy fail by wrong content', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    const config = Buffer.from('{}');
    const target = createMemoryRegistryClient(new Map([['registry.test', new MemoryRegistry()]]));
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: { ...blobOf(config), mediaType: 'application/vnd.docker.container.image.v1+json' },
        layers: [blobOf(layer)],
      }),
    );
    const send =
      (content: Buffer): Handler =>
      (request, response) => {
        const isConfig = request.url?.endsWith(digestOf(config));
        if (isConfig) response.end(config);
        else if (request.url?.includes('/blobs/')) response.end(content);
        else response.writeHead(200, { 'content-type': manifestType }).end(bytes);
      };
    await using under = await startMirrored([send(other)], send(layer));
    const to = target.repository({ domain: 'registry.test', path: 'acme/copy' }, 'pull,push');
    await copyArtifact(under.pull(), to, 'v1');
    assert.deepEqual(await to.readBlob(blobOf(layer), { maxBytes: layer.length }), layer);
  });

  it('R01 that sent wrong content are not asked again, once the reader who verifies it has said so', async () => {
    const other = Buffer.alloc(layer.length, 'evil ');
    let outages = 0;
    await using under = await startMirrored(
      [(_request, response) => response.writeHead(200, { 'content-length': other.length }).end(other)],
      (request, response) => {
        if (outages-- > 0) response.writeHead(503).end();
        else serve(request, response);
      },
    );
    const repository = under.pull();
    const reports: ((error: unknown) => void)[] = [];
    const onMirror = (report: (error: unknown) => void) => void reports.push(report);
    const read = async () => buffer(await repository.openBlob(blobOf(layer), { verify: false, onMirror }));
    assert.deepEqual(await read(), other);
    for (const report of reports) report(new OutboardError('invalid', 'wrong digest'));
    assert.deepEqual(await read(), layer);
    under.clock.advance(61_000);
    outages = 1;
    assert.deepEqual(await read(), layer, 'also while the registry is out of reach');
    assert.equal(under.mirrors[0]?.requests.length, 1);
    assert.equal(reports.length, 1);
  });

  it('R22 that break off are followed by the registry, from where they ended', async () => {
    await using under = await startMirrored([
      (_request, response) => {
        response.writeHead(200, { 'content-length': layer.length });
        response.write(layer.subarray(0, 100_000), () => response.destroy());
      },
    ]);
    assert.deepEqual(await buffer(await under.pull().openBlob(blobOf(layer))), layer);
    assert.match(under.registry.requests[0]?.headers.range ?? '', /^bytes=[1-9]\d*-$/);
    assert.equal(under.mirrors[0]?.requests.length, 1);
  });

  it('that always send something else end with the error of the registry', async () => {
    await using under = await startMirrored(
      [(_request, response) => response.writeHead(200, { 'content-type': manifestType }).end('{}')],
      fail(503),
    );
    await assert.rejects(under.pull().resolve(digestOf(manifest)), (error: OutboardError) => {
      assert.equal(error.kind, 'unavailable');
      assert.match(
        error.message,
        /503 Service Unavailable; .*; mirrors were tried before: "127.*": manifest of .* has digest/,
      );
      return true;
    });
  });
});
