/**
 * Token servers that fail: each is named in the error, and never taken for the registry. The answers are those of Docker Hub,
 * GHCR, GitLab, Quay, Harbor, Artifactory, ECR and ACR.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { createClientUnderTest } from '../../../testing/hostile-registry.ts';
import { basic, credentials, startTokenRegistry } from '../../../testing/token-registry.ts';

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
      await using registry = await startTokenRegistry(
        (_, response) => void response.writeHead(status).end(body),
      );
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
    await using registry = await startTokenRegistry((_, response) => void response.writeHead(503).end(), {
      challenges: (host) => [`Bearer realm="http://${host}/token"`, 'Basic realm="r"'],
      takes: (proof) => proof === basic,
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.deepEqual(under.clock.slept, []);
  });
});
