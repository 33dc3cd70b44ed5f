import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { selfSigned, tlsKey } from '../../testing/tls-certificates.ts';
import { loadRegistriesConfiguration } from './load-registries-configuration.ts';

let home: string;
let count = 0;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'outboard-registries-'));
  await writeFile(join(home, 'cert.pem'), selfSigned);
  await writeFile(join(home, 'key.pem'), tlsKey);
  await writeFile(join(home, 'auth.json'), '{"auths": {"reg.example:5000/team": {"auth": "dTpw"}}}');
});
after(() => rm(home, { recursive: true }));

/** Write files, and load them: `registries.d/…`, `registries.conf`, `registries.conf.d/…`; HOME in a text is the directory. */
async function load(files: Readonly<Record<string, string>>) {
  count += 1;
  const directory = join(home, String(count));
  await mkdir(directory);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text.replaceAll('HOME', home));
  }
  const options = {
    registriesDirectory: join(directory, 'registries.d'),
    registriesConf: join(directory, 'registries.conf'),
  };
  try {
    return await loadRegistriesConfiguration(options);
  } catch (error) {
    throw Object.assign(error as Error, { short: (error as Error).message.replaceAll(`${directory}/`, '') });
  }
}

describe('files of registries.d', () => {
  it('say all that an entry can', async () => {
    const configuration = await load({
      'registries.d/10.json': JSON.stringify({
        'docker.io': {
          mirrors: [
            'https://cache.example/hub',
            { location: 'http://slow.example', insecure: true, 'pull-from-mirror': 'digest-only' },
          ],
        },
        'reg.example:5000': {
          insecure: true,
          ca: '/cert.pem'.replace('/', 'HOME/'),
          'client-certificate': 'HOME/cert.pem',
          'client-key': 'HOME/key.pem',
          'auth-file': 'HOME/auth.json',
          'token-servers': ['auth.example'],
        },
        'old.example/team': { location: 'new.example/archive' },
        '*.plain.example': { 'plain-http': true },
      }),
      'registries.d/20.json': '{"docker.io": {"insecure": true}, "evil.example": {"blocked": true}}',
      'registries.d/README': 'not read',
    });
    const hub = configuration.locate({ domain: 'docker.io', path: 'acme/x' });
    assert.deepEqual(hub.mirrors, [
      { domain: 'cache.example', path: 'hub/acme/x', insecure: false, plainHttp: false, use: 'all' },
      { domain: 'slow.example', path: 'acme/x', insecure: true, plainHttp: true, use: 'digest-only' },
    ]);
    assert.equal(hub.upstream.insecure, true);
    assert.deepEqual(configuration.hostRules('reg.example:5000'), {
      blockedBy: undefined,
      insecure: true,
      plainHttp: false,
      ca: join(home, 'cert.pem'),
      clientCertificate: { certificate: join(home, 'cert.pem'), key: join(home, 'key.pem') },
      authFile: join(home, 'auth.json'),
    });
    assert.deepEqual(configuration.tokenServers, [{ registry: 'reg.example:5000', realm: 'auth.example' }]);
    const moved = configuration.locate({ domain: 'old.example', path: 'team/x' });
    assert.deepEqual([moved.upstream.domain, moved.upstream.path], ['new.example', 'archive/x']);
    assert.equal(configuration.hostRules('a.plain.example').plainHttp, true);
    assert.match(
      configuration.hostRules('evil.example').blockedBy ?? '',
      /"evil.example" in ".*20.json" line 1$/,
    );
    assert.deepEqual(
      configuration.files.map((path) => path.slice(-7)),
      ['10.json', '20.json'],
    );
  });

  const wrong: readonly (readonly [string, string])[] = [
    [
      '{\n "a.example": {\n  "blocked": tru\n }\n}',
      '"registries.d/x.json" line 3: invalid JSON at ["a.example"].blocked: ',
    ],
    ['[]', '"registries.d/x.json" line 1: want a JSON object with one entry for each registry'],
    [
      '{\n"a.example": {"mirors": []}}',
      '"registries.d/x.json" line 2: entry "a.example": unknown key "mirors": did you mean "mirrors"?',
    ],
    [
      '{"a.example": {"verify": true}}',
      'entry "a.example": unknown key "verify": known are blocked, insecure, plain-http',
    ],
    [
      '{"a.example": {"mirrors": [{"location": "b", "insecur": true}]}}',
      'unknown key "insecur": did you mean "insecure"?',
    ],
    [
      '{"a.example": {"mirrors": ["ftp://b"]}}',
      'entry "a.example": "mirrors.[0]": invalid location "ftp://b": want HOST[:PORT][/PATH]',
    ],
    ['{"a.example": {"mirrors": [{"insecure": true}]}}', '"mirrors.[0].location": '],
    ['{"a.example": {"blocked": "yes"}}', 'entry "a.example": "blocked": '],
    ['{"a.example": {"ca": "ca.pem"}}', '"ca": want an absolute path'],
    [
      '{"a.example": {"ca": "/nonexistent/ca.pem"}}',
      'entry "a.example" in "registries.d/x.json" line 1: cannot read certificates in "/nonexistent/ca.pem"',
    ],
    [
      '{"a.example": {"client-key": "HOME/key.pem"}}',
      '"client-certificate" and "client-key" need each other',
    ],
    ['{"a.example/team": {"ca": "HOME/cert.pem"}}', '"ca" is about a host: put it into an entry "a.example"'],
    [
      '{"*.example": {"token-servers": ["b"]}}',
      '"token-servers" is about passwords: name each host by itself',
    ],
    [
      '{"*.example": {"auth-file": "HOME/auth.json"}}',
      '"auth-file" is about passwords: name each host by itself',
    ],
    ['{"a.example": {"auth-file": "/nonexistent.json"}}', '"auth-file" "/nonexistent.json" does not exist'],
    [
      '{"a.example": {"auth-file": "HOME/auth.json"}}',
      'auth.json" has no credentials for a.example: want {"auths"',
    ],
    ['{"https://a.example": {}}', 'invalid prefix "https://a.example"'],
    ['{"a.example": {}, "a.example": {}}', 'line 1: invalid JSON'],
  ];
  for (const [text, message] of wrong) {
    it(`are refused with place and reason: ${text.replaceAll('\n', ' ')}`, async () => {
      await assert.rejects(
        load({ 'registries.d/x.json': text }),
        (error: Error & { kind: string; short: string }) => {
          assert.equal(error.kind, 'invalid');
          assert.ok(error.short.includes(message), error.short);
          return true;
        },
      );
    });
  }
});

describe("Podman's registries.conf", () => {
  it('says where repositories are, and files of registries.conf.d replace its entries', async () => {
    const configuration = await load({
      'registries.conf': `
unqualified-search-registries = ["docker.io", "quay.io"]
short-name-mode = "enforcing"

[[registry]]
prefix = "docker.io"
location = "docker.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "mirror.example/hub"
[[registry.mirror]]
location = "plain.example:5000"
insecure = true

[[registry]]
location = "evil.example"
blocked = true
[[registry]]
prefix = "*.old.example"
location = "new.example"
[[registry]]
prefix = "tagged.example/x:v1"
blocked = true
[aliases]
"alpine" = "docker.io/library/alpine"
`,
      'registries.conf.d/50.conf': '[[registry]]\nlocation = "*.old.example"\nblocked = true\n',
      'registries.conf.d/60.conf':
        '[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation="q.example"\npull-from-mirror="tag-only"\n',
      'registries.d/a.json': '{"docker.io": {"insecure": true}}',
    });
    const hub = configuration.locate({ domain: 'docker.io', path: 'library/x' });
    assert.deepEqual(
      hub.mirrors.map(({ domain, path, insecure, use }) => [domain, path, insecure, use]),
      [
        ['mirror.example', 'hub/library/x', false, 'digest-only'],
        ['plain.example:5000', 'library/x', true, 'digest-only'],
      ],
    );
    assert.deepEqual([hub.upstream.domain, hub.upstream.insecure], ['docker.io', true]);
    assert.match(
      configuration.hostRules('evil.example').blockedBy ?? '',
      /"evil.example" in ".*registries.conf" line 15$/,
    );
    assert.match(configuration.hostRules('a.old.example').blockedBy ?? '', /50.conf" line 1$/);
    assert.equal(configuration.locate({ domain: 'quay.io', path: 'x' }).mirrors[0]?.use, 'tag-only');
    assert.equal(configuration.unapplied.length, 2);
    assert.match(
      configuration.unapplied[0] ?? '',
      /^unqualified-search-registries of ".*registries.conf": a name/,
    );
    assert.match(
      configuration.unapplied[1] ?? '',
      /^the entry of ".*" line 21: its prefix "tagged.example\/x:v1"/,
    );
  });

  it('may have the form of before 2019', async () => {
    const configuration = await load({
      'registries.conf':
        '[registries.search]\nregistries = []\n[registries.insecure]\nregistries = ["plain.example"]\n[registries.block]\nregistries = ["evil.example"]\n',
    });
    assert.equal(configuration.hostRules('plain.example').insecure, true);
    assert.match(configuration.hostRules('evil.example').blockedBy ?? '', /registries.conf"$/);
    assert.deepEqual(configuration.unapplied, []);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['a = 1\nb = = 2\n', '"registries.conf" line 2: no TOML: '],
    [
      '\n[[registry]]\nblocked = true\n',
      'line 2: [[registry]] has no prefix and no location: want one of them',
    ],
    [
      '[[registry]]\nlocation="a"\n\n[[registry]]\nlocation="b"\nblocked="yes"\n',
      '"registries.conf" line 4: "blocked": ',
    ],
    ['[[registry]]\nlocation="https://a.example"\n', 'line 1: invalid prefix "https://a.example"'],
    [
      '[[registry]]\nprefix="a.example"\nlocation="https://b"\n',
      'line 1: invalid location "https://b": want HOST[:PORT][/PATH] without a scheme',
    ],
    [
      '[[registry]]\nlocation="a"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation="b"\npull-from-mirror="all"\n',
      '"mirror-by-digest-only" and "pull-from-mirror" are set together',
    ],
    ['unqualified-search-registries = "docker.io"', '"registries.conf": "unqualified-search-registries": '],
    ['[registries.block]\nregistries = ["a b"]', '"registries.conf": invalid prefix "a b"'],
  ];
  for (const [text, message] of wrong) {
    it(`is refused with place and reason: ${text.replaceAll('\n', ' ')}`, async () => {
      await assert.rejects(
        load({ 'registries.conf': text }),
        (error: Error & { kind: string; short: string }) => {
          assert.equal(error.kind, 'invalid');
          assert.ok(error.short.includes(message), error.short);
          return true;
        },
      );
    });
  }
});

describe('loadRegistriesConfiguration()', () => {
  it('leaves out files that do not exist', async () => {
    const { files, unapplied } = await load({});
    assert.deepEqual([files, unapplied], [[], []]);
  });

  it('refuses a file without end', async () => {
    await assert.rejects(
      load({ 'registries.d/x.json': ' '.repeat(1024 * 1024 + 1) }),
      /is larger than 1048576 bytes$/,
    );
  });

  it('reads no file that is named empty', async () => {
    const { files } = await loadRegistriesConfiguration({ registriesDirectory: '', registriesConf: '' });
    assert.deepEqual(files, []);
  });
});
