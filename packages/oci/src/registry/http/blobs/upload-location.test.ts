/**
 * Locations of uploads: other hosts get no credentials, and forbidden ones nothing.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { receive, startUploadRegistry } from '../../../testing/upload-registry.ts';

const small = Buffer.from('small');

describe('pushBlob()', () => {
  it('R16 sends the upload to another host without credentials and custom headers', async () => {
    await using storage = await startHostileRegistry(async (request, response) => {
      await receive(request);
      response.writeHead(201).end();
    });
    await using registry = await startHostileRegistry((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `http://${storage.host}/bucket` }).end();
    });
    await using under = createClientUnderTest();
    const access = { credentials: { username: 'gordon', password: 'hunter2' }, headers: { 'x-meta-a': 'b' } };
    await under.open(registry, access).pushBlob(blobOf(small), async () => Readable.from([small]));
    const seen = storage.requests[0];
    assert.equal(seen?.method, 'PUT');
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers['x-meta-a'], undefined);
  });

  for (const [location, kind] of [
    ['http://169.254.169.254/x', 'forbidden'],
    ['file:///x', 'forbidden'],
    ['http://user:pw@127.0.0.1/x', 'forbidden'],
    ['', 'invalid'],
  ] as const) {
    it(`R16 refuses the upload location ${JSON.stringify(location)}`, async () => {
      await using registry = await startUploadRegistry(
        () => location,
        () => assert.fail('sent'),
      );
      await using under = createClientUnderTest();
      const push = under.open(registry).pushBlob(blobOf(small), async () => Readable.from([small]));
      await assert.rejects(push, { kind });
    });
  }
});
