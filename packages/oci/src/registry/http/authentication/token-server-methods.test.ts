/**
 * Token servers that know GET only or POST only, and those that are not asked a second time.
 */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createClientUnderTest, type HostileRegistry } from '../../../testing/hostile-registry.ts';
import { credentials, grantToken, startTokenRegistry } from '../../../testing/token-registry.ts';

function tokenMethods(registry: HostileRegistry): readonly string[] {
  return registry.requests.filter(({ url }) => url.startsWith('/token')).map(({ method }) => method);
}

describe('a token server that knows one form of request', () => {
  for (const refusal of [404, 405, 501]) {
    it(`gets a password by POST after it answered GET with ${refusal}`, async () => {
      let form = '';
      await using registry = await startTokenRegistry((request, response) => {
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
      await using registry = await startTokenRegistry((request, response) => {
        if (request.method === 'POST') response.writeHead(refusal).end();
        else grantToken(response);
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
    await using registry = await startTokenRegistry((request, response) => {
      if (request.method === 'GET') grantToken(response);
      else response.writeHead(400).end('{"error":"unsupported_grant_type"}');
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials: { identityToken: 'refresh' } }).resolve('v1');
  });
  it('is not asked twice after a wrong password', async () => {
    await using registry = await startTokenRegistry((_, response) => void response.writeHead(401).end());
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), { kind: 'unauthorized' });
    assert.deepEqual(tokenMethods(registry), ['GET']);
  });
});
