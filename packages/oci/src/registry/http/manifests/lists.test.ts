import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { encodeIndex } from '../../../manifests/image-index.ts';
import { mediaTypes } from '../../../manifests/media-types.ts';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import type { Repository } from '../../registry-client.ts';

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

async function tagsOf(repository: Repository): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of repository.listTags()) tags.push(tag);
  return tags;
}

describe('listTags()', () => {
  for (const [name, document] of [
    ['a tag that is none', { tags: ['v1', '../../etc'] }],
    ['tags that are no list', { tags: 'v1' }],
    ['something else', []],
  ] as const) {
    it(`refuses a page with ${name}`, async () => {
      await using registry = await startHostileRegistry((_, response) => sendJson(response, document));
      await using client = createClientUnderTest();
      await assert.rejects(tagsOf(client.open(registry)), { kind: 'invalid' });
    });
  }

  it('reads a repository without tags, which registries list as null', async () => {
    await using registry = await startHostileRegistry((_, response) => sendJson(response, { tags: null }));
    await using client = createClientUnderTest();
    assert.deepEqual(await tagsOf(client.open(registry)), []);
  });

  it('R17 sends nothing to the host of a link', async () => {
    await using other = await startHostileRegistry((_, response) => sendJson(response, { tags: ['stolen'] }));
    await using registry = await startHostileRegistry((_, response) =>
      sendJson(
        response,
        { tags: ['v1'] },
        { link: `<http://${other.host}/v2/acme/plugin/tags/list>; rel="next"` },
      ),
    );
    await using client = createClientUnderTest();
    await assert.rejects(tagsOf(client.open(registry)), { kind: 'forbidden' });
    assert.equal(other.requests.length, 0);
  });

  it('R17 ends a list whose page names itself as the next one', async () => {
    await using registry = await startHostileRegistry(({ url = '' }, response) =>
      sendJson(response, { tags: ['v1'] }, { link: `<${url}>; rel="next"` }),
    );
    await using client = createClientUnderTest();
    await assert.rejects(tagsOf(client.open(registry)), { kind: 'unavailable', message: /does not end/ });
    assert.equal(registry.requests.length, 1);
  });

  it('R19 stops at a page of more than 4 MiB', async () => {
    const tags = Array.from({ length: 50_000 }, () => 'v'.repeat(128));
    await using registry = await startHostileRegistry((_, response) => sendJson(response, { tags }));
    await using client = createClientUnderTest();
    await assert.rejects(tagsOf(client.open(registry)), { kind: 'invalid', message: /too large/ });
  });
});

describe('referrers()', () => {
  const digest = digestOf(Buffer.from('image'));

  it('filters by type where the registry does not', async () => {
    const [signature, sbom] = ['signature', 'sbom'].map((type) => ({
      ...blobOf(Buffer.from(type)),
      mediaType: mediaTypes.ociManifest,
      artifactType: `application/vnd.example.${type}`,
    }));
    assert.ok(signature && sbom);
    await using registry = await startHostileRegistry((_, response) =>
      response.writeHead(200, { 'content-type': mediaTypes.ociIndex }).end(encodeIndex([signature, sbom])),
    );
    await using client = createClientUnderTest();
    const { artifactType } = sbom;
    assert.deepEqual(await client.open(registry).referrers(digest, { artifactType }), [sbom]);
    assert.match(registry.requests[0]?.url ?? '', /\?artifactType=application%2Fvnd\.example\.sbom$/);
  });

  it('refuses an answer that is not an index', async () => {
    await using registry = await startHostileRegistry((_, response) => sendJson(response, { manifests: 1 }));
    await using client = createClientUnderTest();
    await assert.rejects(client.open(registry).referrers(digest), { kind: 'invalid' });
  });
});

describe('deleteManifest()', () => {
  it('says what a registry without deletion does not do', async () => {
    await using registry = await startHostileRegistry((_, response) => response.writeHead(405).end());
    await using client = createClientUnderTest();
    const message =
      /^the registry does not delete .*\/acme\/plugin:v1: it may not delete at all, or by digest only$/;
    await assert.rejects(client.open(registry).deleteManifest('v1'), { kind: 'not-implemented', message });
    assert.equal(registry.requests[0]?.method, 'DELETE');
  });

  it('takes 404 for success where the first try broke off after it was sent', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (registry.requests.length === 1) request.socket.destroy();
      else response.writeHead(404).end();
    });
    await using client = createClientUnderTest();
    await client.open(registry).deleteManifest('v1');
    assert.equal(registry.requests.length, 2);
  });
});

describe('pushBlob() with a repository to mount from', () => {
  const layer = Buffer.from('layer');

  for (const status of [202, 401, 403, 404, 405]) {
    it(`uploads when the mount is answered with ${status}`, async () => {
      let mounts = 0;
      await using registry = await startHostileRegistry(({ method = '', url = '' }, response) => {
        const location = '/v2/acme/plugin/blobs/uploads/1';
        if (method === 'HEAD') response.writeHead(404).end();
        else if (url.includes('mount=')) {
          mounts++;
          response.writeHead(status, { location }).end();
        } else response.writeHead(method === 'POST' ? 202 : 201, { location }).end();
      });
      await using client = createClientUnderTest();
      const repository = client.open(registry, { mountFrom: 'acme/base' });
      const pushed = repository.pushBlob(blobOf(layer), async () => Readable.from([layer]));
      assert.equal(await pushed, 'uploaded');
      assert.equal(mounts, 1);
    });
  }

  it('refuses a path to mount from that is none', async () => {
    await using client = createClientUnderTest();
    for (const mountFrom of ['', '../other', 'a?b'])
      assert.throws(() => client.open({ host: '127.0.0.1:1' }, { mountFrom }), { kind: 'invalid' });
  });
});
