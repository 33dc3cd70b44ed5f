import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Descriptor,
  digestOf,
  encodeIndex,
  hostPlatform,
  mediaTypes,
  OutboardError,
  parsePlatform,
} from '@outboard/oci';
import { makeKeys, publicPem } from '@outboard/oci/testing';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { givenPolicy } from '../../testing/policy-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { signByReferrer, signByTag } from '../../testing/sigstore-signer.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { pullPlugin } from '../install/pull.ts';
import { removePlugin } from '../install/remove.ts';
import { stageArchive } from '../install/stage-archive.ts';
import { type SaveRequest, savePlugins } from './save.ts';

const repository = 'registry.test/acme/plugin';
const remote = `${repository}:v1`;
const keys = makeKeys();
const own = hostPlatform().architecture;
const foreign = own === 's390x' ? 'riscv64' : 's390x';

/** Put a plugin for two platforms under `v1`, as an index. */
function publishIndex({ remote: registry }: OperationFixture) {
  const target = registry.repository('acme/plugin');
  const [mine, other] = [own, foreign].map((architecture) => {
    const published = publishPlugin(target, architecture, { layers: [{ first: architecture }] });
    const { manifestDigest: digest } = published;
    const size = target.manifests.get(digest)?.bytes.length ?? 0;
    const platform = parsePlatform(`linux/${architecture}`);
    return { ...published, entry: { mediaType: mediaTypes.dockerManifest, digest, size, platform } };
  });
  assert.ok(mine && other);
  const bytes = encodeIndex([mine.entry, other.entry]);
  target.putManifest('v1', { mediaType: mediaTypes.ociIndex, bytes });
  const index: Descriptor = { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length };
  return { target, mine, other, index };
}

async function save(
  { parts }: OperationFixture,
  request: Partial<SaveRequest> & Pick<SaveRequest, 'plugins'>,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await savePlugins(parts, {
    async send(archive) {
      for await (const chunk of archive) chunks.push(Buffer.from(chunk));
    },
    ...request,
  });
  return Buffer.concat(chunks);
}

/** Stage an archive on a host that reaches no registry. */
async function stage(fixture: OperationFixture, archive: Buffer) {
  fixture.remote.intercept = () => assert.fail('it asks the registry');
  return await stageArchive(fixture.parts, chunksOf(archive), {});
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

async function signedPolicy() {
  return await givenPolicy({
    default: [
      {
        type: 'sigstoreSigned',
        keyData: Buffer.from(publicPem(keys)).toString('base64'),
        signedIdentity: { type: 'matchRepository' },
      },
    ],
  });
}

describe('savePlugins()', () => {
  test('writes the installed platform, and all of them on demand', async () => {
    await using fixture = await openOperationFixture();
    await using host = await openOperationFixture();
    const { mine, other, index } = publishIndex(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges });
    const small = await stage(host, await save(fixture, { plugins: [record.name] }));
    assert.deepEqual(
      small.plugins.map(({ digest }) => digest),
      [mine.manifestDigest],
    );
    const all = await stage(host, await save(fixture, { plugins: [record.name], allPlatforms: true }));
    assert.deepEqual(
      all.plugins.map(({ digest, platforms }) => [digest, ...platforms]),
      [[index.digest, `linux/${own}`, `linux/${foreign}`]],
    );
    const request = { remote, archive: all.id, platform: `linux/${foreign}`, privileges: other.privileges };
    const installed = await pullPlugin(host.parts, request);
    assert.deepEqual([installed.manifestDigest, installed.indexDigest], [other.manifestDigest, index.digest]);
    // Content that was fetched for the archive is garbage.
    await fixture.assertOnly([record], mine.digests);
  });

  test('takes signatures along, so that a policy accepts the plugin without its registry', async () => {
    for (const isIndexSigned of [true, false]) {
      await using fixture = await openOperationFixture();
      await using host = await openOperationFixture();
      const { target, mine, index } = publishIndex(fixture);
      const subject = isIndexSigned ? index : mine.entry;
      await signByTag(target, { digest: subject.digest, identity: repository, keys });
      const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges });
      const bare = await save(fixture, { plugins: [record.name] });
      const signed = await save(fixture, { plugins: [record.name], referrers: true });
      const parts = { ...host.parts, policy: await signedPolicy() };
      const refused = { remote, archive: (await stage(host, bare)).id, privileges: mine.privileges };
      await assert.rejects(pullPlugin(parts, refused), { kind: 'forbidden', message: /it is not signed/ });
      const { id, plugins } = await stage(host, signed);
      assert.deepEqual(
        plugins.map(({ digest }) => digest),
        [index.digest],
      );
      const installed = await pullPlugin(parts, { ...refused, archive: id });
      assert.equal(installed.manifestDigest, mine.manifestDigest);
      assert.equal(installed.verification?.signatures[0]?.digest, subject.digest);
      await fixture.assertOnly([record], mine.digests);
    }
  });

  test('takes referrers along, of a plugin that is no index', async () => {
    await using fixture = await openOperationFixture();
    await using host = await openOperationFixture();
    const target = fixture.remote.repository('acme/plugin');
    const { privileges, manifestDigest } = publishPlugin(target, 'v1');
    const size = target.manifests.get(manifestDigest)?.bytes.length ?? 0;
    const manifest = { mediaType: mediaTypes.dockerManifest, digest: manifestDigest, size };
    await signByReferrer(target, manifest, { keys });
    const record = await pullPlugin(fixture.parts, { remote, privileges });
    const { id } = await stage(host, await save(fixture, { plugins: [record.name], referrers: true }));
    const policy = await givenPolicy({
      default: [
        {
          type: 'sigstoreSigned',
          keyData: Buffer.from(publicPem(keys)).toString('base64'),
          signedIdentity: { type: 'matchDigest' },
        },
      ],
    });
    const installed = await pullPlugin({ ...host.parts, policy }, { remote, archive: id, privileges });
    assert.equal(installed.verification?.signatures[0]?.storage, 'referrer');
  });

  test('sends nothing when the registry lacks what was asked for, and says of which plugin', async () => {
    await using fixture = await openOperationFixture();
    const { target, mine, other } = publishIndex(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges });
    target.manifests.delete(other.manifestDigest);
    const send = () => assert.fail('it sends an archive');
    const request = { plugins: [record.name], allPlatforms: true, send };
    await assert.rejects(savePlugins(fixture.parts, request), {
      kind: 'not-found',
      message:
        /^cannot save all of plugin registry\.test\/acme\/plugin:v1: registry\.test\/acme\/plugin:v1: /,
    });
    await fixture.assertOnly([record], mine.digests);
  });

  test('asks each registry with its own credentials', async () => {
    await using fixture = await openOperationFixture();
    const { mine } = publishIndex(fixture);
    const name = 'other.test/p:v1';
    const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges, name });
    const opened: unknown[] = [];
    const registry = {
      ...fixture.parts.registry,
      repository(...[reference, actions, access]: Parameters<typeof fixture.parts.registry.repository>) {
        opened.push([reference.domain, actions, access?.credentials?.username]);
        return fixture.parts.registry.repository(reference, actions, access);
      },
    };
    await savePlugins(
      { ...fixture.parts, registry },
      {
        plugins: [record.name],
        referrers: true,
        accessTo: ({ domain, path }) => ({ credentials: { username: `${domain}/${path}` } }),
        send: async () => undefined,
      },
    );
    assert.deepEqual(opened, [['registry.test', 'pull', repository]]);
  });

  test('keeps nothing of what was fetched when the client leaves', async () => {
    await using fixture = await openOperationFixture();
    const { mine } = publishIndex(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges });
    const gone = new OutboardError('invalid', 'the client went away');
    const request = {
      plugins: [record.name],
      allPlatforms: true,
      async send(archive: AsyncIterable<Buffer>) {
        for await (const _chunk of archive) {
          await collectGarbage(fixture.parts);
          throw gone;
        }
      },
    };
    await assert.rejects(savePlugins(fixture.parts, request), (error) => error === gone);
    await fixture.assertOnly([record], mine.digests);
  });

  test('writes a plugin whole that is removed meanwhile, and keeps nothing of it', async () => {
    await using fixture = await openOperationFixture();
    const { mine, target } = publishIndex(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges: mine.privileges });
    // Nothing can be fetched again.
    target.manifests.clear();
    target.blobs.clear();
    let chunks = 0;
    await savePlugins(fixture.parts, {
      plugins: [record.name],
      async send(archive: AsyncIterable<Buffer>) {
        for await (const _chunk of archive) {
          if (chunks++ === 0) await removePlugin(fixture.parts, record.name);
        }
      },
    });
    assert.ok(chunks > 1, `${chunks} chunks`);
    await collectGarbage(fixture.parts);
    await fixture.assertOnly([], []);
  });
});
