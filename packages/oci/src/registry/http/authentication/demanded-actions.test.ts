/**
 * Registries that demand other actions than the usual ones in the scopes of a token, as Azure does.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import {
  createClientUnderTest,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { askedScopes, sendManifest } from '../../../testing/token-registry.ts';

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
