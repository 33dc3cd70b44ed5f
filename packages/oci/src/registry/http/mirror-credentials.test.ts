/**
 * Credentials for a mirror and for its registry stay apart, at another location as well.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createClientUnderTest, type Handler, startHostileRegistry } from '../../testing/hostile-registry.ts';
import { layer, serve, startMirrored, urls } from '../../testing/mirrored-registry.ts';
import { blobOf } from '../../testing/pushed-image.ts';
import { createRegistriesConfiguration } from '../configuration/registries-configuration.ts';
import { parsePlace } from '../configuration/registry-location.ts';

describe('mirrors', () => {
  it('never see the credentials and headers for the registry', async () => {
    const challenge: Handler = (_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    await using under = await startMirrored([challenge], (request, response) => {
      if (request.headers.authorization === undefined) challenge(request, response);
      else serve(request, response);
    });
    const access = { credentials: { username: 'u', password: 'secret' }, headers: { 'x-meta-a': 'private' } };
    const repository = under.pull(access);
    await repository.resolve('v1');
    await buffer(await repository.openBlob(blobOf(layer)));
    const seen = JSON.stringify(under.mirrors[0]?.requests);
    assert.doesNotMatch(seen, /authorization|x-meta/i);
    assert.match(JSON.stringify(under.registry.requests), /authorization.*x-meta-a/i);
  });

  it('get the credentials that a file has for them, read again for each pull, and the registry does not', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'outboard-mirrors-'));
    const authFile = join(directory, 'auth.json');
    let wanted = 'u:one';
    const protect: Handler = (request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from(wanted).toString('base64')}`) {
        serve(request, response);
      } else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    try {
      await using under = await startMirrored([protect], serve, { authFile });
      const [mirror] = under.mirrors;
      const write = (login: string) =>
        writeFile(
          authFile,
          JSON.stringify({
            auths: { [mirror?.host ?? '']: { auth: Buffer.from(login).toString('base64') } },
          }),
        );
      const access = {
        credentials: { username: 'user', password: 'upstream' },
        headers: { 'x-meta-a': 'b' },
      };
      await write('u:one');
      await under.pull(access).resolve('v1');
      wanted = 'u:two';
      await write('u:two');
      await under.pull(access).resolve('v1');
      assert.equal(under.registry.requests.length, 0);
      const login = Buffer.from('user:upstream').toString('base64');
      assert.doesNotMatch(JSON.stringify(mirror?.requests), new RegExp(`${login}|x-meta`));
      wanted = 'u:three';
      await under.pull().resolve('v1');
      await rm(authFile);
      await under.pull().resolve('v1');
      assert.equal(under.registry.requests.length, 2, 'the registry follows');
      assert.doesNotMatch(JSON.stringify(under.registry.requests), /authorization/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('another location', () => {
  it('is pulled from without the credentials for the name, and not pushed to', async () => {
    await using target = await startHostileRegistry(serve);
    await using named = await startHostileRegistry(serve);
    const rules = [{ prefix: named.host, source: 'test', location: parsePlace(`${target.host}/moved`) }];
    await using under = createClientUnderTest({ configuration: createRegistriesConfiguration({ rules }) });
    const name = { domain: named.host, path: 'acme/plugin' };
    const access = { credentials: { registryToken: 'secret' } };
    await under.client.repository(name, 'pull', access).resolve('v1');
    assert.deepEqual(urls(target), ['/v2/moved/acme/plugin/manifests/v1']);
    assert.equal(target.requests[0]?.headers.authorization, undefined);
    assert.deepEqual(urls(named), []);
    await under.client.repository(name, 'pull,push', access).resolve('v1');
    assert.deepEqual(urls(named), ['/v2/acme/plugin/manifests/v1']);
  });
});
