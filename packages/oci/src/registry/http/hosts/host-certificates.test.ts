import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createClientUnderTest,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { selfSigned, tlsKey, wrongName } from '../../../testing/tls-certificates.ts';
import { certificateDirectory, readHostCertificates } from './host-certificates.ts';

/** Files of each directory below the test's own. */
const files: Readonly<Record<string, string>> = {
  'a/reg.example:5000/ca.crt': selfSigned,
  'b/reg.example:5000/other.crt': wrongName,
  'a/mutual.example/client.cert': selfSigned,
  'a/mutual.example/client.key': tlsKey,
  'a/mutual.example/other.cert': wrongName,
  'a/mutual.example/other.key': tlsKey,
  'a/mutual.example/README': 'not read',
  'a/broken.example/ca.crt': 'no certificate',
  'a/keyless.example/client.cert': selfSigned,
  'a/lonely.example/client.key': tlsKey,
  'a/secret.example/client.cert': selfSigned,
  'a/secret.example/client.key': 'ultra-secret words',
};
const otherKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIBVCYrgnBNO2A8S5YGzk4sQHs5hDyfqFnIbyZGpCPhVJ
-----END PRIVATE KEY-----
`;

describe('certificates for a host', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-certs-'));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(directory, name, '..'), { recursive: true });
      await writeFile(join(directory, name), content);
    }
    await writeFile(join(directory, 'other.pem'), otherKey);
  });
  after(() => rm(directory, { recursive: true }));

  const read = (...domains: string[]) =>
    readHostCertificates([join(directory, 'a'), join(directory, 'b'), join(directory, 'none')], domains);

  it('are read from all directories of the host only', async () => {
    assert.deepEqual(await read('reg.example:5000'), {
      authorities: `${selfSigned}\n${wrongName}`,
      identities: [],
    });
    assert.deepEqual(await read('reg.example'), { authorities: undefined, identities: [] });
    assert.equal(certificateDirectory(['/a', '/b'], 'reg.example'), '/a/reg.example');
  });

  it('are read for each name of the host, and for each pair of certificate and key', async () => {
    const { authorities, identities } = await read('mutual.example', 'reg.example:5000');
    assert.equal(authorities, `${selfSigned}\n${wrongName}`);
    assert.deepEqual(identities, [
      { certificate: selfSigned, key: tlsKey },
      { certificate: wrongName, key: tlsKey },
    ]);
  });

  it('are read from named files before those of the directories', async () => {
    const at = (name: string) => join(directory, 'a', name);
    const named = await readHostCertificates([join(directory, 'b')], ['reg.example:5000'], {
      ca: at('reg.example:5000/ca.crt'),
      clientCertificate: {
        certificate: at('mutual.example/client.cert'),
        key: at('mutual.example/client.key'),
      },
    });
    assert.equal(named.authorities, `${selfSigned}\n${wrongName}`);
    assert.deepEqual(named.identities, [{ certificate: selfSigned, key: tlsKey }]);
  });

  const wrong = [
    ['broken.example', /^invalid certificate of an authority in ".*ca.crt": expected PEM$/],
    ['keyless.example', /^missing key "client.key" for the client certificate "client.cert" in /],
    ['lonely.example', /^missing client certificate "client.cert" for the key "client.key" in /],
    ['secret.example', /^invalid key of a client certificate in ".*client.key": expected PEM without/],
  ] as const;
  for (const [domain, message] of wrong) {
    it(`are refused by the name of the file at ${domain}`, async () => {
      await assert.rejects(read(domain), (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /ultra-secret/);
        return true;
      });
    });
  }

  it('are refused when the key belongs to another certificate', async () => {
    const certificate = join(directory, 'a/mutual.example/client.cert');
    const pair = { certificate, key: join(directory, 'other.pem') };
    await assert.rejects(readHostCertificates([], [], { clientCertificate: pair }), {
      kind: 'invalid',
      message: `the key in "${pair.key}" does not belong to the client certificate in "${certificate}"`,
    });
  });

  it('are optional', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, { 'content-type': manifestType }).end('{}');
    }, selfSigned);
    await using under = createClientUnderTest({ certificateDirectories: [join(directory, 'none')] });
    await under.open(registry).resolve('v1');
  });
});
