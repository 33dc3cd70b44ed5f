/**
 * Token servers as they are: those that know one form of request, that fail, that expire tokens, and registries that offer
 * several ways to log in. The answers are those of Docker Hub, GHCR, GitLab, Quay, Harbor, Artifactory, ECR and ACR.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  blobOf,
  createClientUnderTest,
  type Handler,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';

const credentials = { username: 'gordon', password: 'hunter2' };
const basic = `Basic ${Buffer.from('gordon:hunter2').toString('base64')}`;

/** A registry that takes the tokens in a set, and the password where it offers Basic. */
async function startRegistry(
  token: Handler,
  options: {
    readonly challenges?: (host: string) => readonly string[];
    readonly takes?: (authorization: string) => boolean;
    readonly serve?: Handler;
  } = {},
): Promise<HostileRegistry> {
  const takes = options.takes ?? ((proof) => proof === 'Bearer good');
  return await startHostileRegistry((request, response) => {
    const { host = '', authorization = '' } = request.headers;
    if (request.url?.startsWith('/token')) token(request, response);
    else if (takes(authorization)) (options.serve ?? sendManifest)(request, response);
    else {
      const challenges = options.challenges?.(host) ?? [`Bearer realm="http://${host}/token",service="s"`];
      response.writeHead(401, { 'www-authenticate': [...challenges] }).end();
      request.resume();
    }
  });
}

const sendManifest: Handler = (_, response) => {
  response.writeHead(200, { 'content-type': manifestType }).end('{}');
};

function grant(response: ServerResponse, fields: Record<string, unknown> = {}): void {
  response.end(JSON.stringify({ token: 'good', ...fields }));
}

function tokenMethods(registry: HostileRegistry): readonly string[] {
  return registry.requests.filter(({ url }) => url.startsWith('/token')).map(({ method }) => method);
}

describe('a token server that knows one form of request', () => {
  for (const refusal of [404, 405, 501]) {
    it(`gets a password by POST after it answered GET with ${refusal}`, async () => {
      let form = '';
      await using registry = await startRegistry((request, response) => {
        if (request.method === 'GET') response.writeHead(refusal).end();
        else {
          text(request).then((body) => {
            form = body;
            response.end('{"access_token":"good"}');
          }, assert.fail);
        }
      });
      await using under = createClientUnderTest();
      await under.open(registry, { credentials }).resolve('v1');
      const fields = Object.fromEntries(new URLSearchParams(form));
      assert.equal(fields.grant_type, 'password');
      assert.equal(fields.username, 'gordon');
      assert.equal(fields.password, 'hunter2');
    });
    it(`gets an identity token by GET after it answered POST with ${refusal}`, async () => {
      await using registry = await startRegistry((request, response) => {
        if (request.method === 'POST') response.writeHead(refusal).end();
        else grant(response);
      });
      await using under = createClientUnderTest();
      await under.open(registry, { credentials: { identityToken: 'refresh' } }).resolve('v1');
      assert.deepEqual(tokenMethods(registry), ['POST', 'GET']);
      const sent = registry.requests.find(({ method, url }) => method === 'GET' && url.startsWith('/token'));
      assert.equal(
        Buffer.from(sent?.headers.authorization?.slice(6) ?? '', 'base64').toString(),
        '<token>:refresh',
      );
    });
  }
  it('gets an identity token by GET after it named the grant unsupported', async () => {
    await using registry = await startRegistry((request, response) => {
      if (request.method === 'GET') grant(response);
      else response.writeHead(400).end('{"error":"unsupported_grant_type"}');
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials: { identityToken: 'refresh' } }).resolve('v1');
  });
  it('is not asked twice after a wrong password', async () => {
    await using registry = await startRegistry((_, response) => void response.writeHead(401).end());
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), { kind: 'unauthorized' });
    assert.deepEqual(tokenMethods(registry), ['GET']);
  });
});

describe('a token server that fails', () => {
  const failures = [
    [
      'a missing page',
      404,
      '404 page not found\n',
      'unavailable',
      /answered 404 Not Found to GET .*: 404 page not found; it is the/,
    ],
    [
      'an HTML page',
      404,
      '<html>',
      'unavailable',
      /answered 404 Not Found to GET \S+\/token; it is the token server that registry/,
    ],
    [
      'a refusal',
      403,
      '{"errors":[{"code":"DENIED","message":"no"}]}',
      'forbidden',
      /answered 403 Forbidden .*: DENIED: no; .* does not allow/,
    ],
    [
      'a wrong identity',
      400,
      '{"error":"invalid_grant","error_description":"bad"}',
      'invalid',
      /400 Bad Request .*: invalid_grant: bad/,
    ],
    ['a fault', 500, '', 'unavailable', /answered 500 Internal Server Error to GET/],
    [
      'a log-in page',
      200,
      '<!doctype html>',
      'invalid',
      /answer of token server .* cannot be used: it is an HTML page/,
    ],
  ] as const;
  for (const [name, status, body, kind, message] of failures) {
    it(`R14 with ${name} is named, and never taken for the registry`, async () => {
      await using registry = await startRegistry((_, response) => void response.writeHead(status).end(body));
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry, { credentials }).resolve('v1'), (error) => {
        assert.ok(isOutboardError(error, kind), String(error));
        assert.match(error.message, message);
        assert.match(
          error.message,
          status === 200 ? /token server/ : new RegExp(`^the token server ${registry.host} answered`),
        );
        return true;
      });
    });
  }
  it('is passed over where the registry takes the password itself', async () => {
    await using registry = await startRegistry((_, response) => void response.writeHead(503).end(), {
      challenges: (host) => [`Bearer realm="http://${host}/token"`, 'Basic realm="r"'],
      takes: (proof) => proof === basic,
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.deepEqual(under.clock.slept, []);
  });
});

describe('several challenges', () => {
  const bearer = (host: string) => `Bearer realm="http://${host}/token",service="s"`;
  const cases: readonly [string, (host: string) => readonly string[]][] = [
    ['Basic before Bearer, in one header', (host) => [`Basic realm="r", ${bearer(host)}`]],
    ['Basic before Bearer, in two headers', (host) => ['Basic realm="r"', bearer(host)]],
    ['a header that cannot be read', (host) => ['Negotiate =', bearer(host)]],
    ['schemes that are not known', (host) => ['Negotiate', 'NTLM', bearer(host)]],
    [
      'a realm that refuses, and one that does not',
      (host) => [bearer(host).replace('/token', '/token/none'), bearer(host)],
    ],
    ['a realm that no registry may name', (host) => ['Bearer realm="http://10.0.0.1/token"', bearer(host)]],
  ];
  for (const [name, challenges] of cases) {
    it(`with ${name}, get a token, and the registry no password`, async () => {
      await using registry = await startRegistry(
        (request, response) => {
          if (request.url?.startsWith('/token/none')) response.writeHead(403).end();
          else grant(response);
        },
        { challenges },
      );
      await using under = createClientUnderTest();
      await under.open(registry, { credentials }).resolve('v1');
      const own = registry.requests.filter(({ url }) => url.startsWith('/v2/'));
      assert.deepEqual(
        own.map(({ headers }) => headers.authorization),
        [undefined, 'Bearer good'],
      );
    });
  }
  for (const [name, challenges, words] of [
    ['none', [], /does not say how to log in \(it sent no challenge\)$/],
    [
      'unknown ones only',
      ['Negotiate', 'Digest qop="auth"'],
      /offers only negotiate, digest, want Bearer or Basic$/,
    ],
  ] as const) {
    it(`explain a refusal with ${name}`, async () => {
      await using registry = await startRegistry(sendManifest, { challenges: () => challenges });
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry, { credentials }).resolve('v1'), words);
    });
  }
  for (const [error, words] of [
    ['insufficient_scope', /does not allow this to user "gordon" for repository "acme\/plugin"; to log in/],
    [
      'invalid_token',
      /refused a token that its token server had just issued to user "gordon" .* clocks or keys may differ$/,
    ],
  ] as const) {
    it(`explain a refusal with the error ${error}`, async () => {
      await using registry = await startRegistry((_, response) => grant(response, { token: 'bad' }), {
        challenges: (host) => [`${bearer(host)},error="${error}"`],
      });
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry, { credentials }).resolve('v1'), words);
    });
  }
});

/** Stores an upload in chunks, and refuses one that comes whole. */
function receiveChunks(size: number): Handler {
  const location = '/v2/acme/plugin/blobs/uploads/1';
  let stored = 0;
  const answer = (method: string | undefined, bytes: number): readonly [number, Record<string, string>] => {
    if (method === 'HEAD') return [404, {}];
    if (method === 'GET') return [204, { location, range: `0-${stored - 1}` }];
    if (method === 'POST') stored = 0;
    if (method === 'PATCH') stored += bytes;
    if (method !== 'PUT') return [202, { location }];
    if (bytes > 0) return [413, {}];
    return [stored === size ? 201 : 400, {}];
  };
  return (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(...answer(request.method, bytes)).end());
  };
}

describe('a token that expires', () => {
  /** Tokens are numbered; the registry takes each for a number of requests: the last one given counts for all others. */
  async function startExpiring(
    uses: readonly number[],
    serve: Handler,
    fields: Record<string, unknown> = {},
  ) {
    let issued = 0;
    let left = 0;
    const registry = await startRegistry(
      (_, response) => {
        left = uses[issued] ?? uses.at(-1) ?? 0;
        issued += 1;
        grant(response, { token: `t${issued}`, ...fields });
      },
      { takes: (proof) => proof === `Bearer t${issued}` && left-- > 0, serve },
    );
    return Object.assign(registry, { issued: () => issued });
  }

  it('R15 is replaced in the middle of an index of many manifests', async () => {
    await using registry = await startExpiring([2], sendManifest);
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    for (let count = 0; count < 10; count++) await repository.resolve(`v${count}`);
    assert.equal(registry.issued(), 5);
  });
  it('R22 is replaced when a blob is resumed', async () => {
    const content = Buffer.alloc(3000, 'x');
    await using registry = await startExpiring([1], (request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const part = content.subarray(from);
      response.writeHead(from === 0 ? 200 : 206, {
        'content-length': part.length,
        ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
      });
      response.write(part.subarray(0, 1000), () =>
        part.length > 1000 ? response.destroy() : response.end(),
      );
    });
    await using under = createClientUnderTest();
    const stream = await under.open(registry, { credentials }).openBlob(blobOf(content));
    assert.deepEqual(Buffer.concat(await stream.toArray()), content);
    assert.equal(registry.issued(), 3);
  });
  // Content that goes in two chunks; the requests are HEAD, POST, PUT (too large), POST, PATCH, PATCH, PUT.
  const large = Buffer.alloc(17 * 1024 * 1024, 'x');
  for (const [step, uses] of [
    ['whole upload', 2],
    ['first chunk', 4],
    ['second chunk', 5],
    ['end', 6],
  ] as const) {
    it(`R36 is replaced in the middle of an upload, at its ${step}`, async () => {
      const upload = receiveChunks(large.length);
      await using registry = await startExpiring([uses, 100], upload);
      await using under = createClientUnderTest();
      const repository = under.open(registry, { credentials });
      assert.equal(await repository.pushBlob(blobOf(large), async () => Readable.from([large])), 'uploaded');
      assert.equal(registry.issued(), 2);
    });
  }
  it('is replaced before it expires', async () => {
    await using registry = await startExpiring([9], sendManifest, { expires_in: 300 });
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    await repository.resolve('v1');
    await repository.resolve('v2');
    under.clock.advance(296_000);
    await repository.resolve('v3');
    assert.deepEqual(
      registry.requests
        .filter(({ url }) => url.startsWith('/v2/'))
        .map(({ headers }) => headers.authorization),
      [undefined, 'Bearer t1', 'Bearer t1', 'Bearer t2'],
    );
  });
});

describe('a registry that demands other actions', () => {
  /** A registry as Azure's: each request needs its action in the scopes of the token, and a refusal names it. */
  async function startScopedRegistry(needs: (request: IncomingMessage) => string): Promise<HostileRegistry> {
    return await startHostileRegistry((request, response) => {
      const { host = '', authorization = '' } = request.headers;
      const url = new URL(request.url ?? '', 'http://x');
      const granted = Buffer.from(authorization.replace('Bearer ', ''), 'base64').toString();
      if (url.pathname === '/token') {
        response.end(
          JSON.stringify({
            token: Buffer.from(url.searchParams.getAll('scope').join(' ')).toString('base64'),
          }),
        );
      } else if (!granted.includes(needs(request))) {
        const scope = `repository:acme/plugin:${needs(request)}`;
        const challenge = `Bearer realm="http://${host}/token",service="s",scope="${scope}",error="insufficient_scope"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      } else if (request.method === 'DELETE') response.writeHead(202).end();
      else if (url.pathname.endsWith('/tags/list')) response.end('{"name":"acme/plugin","tags":["v1"]}');
      else sendManifest(request, response);
    });
  }

  const named = (registry: HostileRegistry) => ({ domain: registry.host, path: 'acme/plugin' });

  function askedScopes(registry: HostileRegistry): readonly string[][] {
    const urls = registry.requests.filter(({ url }) => url.startsWith('/token')).map(({ url }) => url);
    return urls.map((url) => new URL(url, 'http://x').searchParams.getAll('scope'));
  }

  it('gets a token with them, after the token for the usual ones as well', async () => {
    await using registry = await startScopedRegistry(({ url }) =>
      url?.includes('/tags/') ? 'metadata_read' : 'pull',
    );
    await using under = createClientUnderTest();
    const repository = under.client.repository(named(registry), 'pull');
    await repository.resolve('v1');
    const tags: string[] = [];
    for await (const tag of repository.listTags()) tags.push(tag);
    assert.deepEqual(tags, ['v1']);
    assert.deepEqual(askedScopes(registry), [
      ['repository:acme/plugin:pull', 'repository(plugin):acme/plugin:pull'],
      ['repository:acme/plugin:pull,metadata_read', 'repository(plugin):acme/plugin:pull'],
    ]);
    await repository.resolve('v1');
    assert.equal(askedScopes(registry).length, 2, 'the second token serves both');
  });

  it('gets one for a deletion, as old registries name it', async () => {
    await using registry = await startScopedRegistry(({ method }) => (method === 'DELETE' ? '*' : 'pull'));
    await using under = createClientUnderTest();
    await under.client.repository(named(registry), 'pull,push,delete').deleteManifest('v1');
    assert.deepEqual(askedScopes(registry).at(-1)?.[0], 'repository:acme/plugin:pull,push,delete,*');
  });

  for (const action of ['push', 'delete', '*', 'metadata_write', 'admin']) {
    it(`R11 gets no token for ${action} in place of a pull`, async () => {
      await using registry = await startScopedRegistry(() => action);
      await using under = createClientUnderTest();
      await assert.rejects(under.client.repository(named(registry)).resolve('v1'), { kind: 'unauthorized' });
      for (const scopes of askedScopes(registry)) {
        for (const scope of scopes) assert.match(scope, /^repository(?:\(plugin\))?:acme\/plugin:pull$/);
      }
    });
  }
});
