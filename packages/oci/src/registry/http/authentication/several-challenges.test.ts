/**
 * Registries that offer several ways to log in, or none that is known, and the words for their refusals.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientUnderTest } from '../../../testing/hostile-registry.ts';
import {
  credentials,
  grantToken,
  sendManifest,
  startTokenRegistry,
} from '../../../testing/token-registry.ts';

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
      await using registry = await startTokenRegistry(
        (request, response) => {
          if (request.url?.startsWith('/token/none')) response.writeHead(403).end();
          else grantToken(response);
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
      await using registry = await startTokenRegistry(sendManifest, { challenges: () => challenges });
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
      await using registry = await startTokenRegistry(
        (_, response) => grantToken(response, { token: 'bad' }),
        {
          challenges: (host) => [`${bearer(host)},error="${error}"`],
        },
      );
      await using under = createClientUnderTest();
      await assert.rejects(under.open(registry, { credentials }).resolve('v1'), words);
    });
  }
});
