/**
 * Hosts that are blocked get no request, and changes of the configuration hold from the next operation on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientUnderTest, startHostileRegistry } from '../../testing/hostile-registry.ts';
import { layer, serve, startMirrored } from '../../testing/mirrored-registry.ts';
import { blobOf } from '../../testing/pushed-image.ts';
import { createRegistriesConfiguration } from '../configuration/registries-configuration.ts';
import { parsePlace } from '../configuration/registry-location.ts';
import type { RegistryRule } from '../configuration/registry-rule.ts';

describe('blocked hosts', () => {
  const blocked = (prefix: string) => [{ prefix, source: '"/etc/a.json"', blocked: true }];

  it('R34 get no request: no pull, no push, no login', async () => {
    await using registry = await startHostileRegistry(serve);
    const configuration = createRegistriesConfiguration({ rules: blocked(registry.host) });
    await using under = createClientUnderTest({ configuration });
    const want = {
      kind: 'forbidden',
      code: 'registry-blocked',
      message: `${registry.host}/acme/plugin is blocked on this host by entry "${registry.host}" in "/etc/a.json"`,
    };
    const name = { domain: registry.host, path: 'acme/plugin' };
    assert.throws(() => under.client.repository(name), want);
    assert.throws(() => under.client.repository(name, 'pull,push'), want);
    await assert.rejects(under.client.logIn(registry.host, {}), { code: 'registry-blocked' });
    assert.equal(registry.requests.length, 0);
  });

  it('R34 get no request of a redirect either', async () => {
    await using target = await startHostileRegistry(serve);
    await using registry = await startHostileRegistry((request, response) => {
      response.writeHead(307, { location: `http://${target.host}${request.url}` }).end();
    });
    const configuration = createRegistriesConfiguration({ rules: blocked(target.host) });
    await using under = createClientUnderTest({ configuration });
    await assert.rejects(under.open(registry).openBlob(blobOf(layer)), { code: 'registry-blocked' });
    assert.equal(target.requests.length, 0);
  });

  it('R34 are no mirrors', async () => {
    await using under = await startMirrored([serve]);
    assert.ok(under.mirrors[0]);
    const rules: RegistryRule[] = [
      ...blocked(under.mirrors[0].host),
      {
        prefix: under.registry.host,
        source: 'test',
        mirrors: [{ place: parsePlace(under.mirrors[0].host), insecure: false, use: 'all' }],
      },
    ];
    await using other = createClientUnderTest({ configuration: createRegistriesConfiguration({ rules }) });
    await other.client.repository({ domain: under.registry.host, path: 'acme/plugin' }).resolve('v1');
    assert.equal(under.mirrors[0].requests.length, 0);
    assert.equal(under.registry.requests.length, 1);
  });
});

describe('a configuration that changes', () => {
  it('holds for operations that begin afterwards', async () => {
    await using registry = await startHostileRegistry(serve);
    let configuration = createRegistriesConfiguration();
    await using under = createClientUnderTest({ configuration: () => configuration });
    const before = under.open(registry);
    configuration = createRegistriesConfiguration({
      rules: [{ prefix: registry.host, source: 'x', blocked: true }],
    });
    await before.resolve('v1');
    assert.throws(() => under.open(registry), { code: 'registry-blocked' });
  });
});
