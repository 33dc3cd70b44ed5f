/**
 * Registries and token servers that refuse scopes, tokens or passwords, and what the client tries in their place.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createClientUnderTest,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import {
  askedScopes,
  basic,
  credentials,
  grantToken,
  sendManifest,
  startTokenRegistry,
} from '../../../testing/token-registry.ts';

const asImage = 'repository:acme/plugin:pull,push';
const asPlugin = 'repository(plugin):acme/plugin:pull,push';

interface TokenServer {
  /** The token for a set of scopes; undefined where they are refused. */
  readonly grant: (scopes: readonly string[]) => string | undefined;
  readonly refusal?: number | undefined;
  /** Other challenges than Bearer. */
  readonly others?: readonly string[] | undefined;
}

/** A registry that takes the token `good` and, where it offers that, the password of gordon. */
async function startRegistry({ grant, refusal = 400, others = [] }: TokenServer): Promise<HostileRegistry> {
  return await startTokenRegistry(
    (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const token = grant(searchParams.getAll('scope'));
      if (token === undefined) response.writeHead(refusal).end();
      else grantToken(response, { token });
    },
    {
      challenges: (host) => [`Bearer realm="http://${host}/token",service="s"`, ...others],
      takes: (proof) => proof === 'Bearer good' || (others.length > 0 && proof === basic),
    },
  );
}

describe('authentication', () => {
  it('uses the password when the token server refuses and the registry offers Basic too', async () => {
    await using registry = await startRegistry({ grant: () => undefined, others: ['Basic realm="x"'] });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('uses the password when the registry refuses its own tokens', async () => {
    await using registry = await startRegistry({ grant: () => 'bad', others: ['Basic realm="x"'] });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('uses the password when a refused token is followed by a Basic challenge only', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      const proof = request.headers.authorization;
      if (request.url?.startsWith('/token')) response.end('{"token":"bad"}');
      else if (proof === basic) sendManifest(request, response);
      else {
        const bearer = `Bearer realm="http://${request.headers.host}/token"`;
        response
          .writeHead(401, { 'www-authenticate': proof === undefined ? bearer : 'Basic realm="x"' })
          .end();
      }
    });
    await using under = createClientUnderTest();
    await under.open(registry, { credentials }).resolve('v1');
    assert.equal(registry.requests.at(-1)?.headers.authorization, basic);
  });

  it('fails with the error of the token server without a password', async () => {
    await using registry = await startRegistry({
      grant: () => undefined,
      refusal: 403,
      others: ['Basic realm="x"'],
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'forbidden',
      message: `the token server ${registry.host} answered 403 Forbidden to GET http://${registry.host}/token; the token server of registry "${registry.host}" was asked for repository "acme/plugin" without credentials; to log in, type: outboard login ${registry.host} (or docker login ${registry.host})`,
    });
  });

  for (const [name, takes, asked] of [
    ['two scopes', (scopes: readonly string[]) => scopes.length === 1, [[asImage, asPlugin], [asImage]]],
    [
      'the plugin class',
      (scopes: readonly string[]) => !scopes.includes(asPlugin),
      [[asImage, asPlugin], [asImage]],
    ],
    [
      'all but the plugin class',
      (scopes: readonly string[]) => scopes.length === 1 && scopes[0] === asPlugin,
      [[asImage, asPlugin], [asImage], [asPlugin]],
    ],
  ] as const) {
    for (const refusal of [400, 403, 422]) {
      it(`requests fewer scopes after a token server refused ${name} with ${refusal}`, async () => {
        await using registry = await startRegistry({
          grant: (scopes) => (takes(scopes) ? 'good' : undefined),
          refusal,
        });
        await using under = createClientUnderTest();
        const repository = under.open(registry, { credentials });
        await repository.resolve('v1');
        assert.deepEqual(askedScopes(registry), asked);
        await repository.resolve('v2');
        assert.deepEqual(askedScopes(registry), asked, 'the token is kept');
      });
    }
    it(`requests fewer scopes after a token without rights for ${name}`, async () => {
      await using registry = await startRegistry({ grant: (scopes) => (takes(scopes) ? 'good' : 'weak') });
      await using under = createClientUnderTest();
      await under.open(registry, { credentials }).resolve('v1');
      assert.deepEqual(askedScopes(registry), asked);
    });
  }

  it('sends a wrong password to the token server once', async () => {
    await using registry = await startRegistry({ grant: () => undefined, refusal: 401 });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry, { credentials }).resolve('v1'), {
      kind: 'unauthorized',
      message: new RegExp(
        `refused the credentials of user "gordon" for repository "acme/plugin"; to log in, type: outboard login ${registry.host} `,
      ),
    });
    assert.equal(askedScopes(registry).length, 1);
  });
});
