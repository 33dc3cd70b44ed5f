import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  createClientUnderTest,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { expired, selfSigned, wrongName } from '../../../testing/tls-certificates.ts';
import { createConnections } from '../connections/connections.ts';

const content = Buffer.from('the content of a blob');
const blob = blobOf(content);
const access = {
  credentials: { username: 'gordon', password: 'hunter2' },
  headers: { 'x-meta-team': 'storage' },
};

async function startContentServer(certificate?: string): Promise<HostileRegistry> {
  return await startHostileRegistry((_, response) => void response.end(content), certificate);
}

/** A registry with Basic authentication that answers every request with a redirect. */
async function startRedirecting(
  location: (url: string) => string,
  certificate?: string,
): Promise<HostileRegistry> {
  return await startHostileRegistry((request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    } else {
      response.writeHead(307, { location: location(request.url ?? '') }).end();
    }
  }, certificate);
}

describe('redirects', () => {
  it('R09 are followed to another host without credentials and custom headers', async () => {
    await using cdn = await startContentServer();
    await using registry = await startRedirecting(() => `http://${cdn.host}/signed?sig=1`);
    await using under = createClientUnderTest();
    assert.deepEqual(await under.open(registry, access).readBlob(blob, { maxBytes: 100 }), content);
    const seen = cdn.requests[0];
    assert.equal(seen?.url, '/signed?sig=1');
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers['x-meta-team'], undefined);
    assert.equal(registry.requests.at(-1)?.headers['x-meta-team'], 'storage');
  });
  it("R09 keep the credentials within the registry's host", async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else if (request.url === '/moved') response.end(content);
      else response.writeHead(302, { location: '/moved' }).end();
    });
    await using under = createClientUnderTest();
    assert.deepEqual(await under.open(registry, access).readBlob(blob, { maxBytes: 100 }), content);
  });
  it('R09 send no credentials after another host redirects back to the registry', async () => {
    let back = '';
    await using middle = await startHostileRegistry(
      (_, response) => void response.writeHead(302, { location: back }).end(),
    );
    await using registry = await startHostileRegistry((request, response) => {
      if (request.url === '/trap') response.end(content);
      else if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else response.writeHead(302, { location: `http://${middle.host}/` }).end();
    });
    back = `http://${registry.host}/trap`;
    await using under = createClientUnderTest();
    await under.open(registry, access).readBlob(blob, { maxBytes: 100 });
    const trapped = registry.requests.find(({ url }) => url === '/trap');
    assert.equal(trapped?.headers.authorization, undefined);
    assert.equal(trapped?.headers['x-meta-team'], undefined);
  });
  it('R09 send no credentials to a foreign host that demands them', async () => {
    await using cdn = await startHostileRegistry((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give me"' }).end();
    });
    await using registry = await startRedirecting(() => `http://${cdn.host}/`);
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, access).openBlob(blob), { kind: 'unauthorized' });
    assert.deepEqual(
      cdn.requests.map(({ headers }) => headers.authorization),
      [undefined],
    );
  });
  it('R09 never lead from HTTPS down to HTTP', async () => {
    await using cdn = await startContentServer();
    await using registry = await startRedirecting(() => `http://${cdn.host}/`, selfSigned);
    await using under = createClientUnderTest({ ca: selfSigned });
    await assert.rejects(under.open(registry, access).openBlob(blob), { kind: 'forbidden' });
    assert.equal(cdn.requests.length, 0);
  });
  it('R10 end after five', async () => {
    let count = 0;
    await using registry = await startRedirecting(() => `/hop/${count++}`);
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, access).openBlob(blob), /more than 5 redirects/);
    assert.equal(count, 6);
  });
  for (const location of [
    'file:///etc/passwd',
    'data:,x',
    'http://169.254.169.254/latest',
    'http://[fe80::1]/',
    'unix:/x',
  ]) {
    it(`R10 do not lead to ${location}`, async () => {
      await using registry = await startRedirecting(() => location);
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry, access).openBlob(blob), { kind: 'forbidden' });
    });
  }
});

describe('TLS', () => {
  async function resolveOver(certificate: string, options: { ca?: string; insecure?: boolean }) {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, { 'content-type': manifestType }).end('{}');
    }, certificate);
    await using under = createClientUnderTest({
      insecureRegistries: options.insecure ? [registry.host] : [],
      ca: options.ca,
    });
    const result = await under
      .open(registry, access)
      .resolve('v1')
      .catch((error: unknown) => error);
    return { result, requests: registry.requests };
  }

  const doubtful = [
    ['a self-signed certificate', selfSigned, {}, /self-signed certificate: .* put .* in \/a\/ca\.crt$/],
    ['a certificate of another name', wrongName, { ca: wrongName }, /refused: .*does not match certificate/],
    ['an expired certificate', expired, { ca: expired }, /the server's certificate has expired$/],
  ] as const;
  for (const [name, certificate, options, message] of doubtful) {
    it(`R34 refuses ${name} of a registry that is not on loopback`, async () => {
      await using registry = await startContentServer(certificate);
      await using connections = createConnections({
        userAgent: 'test',
        clock: createFakeClock({ skipsSleep: true }),
        ...options,
      });
      // The route of a remote registry, to a server on loopback.
      const route = { verifyTls: true, reach: 'anywhere', certificateDirectory: '/a' } as const;
      const url = new URL(`https://${registry.host}/x`);
      await assert.rejects(connections.exchange({ method: 'GET', url, headers: {}, route }), (error) => {
        assert.ok(isOutboardError(error, 'unavailable'), String(error));
        assert.match(error.message, /^failed to do request: GET "https:/);
        assert.match(error.message, message);
        return true;
      });
      assert.equal(registry.requests.length, 0);
    });
    for (const insecure of [true, false]) {
      it(`accepts ${name} on loopback, ${insecure ? 'listed by the operator' : 'not listed'}`, async () => {
        const { result } = await resolveOver(certificate, { insecure });
        assert.ok(!(result instanceof Error), String(result));
      });
    }
  }
  it('accepts a certificate of the given authority', async () => {
    const { result } = await resolveOver(selfSigned, { ca: selfSigned });
    assert.ok(!(result instanceof Error), String(result));
  });
});

describe('plain HTTP', () => {
  it('R34 is probed only after HTTPS failed, without credentials', async () => {
    await using registry = await startContentServer();
    await using under = createClientUnderTest();
    await under.open(registry, { ...access }).readBlob(blob, { maxBytes: 100 });
    assert.deepEqual(
      registry.requests.map(({ url }) => url),
      [`/v2/acme/plugin/blobs/${blob.digest}`],
    );
  });
  it('explains for both schemes why a registry cannot be reached', async () => {
    const registry = await startContentServer();
    await registry[Symbol.asyncDispose]();
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), (error) => {
      assert.ok(isOutboardError(error, 'unavailable'));
      assert.match(
        error.message,
        /cannot be reached: .*connection refused: nothing listens at 127.*; HTTPS was tried before: .*connection refused/,
      );
      return true;
    });
    assert.equal(under.clock.slept.length, 4);
  });
});

describe('a repository', () => {
  for (const path of ['', '../x', 'A', 'a//b', 'a/../b', 'a?b', 'a#b', 'a b']) {
    it(`R02 of path ${JSON.stringify(path)} is refused`, async () => {
      await using under = createClientUnderTest();
      assert.throws(() => under.client.repository({ domain: 'localhost:1', path }, 'pull'), {
        kind: 'invalid',
      });
    });
  }
  it('of a malformed domain is refused', async () => {
    await using under = createClientUnderTest();
    assert.throws(() => under.client.repository({ domain: 'a@b', path: 'x' }, 'pull'), { kind: 'invalid' });
  });
});
