/**
 * A 404 is "not found" only where the registry itself sent it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createClientUnderTest,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { startTokenRegistry } from '../../../testing/token-registry.ts';

describe('a 404 of another server', () => {
  it('is not a "not found" of the registry if the token server sent it', async () => {
    await using registry = await startTokenRegistry((_, response) => void response.writeHead(404).end());
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'unavailable',
      message: `the token server ${registry.host} answered 404 Not Found to GET http://${registry.host}/token; it is the token server that registry "${registry.host}" names`,
    });
  });

  async function startRedirecting(to: string): Promise<HostileRegistry> {
    return await startHostileRegistry((_, response) => {
      response.writeHead(307, { location: `http://${to}/moved?signature=secret` }).end();
    });
  }

  for (const what of ['manifest', 'blob'] as const) {
    it(`is not a "not found" of the registry after a redirect of a ${what}, and its text is not shown`, async () => {
      await using cdn = await startHostileRegistry((_, response) => {
        response.writeHead(404).end('words of the other server');
      });
      await using registry = await startRedirecting(cdn.host);
      await using under = createClientUnderTest();
      const repository = under.open(registry);
      await assert.rejects(
        what === 'blob' ? repository.openBlob(blobOf(Buffer.from('c'))) : repository.resolve('v1'),
        {
          kind: 'unavailable',
          message: `unexpected status from GET request to http://${cdn.host}/moved: 404 Not Found; registry "${registry.host}" redirected to it`,
        },
      );
    });
  }

  it('of the registry itself is "not found"', async () => {
    await using registry = await startHostileRegistry((_, response) => void response.writeHead(404).end());
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'not-found',
      message: `${registry.host}/acme/plugin:v1: not found`,
    });
  });
});
