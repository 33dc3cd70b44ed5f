/**
 * Commands that reach registries without a daemon, with the host's configuration of registries: a private authority, a blocked
 * host, a wrong file. The registry has a name that only a proxy of the environment knows, since loopback needs no authority.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createRegistryClient, digestOf, mediaTypes, parseReference } from '@outboard/oci';
import { createAuthority } from '@outboard/oci/testing';
import { startProxy, type TestProxy } from '../support/forward-proxy.ts';
import { outboard } from '../support/outboard-program.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const name = 'registry.example:5000';
const authority = createAuthority('private authority');
const tls = authority.issue({ commonName: 'registry', names: ['registry.example'], usage: 'server' });
const blob = Buffer.from('{}');
const descriptor = { mediaType: 'application/vnd.example', digest: digestOf(blob), size: blob.length };

describe('a command without a daemon', () => {
  let home: string;
  let registry: TestRegistry;
  let proxy: TestProxy;
  let digest: string;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'outboard-command-registries-'));
    registry = await startRegistry({ tls });
    proxy = await startProxy({ [name]: registry.host });
    await mkdir(join(home, 'certs.d', name), { recursive: true });
    await writeFile(join(home, 'certs.d', name, 'ca.crt'), authority.certificate);
    await mkdir(join(home, 'blocked.d'));
    await writeFile(join(home, 'blocked.d/a.json'), JSON.stringify({ [name]: { blocked: true } }));
    await writeFile(join(home, 'wrong.conf'), '[[registry]]\nlocation = 1\n');
    await mkdir(join(home, 'project'));
    await writeFile(
      join(home, 'project/config.json'),
      '{"description":"","entrypoint":["/p"],"interface":{}}',
    );
    await using client = createRegistryClient();
    const repository = client.repository(parseReference(`${registry.host}/acme/a`), 'pull,push');
    await repository.pushBlob(descriptor, async () => Readable.from([blob]));
    const { ociManifest: mediaType } = mediaTypes;
    const manifest = { schemaVersion: 2, mediaType, config: descriptor, layers: [descriptor] };
    digest = await repository.pushManifest('v1', { mediaType, bytes: Buffer.from(JSON.stringify(manifest)) });
  });
  after(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await registry?.stop();
    await rm(home, { recursive: true });
  });

  /** Run it with no files of this host. */
  const run = (words: readonly string[], certificates = 'certs.d') => {
    const files = ['--registries-conf', '', '--registries-dir', '', '--certs-dir', certificates];
    const [command = '', ...rest] = words;
    const env = { HTTPS_PROXY: `http://${proxy.host}`, HOME: home, DOCKER_CONFIG: home };
    return outboard([command, ...files, ...rest], { cwd: home, env });
  };

  it('copies from a registry of a private authority', async () => {
    const { code, err, out } = await run(['copy', `${name}/acme/a:v1`, `${name}/acme/b:v1`]);
    assert.equal(code, 0, err);
    assert.equal(out, `${digest}\n`);
  });

  it('R34 copies nothing without that authority', async () => {
    const { code, err } = await run(['copy', `${name}/acme/a:v1`, 'oci:other'], 'none');
    assert.equal(code, 1);
    assert.match(err, /authority that this host does not trust; put .* in .*none.*ca\.crt/);
  });

  it('examines a registry of a private authority', async () => {
    const { err, out } = await run(['check-registry', `${name}/acme/check`]);
    assert.equal(err, '');
    assert.match(out, /^works {2}upload a layer$/m);
  });

  it('sends nothing to a blocked host, and names the entry', async () => {
    const before = proxy.requests.length;
    const blocked = ['--registries-dir', 'blocked.d'];
    for (const words of [
      ['copy', ...blocked, `${name}/acme/a:v1`, 'oci:blocked'],
      ['check-registry', ...blocked, `${name}/acme/check`],
      ['build', ...blocked, '--base', `${name}/acme/a:v1`, '--output', 'built', 'project'],
      ['check', ...blocked, '--grant-all-permissions', `${name}/acme/a:v1`],
    ]) {
      const { code, err, out } = await run(words);
      assert.equal(code, 1, err);
      assert.match(
        err + out,
        /blocked on this host by entry "registry\.example:5000" in .*blocked\.d\/a\.json/,
      );
    }
    assert.equal(proxy.requests.length, before);
  });

  it('says what is wrong in a file, and where', async () => {
    const file = ['--registries-conf', 'wrong.conf'];
    for (const words of [
      ['copy', ...file, `${name}/acme/a:v1`, 'oci:wrong'],
      ['check-registry', ...file, `${name}/acme/check`],
    ]) {
      const { code, err } = await run(words);
      assert.equal(code, 1);
      assert.match(err, /wrong\.conf.*location/);
    }
  });
});
