/**
 * Plugins in the exact formats of Docker Engine 1.13, 20.10 and current: they install, and are pushed unchanged.
 */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isOutboardError, OutboardError, type PluginEngine } from '@outboard/engine';
import { putBlob, putManifest, sha256 } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url));
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

async function readFixture(generation: string) {
  const [manifest, config, layer] = await Promise.all(
    ['manifest.json', 'config.json', 'layer.tar.gz'].map((name) =>
      readFile(join(fixtures, generation, name)),
    ),
  );
  if (manifest === undefined || config === undefined || layer === undefined)
    throw new Error('fixture is missing');
  return { manifest, config, layer };
}

describe('plugins pushed by Docker Engine', () => {
  let registry: TestRegistry;
  let subject: TestEngine;
  let engine: PluginEngine;

  before(async () => {
    registry = await startRegistry();
    subject = await openTestEngine();
    engine = subject.engine;
  });
  after(async () => {
    await subject[Symbol.asyncDispose]();
    await registry.stop();
  });

  async function publish(repository: string, generation: string) {
    const fixture = await readFixture(generation);
    await putBlob(registry.host, repository, fixture.config);
    await putBlob(registry.host, repository, fixture.layer);
    return fixture;
  }

  async function install(remote: string) {
    const privileges = await engine.privileges(remote);
    return engine.pull({ remote, privileges });
  }

  for (const generation of ['docker-1.13', 'docker-20.10', 'docker-current']) {
    it(`A42 installs what ${generation} pushed, and pushes it back byte for byte`, async () => {
      const repository = `fixtures/${generation}`;
      const { manifest } = await publish(repository, generation);
      await putManifest(registry.host, repository, 'v1', { mediaType: dockerManifest, bytes: manifest });
      const remote = `${registry.host}/${repository}:v1`;

      const privileges = await engine.privileges(remote);
      assert.deepEqual(
        privileges.map(({ name, value }) => [name, ...value]),
        [
          ['network', 'host'],
          ['mount', '/srv'],
          ['device', '/dev/fuse'],
          ['capabilities', 'CAP_SYS_ADMIN'],
        ],
      );
      const plugin = await engine.pull({ remote, privileges });
      assert.equal(plugin.name, remote);
      assert.deepEqual(plugin.settings.env, ['DEBUG=0'], 'an env without value is not set');
      const greeting = join(subject.dataRoot, 'plugins', plugin.id, 'rootfs', 'etc', 'greeting');
      assert.equal(await readFile(greeting, 'utf8'), 'hello\n');
      assert.equal((await stat(greeting)).mode & 0o7777, 0o640);

      await engine.collectGarbage();
      await engine.push({ plugin: plugin.id });
      const answer = await fetch(`http://${registry.host}/v2/${repository}/manifests/v1`, {
        headers: { Accept: dockerManifest },
      });
      assert.equal(sha256(new Uint8Array(await answer.arrayBuffer())), sha256(manifest));
    });
  }

  it('R06 installs the manifest of this platform from an index', async () => {
    const repository = 'fixtures/index';
    const { manifest } = await publish(repository, 'docker-current');
    const oci = Buffer.from(manifest.toString().replace(dockerManifest, ociManifest));
    const digest = await putManifest(registry.host, repository, 'child', {
      mediaType: ociManifest,
      bytes: oci,
    });
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const index = {
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [
        {
          mediaType: ociManifest,
          digest: sha256(Buffer.from('other')),
          size: 5,
          platform: { os: 'plan9', architecture },
        },
        { mediaType: ociManifest, digest, size: oci.length, platform: { os: 'linux', architecture } },
      ],
    };
    // The registry refuses an index whose children it lacks, so the foreign one must exist too.
    const foreign = Buffer.from(oci.toString().replace('{', '{ '));
    const foreignDigest = await putManifest(registry.host, repository, 'other', {
      mediaType: ociManifest,
      bytes: foreign,
    });
    const bytes = Buffer.from(
      JSON.stringify(index)
        .replace(sha256(Buffer.from('other')), foreignDigest)
        .replace('"size":5', `"size":${foreign.length}`),
    );
    await putManifest(registry.host, repository, 'v1', { mediaType: ociIndex, bytes });
    const plugin = await install(`${registry.host}/${repository}:v1`);
    assert.equal(plugin.config.description, 'a small plugin');
  });

  it('R27 reports that a reference is not a plugin instead of requesting no privileges', async () => {
    const repository = 'fixtures/image';
    const { manifest } = await publish(repository, 'docker-current');
    const image = manifest
      .toString()
      .replace('vnd.docker.plugin.v1+json', 'vnd.docker.container.image.v1+json');
    await putManifest(registry.host, repository, 'v1', {
      mediaType: dockerManifest,
      bytes: Buffer.from(image),
    });
    await assert.rejects(
      engine.privileges(`${registry.host}/${repository}:v1`),
      (error) => isOutboardError(error, 'invalid') && error.message.includes('did not find plugin config'),
    );
  });

  it('R25 R26 installs nothing when the privileges differ from those granted', async () => {
    const repository = 'fixtures/consent';
    const { manifest } = await publish(repository, 'docker-current');
    await putManifest(registry.host, repository, 'v1', { mediaType: dockerManifest, bytes: manifest });
    const remote = `${registry.host}/${repository}:v1`;
    const asked = await engine.privileges(remote);
    const grants = [[], asked.slice(1), asked.slice(0, -1), [...asked, ...asked.slice(0, 1)]];
    const first = asked[0];
    if (first === undefined) throw new Error('the fixture asks for something');
    grants.push([{ ...first, value: ['none'] }, ...asked.slice(1)]);
    for (const privileges of grants) {
      await assert.rejects(
        engine.pull({ remote, privileges }),
        (error) => error instanceof OutboardError && error.message.startsWith('incorrect privileges'),
      );
      assert.throws(() => engine.inspect(remote), /not found/);
    }
    const reordered = [...asked].reverse().map((privilege) => ({ ...privilege, description: 'other words' }));
    assert.equal((await engine.pull({ remote, privileges: reordered })).name, remote);
  });
});
