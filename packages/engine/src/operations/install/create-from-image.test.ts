import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTarReader, OutboardError, parseManifest } from '@outboard/oci';
import { pluginConfigLabel } from '../../config/image-config.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { policyOf } from '../../testing/policy-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { flattenPlugin } from '../content/flatten-plugin.ts';
import { exportPlugin } from '../publish/export.ts';
import { pushPlugin } from '../publish/push.ts';
import { createPlugin } from './create.ts';
import { type CreateFromImageRequest, createFromImage } from './create-from-image.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';

const image = 'registry.test/acme/image:v1';
const author = { interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' } };
const process = { Entrypoint: ['/plugin'], Env: ['PATH=/bin'], WorkingDir: '/srv', User: '7' };
const labels = { [pluginConfigLabel]: JSON.stringify({ ...author, description: 'of the label' }) };
const jsonOf = (document: object) => Buffer.from(JSON.stringify(document));

function publish(fixture: OperationFixture, config: object = { ...process, Labels: labels }) {
  const layers = [{ plugin: 'one', second: 'one' }, { second: 'two' }];
  return publishPlugin(fixture.remote.repository('acme/image'), 'v1', { layers, image: { config } });
}

function create(fixture: OperationFixture, options: Partial<CreateFromImageRequest> = {}) {
  return createFromImage(fixture.parts, { name: 'acme/flat', image, ...options });
}

const contentOf = ({ manifestDigest, configDigest, blobDigests }: PluginRecord) => [
  manifestDigest,
  configDigest,
  ...blobDigests,
];

/** The files of an archive, by name. */
async function filesOf(archive: AsyncIterable<Buffer>): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  let name = '';
  const reader = createTarReader({
    onEntry(entry) {
      name = entry.name.toString();
      files[name] = '';
    },
    onContent(chunk) {
      files[name] += chunk.toString();
    },
    onEntryEnd: () => undefined,
  });
  for await (const chunk of archive) reader.write(chunk);
  reader.end();
  return files;
}

async function exported(fixture: OperationFixture, plugin: string) {
  let files: Readonly<Record<string, string>> = {};
  const deliver = async (archive: AsyncIterable<Buffer>) => {
    files = await filesOf(archive);
  };
  await exportPlugin(fixture.parts, { plugin, deliver });
  return files;
}

describe('createFromImage()', () => {
  test('makes a plugin of one layer, and keeps nothing of the image', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    let warnings: readonly string[] = [];
    const onWarnings = (lines: readonly string[]) => {
      warnings = lines;
    };
    const record = await create(fixture, { onWarnings });
    assert.deepEqual([record.name, record.enabled], ['acme/flat:latest', false]);
    const { entrypoint, env, workDir, description } = record.config;
    assert.deepEqual([entrypoint, workDir, description], [['/plugin'], '/srv', 'of the label']);
    assert.deepEqual(env, [{ description: '', name: 'PATH', settable: [], value: '/bin' }]);
    assert.equal(record.blobDigests.length, 1);
    assert.equal(fixture.rootfsFile(record, 'second'), 'two');
    assert.match(warnings.join('\n'), /"User": "7" has no effect/);
    await fixture.assertOnly([record], contentOf(record));
  });

  test('makes the same content of the same image', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    const first = await create(fixture);
    const second = await create(fixture, { name: 'acme/second' });
    assert.equal(second.manifestDigest, first.manifestDigest);
  });

  test('prefers the config of its author to the label, field by field', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    const config = jsonOf({ network: { type: 'host' }, description: 'of the file' });
    const record = await create(fixture, { config });
    assert.equal(record.config.description, 'of the file');
    assert.equal(record.config.interface.socket, 'p.sock');
    assert.deepEqual(
      record.privileges.map(({ name }) => name),
      ['network'],
    );
  });

  for (const [title, published, options, message] of [
    ['an image without label and config', process, {}, /has no label .*--config config\.json PLUGIN/],
    [
      'a config that is none',
      process,
      { config: jsonOf([]) },
      /^--config: failed to parse config: expected an object/,
    ],
    [
      'a config with a mistake',
      process,
      { config: jsonOf({ ...author, linux: { devices: [{ path: 'fuse' }] } }) },
      /"Linux\.Devices\[0\]\.Path"/,
    ],
    [
      'an image without a program',
      {},
      { config: jsonOf(author), mustRun: true },
      /"Entrypoint": there is none/,
    ],
    ['a bad name', process, { name: 'UPPER' }, /failed to parse reference UPPER/],
  ] as const) {
    test(`refuses ${title}, and keeps nothing`, async () => {
      await using fixture = await openOperationFixture();
      publish(fixture, published);
      await assert.rejects(create(fixture, options), { kind: 'invalid', message });
      await fixture.assertOnly([], []);
    });
  }

  test('refuses a plugin, with the command that installs it', async () => {
    await using fixture = await openOperationFixture();
    publishPlugin(fixture.remote.repository('acme/image'), 'v1');
    await assert.rejects(create(fixture), { kind: 'invalid', message: /is no image: .*outboard install/ });
  });
});

describe('exportPlugin()', () => {
  test('writes config and root filesystem as create takes them', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    const record = await create(fixture);
    const files = await exported(fixture, record.name);
    assert.deepEqual(Object.keys(files), ['config.json', 'rootfs/plugin', 'rootfs/second']);
    assert.equal(files['rootfs/second'], 'two');
    let archive: Buffer[] = [];
    const deliver = async (source: AsyncIterable<Buffer>) => {
      for await (const piece of source) archive.push(Buffer.from(piece));
    };
    await exportPlugin(fixture.parts, { plugin: record.name, deliver });
    async function* context() {
      yield* archive;
      archive = [];
    }
    const again = await createPlugin(fixture.parts, { name: 'acme/again', context: context() });
    assert.equal(again.manifestDigest, record.manifestDigest);
  });

  test('writes the config of an author as it is, and that of an image completed', async () => {
    await using fixture = await openOperationFixture();
    const { privileges } = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', {
      config: { unknown: 1 },
    });
    await pullPlugin(fixture.parts, { remote: 'registry.test/acme/plugin:v1', privileges });
    const classic = await exported(fixture, 'registry.test/acme/plugin:v1');
    assert.match(classic['config.json'] ?? '', /^\{"description":"a plugin for tests",.*"unknown":1\}$/);
    publish(fixture);
    await pullPlugin(fixture.parts, {
      remote: image,
      privileges: await fetchPrivileges(fixture.parts, image, {}),
    });
    const config = JSON.parse((await exported(fixture, image))['config.json'] ?? '');
    assert.deepEqual([config.Entrypoint, config.WorkDir], [['/plugin'], '/srv']);
  });

  test('leaves no lease and no staging directory when the reader fails', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    const record = await create(fixture);
    const deliver = () => Promise.reject(new Error('the client has gone'));
    await assert.rejects(exportPlugin(fixture.parts, { plugin: record.name, deliver }), /has gone/);
    await fixture.assertOnly([record], contentOf(record));
  });
});

test('flattenPlugin() makes of an image what create makes of it', async () => {
  await using fixture = await openOperationFixture();
  publish(fixture);
  const made = await create(fixture);
  const privileges = await fetchPrivileges(fixture.parts, image, {});
  const record = await pullPlugin(fixture.parts, { remote: image, privileges });
  const { content, downloads, registry } = fixture.parts;
  await using lease = content.lease();
  const flat = await flattenPlugin(fixture.parts, { content, downloads, registry, record }, lease);
  assert.equal(flat.manifest.digest, made.manifestDigest);
  assert.deepEqual(parseManifest(flat.manifestBytes, flat.manifest.mediaType).layers, [flat.layer]);
});

test('pushPlugin() in the format of Docker flattens an image, and leaves nothing of it in the store', async () => {
  await using fixture = await openOperationFixture();
  publish(fixture);
  const privileges = await fetchPrivileges(fixture.parts, image, {});
  const name = 'registry.test/acme/classic:v1';
  const record = await pullPlugin(fixture.parts, { remote: image, privileges, name });
  await pushPlugin(fixture.parts, { plugin: name, format: 'docker' });
  const classic = fixture.remote.repository('acme/classic');
  const digest = classic.tags.get('v1');
  assert.ok(digest);
  await fixture.assertOnly([record], contentOf(record));
  const pulled = await pullPlugin(fixture.parts, { remote: name, privileges, name: 'acme/again' });
  assert.deepEqual([pulled.manifestDigest, pulled.blobDigests.length], [digest, 1]);
  assert.equal(fixture.rootfsFile(pulled, 'second'), 'two');
});

test('createFromImage() asks the signature policy before it reads the config of the image', async () => {
  await using fixture = await openOperationFixture();
  publish(fixture);
  const refusal = new OutboardError('forbidden', 'refused', { code: 'policy' });
  const parts = { ...fixture.parts, policy: policyOf(() => Promise.reject(refusal)) };
  await assert.rejects(createFromImage(parts, { name: 'acme/flat', image }), { code: 'policy' });
  assert.deepEqual(
    fixture.remote.requests.filter(({ operation }) => operation === 'openBlob'),
    [],
  );
});
