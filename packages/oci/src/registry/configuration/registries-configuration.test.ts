import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRegistriesConfiguration } from './registries-configuration.ts';
import { parsePlace } from './registry-location.ts';
import type { MirrorRule } from './registry-rule.ts';

function mirror(location: string, given: Partial<MirrorRule> = {}): MirrorRule {
  return { place: parsePlace(location), insecure: false, use: 'all', ...given };
}

const configuration = createRegistriesConfiguration({
  insecureRegistries: ['plain.lan:5000', '10.0.0.0/8'],
  registryMirrors: ['https://cache.lan/hub', 'http://plain.lan:5000'],
  rules: [
    { prefix: 'docker.io', source: 'A', mirrors: [mirror('old.lan')], insecure: false },
    { prefix: 'docker.io/acme', source: 'B', mirrors: [mirror('acme.lan:5000', { use: 'digest-only' })] },
    { prefix: 'old.example', source: 'C', location: parsePlace('new.example/archive') },
    { prefix: 'evil.example', source: '"/etc/x.json"', blocked: true },
    { prefix: 'evil.example/good', source: 'D' },
    { prefix: 'old.example', source: 'E', tokenServers: ['auth.example'], ca: '/ca.pem' },
  ],
});
const locate = (domain: string, path: string) => configuration.locate({ domain, path });

describe('locate()', () => {
  it('finds the mirrors of Docker Hub, those of registry-mirrors first', () => {
    const { mirrors, upstream, blockedBy } = locate('docker.io', 'library/alpine');
    assert.deepEqual(
      mirrors.map(({ domain, path, plainHttp, insecure }) => [domain, path, plainHttp, insecure]),
      [
        ['cache.lan', 'hub/library/alpine', false, false],
        ['plain.lan:5000', 'library/alpine', true, true],
        ['old.lan', 'library/alpine', false, false],
      ],
    );
    assert.deepEqual([upstream.domain, upstream.path, blockedBy], ['docker.io', 'library/alpine', undefined]);
    assert.deepEqual(configuration.hubMirrors, [
      'https://cache.lan/hub/',
      'http://plain.lan:5000/',
      'https://old.lan/',
    ]);
  });

  it('applies the entry with the longest prefix alone', () => {
    const { mirrors } = locate('docker.io', 'acme/x');
    assert.deepEqual(
      mirrors.map(({ domain, path, use }) => [domain, path, use]),
      [['acme.lan:5000', 'x', 'digest-only']],
    );
  });

  it('pulls from a location and pushes to the registry in the name', () => {
    const { upstream, registry } = locate('old.example', 'team/x');
    assert.deepEqual([upstream.domain, upstream.path], ['new.example', 'archive/team/x']);
    assert.deepEqual([registry.domain, registry.path], ['old.example', 'team/x']);
  });

  for (const domain of ['evil.example', 'EVIL.example', 'evil.example:443']) {
    it(`names the entry that blocks ${domain}`, () => {
      assert.equal(locate(domain, 'x').blockedBy, 'entry "evil.example" in "/etc/x.json"');
      assert.equal(locate(domain, 'good/x').blockedBy, undefined);
    });
  }

  it('keeps a repository of a name without entries where it is', () => {
    const { mirrors, upstream } = locate('reg.example', 'a/b');
    assert.deepEqual(mirrors, []);
    assert.deepEqual(upstream, { domain: 'reg.example', path: 'a/b', insecure: false, plainHttp: false });
  });

  it('knows insecure hosts and networks', () => {
    assert.equal(locate('plain.lan:5000', 'x').upstream.insecure, true);
    assert.equal(locate('10.1.1.1', 'x').upstream.insecure, true);
  });
});

describe('entries for the same prefix', () => {
  it('add to each other', () => {
    assert.equal(configuration.hostRules('old.example').ca, '/ca.pem');
    assert.equal(locate('old.example', 'x').upstream.domain, 'new.example');
    assert.deepEqual(configuration.tokenServers, [{ registry: 'old.example', realm: 'auth.example' }]);
  });
});

describe('an entry that blocks', () => {
  it('is named by its own place, whatever else is said about the prefix', () => {
    const { blockedBy } = createRegistriesConfiguration({
      registryMirrors: ['https://cache.lan'],
      rules: [
        { prefix: 'docker.io', source: 'A', insecure: true },
        { prefix: 'docker.io', source: 'B', blocked: true },
        { prefix: 'docker.io', source: 'C', ca: '/ca.pem' },
      ],
    }).hostRules('docker.io');
    assert.equal(blockedBy, 'entry "docker.io" in B');
  });
});

describe('createRegistriesConfiguration()', () => {
  const wrong = [
    { registryMirrors: ['ftp://x'] },
    { registryMirrors: ['https://user:secret@mirror.lan'] },
    { insecureRegistries: ['http://x'] },
    { rules: [{ prefix: 'a b', source: 'A' }] },
    { proxies: { httpProxy: 'ftp://x' } },
  ];
  for (const settings of wrong) {
    it(`refuses ${JSON.stringify(settings)}`, () => {
      assert.throws(
        () => createRegistriesConfiguration(settings),
        (error: Error & { kind?: string }) => error.kind === 'invalid' && !error.message.includes('secret'),
      );
    });
  }
});
