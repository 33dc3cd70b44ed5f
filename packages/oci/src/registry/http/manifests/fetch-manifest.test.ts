import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  createClientUnderTest,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';

const bytes = Buffer.from(`{"schemaVersion":2,"mediaType":"${manifestType}"}`);
const digest = digestOf(bytes);

function sendManifest(response: ServerResponse, headers: Record<string, string> = {}, body = bytes): void {
  response.writeHead(200, { 'content-type': manifestType, ...headers });
  response.end(body);
}

describe('resolve()', () => {
  it('R05 returns the bytes of the digest, and their media type without parameters', async () => {
    await using registry = await startHostileRegistry((_, response) =>
      sendManifest(response, {
        'content-type': `${manifestType}; charset=utf-8`,
        'docker-content-digest': digest,
      }),
    );
    await using under = createClientUnderTest();
    const resolved = await under.open(registry).resolve('v1');
    assert.deepEqual(resolved.descriptor, { mediaType: manifestType, digest, size: bytes.length });
    assert.deepEqual(resolved.bytes, bytes);
    assert.equal(registry.requests[0]?.url, '/v2/acme/plugin/manifests/v1');
    assert.match(registry.requests[0]?.headers.accept ?? '', /oci\.image\.index\.v1\+json/);
    assert.equal(registry.requests[0]?.headers['accept-encoding'], 'identity');
    assert.equal(registry.requests[0]?.headers['user-agent'], 'outboard-test');
  });

  it('reads the media type from the document when the Content-Type is generic', async () => {
    await using registry = await startHostileRegistry((_, response) =>
      sendManifest(response, { 'content-type': 'application/json' }),
    );
    await using under = createClientUnderTest();
    assert.equal((await under.open(registry).resolve(digest)).descriptor.mediaType, manifestType);
  });

  const refused = [
    [
      'R01 other bytes than the digest asked for',
      digestOf(Buffer.from('other')),
      {},
      bytes,
      /has digest .* want/,
    ],
    [
      'R01 another Docker-Content-Digest',
      'v1',
      { 'docker-content-digest': digestOf(Buffer.from('x')) },
      bytes,
      /want/,
    ],
    [
      'R02 a malformed Docker-Content-Digest',
      'v1',
      { 'docker-content-digest': 'sha256:../../x' },
      bytes,
      /invalid digest/,
    ],
    [
      'R07 a schema 1 manifest',
      'v1',
      { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      bytes,
      /media type/,
    ],
    ['R19 a manifest over 4 MiB', 'v1', {}, Buffer.alloc(4 * 1024 * 1024 + 1, 32), /too large/],
    [
      'R24 an encoded answer',
      'v1',
      { 'content-encoding': 'gzip, gzip' },
      bytes,
      /Content-Encoding "gzip, gzip"/,
    ],
    [
      'R32 a document of no known type',
      'v1',
      { 'content-type': 'text/plain' },
      Buffer.from('{}'),
      /media type ""/,
    ],
  ] as const;
  for (const [name, asked, headers, body, message] of refused) {
    it(`refuses ${name}`, async () => {
      await using registry = await startHostileRegistry((_, response) =>
        sendManifest(response, headers, body),
      );
      await using under = createClientUnderTest();
      await assert.rejects(
        under.open(registry).resolve(asked),
        (error) => isOutboardError(error, 'invalid') && message.test(error.message),
      );
      assert.equal(registry.requests.length, 1);
    });
  }

  it('R19 stops reading an endless manifest at the limit', async () => {
    let sent = 0;
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, { 'content-type': manifestType });
      const more = () => {
        while (!response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 32))) break;
        }
      };
      response.on('drain', more);
      more();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), { kind: 'invalid' });
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
  });

  for (const name of [
    '',
    '../x',
    'a/b',
    'a?b',
    'a b',
    '.hidden',
    'x'.repeat(129),
    'sha256:ABC',
    'md5:abc',
    'sha256:../../x',
  ]) {
    it(`R02 sends nothing for the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      await using registry = await startHostileRegistry((_, response) => sendManifest(response));
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry).resolve(name), { kind: 'invalid' });
      assert.equal(registry.requests.length, 0);
    });
  }

  it('R33 shows an error text escaped, truncated, and on one line', async () => {
    const message = `\u001b[31m${'A\r\n'.repeat(10_000)}`;
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ code: 'EVIL', message }] }));
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), (error) => {
      assert.ok(isOutboardError(error, 'invalid'));
      assert.match(error.message, /^[\x20-\x7e…]{1,1300}$/);
      return true;
    });
  });

  it('R15 retries after 429 and 503, after the wait that the registry demands', async () => {
    let asked = 0;
    await using registry = await startHostileRegistry((_, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(429, { 'retry-after': '7' }).end();
      else if (asked === 2) response.writeHead(503).end();
      else sendManifest(response);
    });
    await using under = createClientUnderTest();
    await under.open(registry).resolve('v1');
    assert.deepEqual(under.clock.slept, [7000, 375]);
  });

  it('R15 fails after five attempts', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(500).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'unavailable',
      message: `unexpected status from GET request to http://${registry.host}/v2/acme/plugin/manifests/v1: 500 Internal Server Error`,
    });
    assert.equal(registry.requests.length, 5);
  });

  it('R15 does not wait when the registry demands years', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(429, { 'retry-after': '1000000000' }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), { kind: 'unavailable' });
    assert.deepEqual(under.clock.slept, []);
  });

  for (const [status, kind] of [
    [403, 'forbidden'],
    [407, 'unavailable'],
    [401, 'unauthorized'],
  ] as const) {
    it(`R15 does not retry after ${status}`, async () => {
      await using registry = await startHostileRegistry((_, response) => {
        response.writeHead(status).end();
      });
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry).resolve('v1'), { kind });
      assert.equal(registry.requests.length, 1);
    });
  }

  it('sends extra headers to the registry, except those that frame the message', async () => {
    await using registry = await startHostileRegistry((_, response) => sendManifest(response));
    await using under = createClientUnderTest();
    await under.open(registry, { headers: { 'X-Meta-Team': 'storage' } }).resolve('v1');
    assert.equal(registry.requests[0]?.headers['x-meta-team'], 'storage');
    for (const headers of [
      { Host: 'x' },
      { 'transfer-encoding': 'chunked' },
      { 'x-a': 'b\r\nx: y' },
      { 'x a': 'b' },
    ]) {
      assert.throws(() => under.open(registry, { headers }), { kind: 'invalid' });
    }
  });
});
