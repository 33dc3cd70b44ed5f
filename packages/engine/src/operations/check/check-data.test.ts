import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Digest } from '@outboard/oci';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from '../install/pull.ts';
import { checkData } from './check-data.ts';
import type { DataCheckRequest, DataFinding } from './data-finding.ts';

const remote = 'registry.test/acme/plugin:v1';
const layers = [{ first: 'one', other: 'text' }, { second: 'two' }];

/** A data root with one plugin. */
async function openChecked() {
  const fixture = await openOperationFixture();
  const published = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', { layers });
  const { privileges } = published;
  const record = await pullPlugin(fixture.parts, { remote, privileges });
  const paths = fixture.parts.store.paths(record.id);
  const check = async (request: DataCheckRequest = {}) => {
    const findings: DataFinding[] = [];
    const context = { ...fixture.parts, signal: new AbortController().signal };
    const onFinding = (finding: DataFinding) => void findings.push(finding);
    const report = await checkData(context, { ...request, onFinding });
    return { findings, report };
  };
  return {
    fixture,
    published,
    record,
    paths,
    check,
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

/** The findings, without their words. */
function kindsOf({ findings }: { readonly findings: readonly DataFinding[] }) {
  return findings.map(
    ({ subject, severity, isRepaired }) => `${subject} ${severity}${isRepaired ? ' repaired' : ''}`,
  );
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Let the plugin have run: then what differs may be its own work. */
function markAsStarted({ paths }: Awaited<ReturnType<typeof openChecked>>): void {
  mkdirSync(paths.logs);
}

describe('checkData()', () => {
  test('finds nothing in a sound data root, and counts what it read', async () => {
    await using checked = await openChecked();
    const { fixture, published, check, record } = checked;
    const { findings, report } = await check({ plugins: [record.name] });
    assert.deepEqual(findings, []);
    const { bytes, ...counts } = report;
    assert.deepEqual(counts, { plugins: 1, blobs: 4, trees: 1, errors: 0, repaired: 0, notes: 0 });
    assert.ok(bytes > 0);
    await fixture.assertOnly([record], published.digests);
  });

  test('refuses an unknown plugin before it checks any', async () => {
    await using checked = await openChecked();
    await assert.rejects(checked.check({ plugins: ['acme/none'] }), { kind: 'not-found' });
  });

  for (const [what, damage] of [
    ['flipped', flipByte],
    ['cut short', (path: string) => truncateSync(path, 40)],
    ['deleted', (path: string) => rmSync(path)],
  ] as const) {
    test(`a record that was ${what} under a running engine is written again`, async () => {
      await using checked = await openChecked();
      const { paths, record, check } = checked;
      const before = readFileSync(paths.record);
      damage(paths.record);
      const damaged = readFileSyncOrNothing(paths.record);
      assert.deepEqual(kindsOf(await check()), ['record error']);
      assert.deepEqual(readFileSyncOrNothing(paths.record), damaged, 'a check changes nothing');
      const { findings } = await check({ repair: true });
      assert.deepEqual(kindsOf({ findings }), ['record error repaired']);
      assert.deepEqual([findings[0]?.plugin?.name, findings[0]?.path], [record.name, paths.record]);
      assert.deepEqual(readFileSync(paths.record), before);
      assert.deepEqual(kindsOf(await check()), []);
    });
  }

  for (const blob of ['manifest', 'config', 'layer'] as const) {
    test(`a damaged ${blob} is told with its path, left as it is, and fetched again on request`, async () => {
      await using checked = await openChecked();
      const { fixture, record, check } = checked;
      const [layer] = record.blobDigests;
      const digest: Digest | undefined = {
        manifest: record.manifestDigest,
        config: record.configDigest,
        layer,
      }[blob];
      assert.ok(digest !== undefined);
      fixture.parts.content.damage(digest);
      for (const quick of [false, true]) {
        if (quick && blob === 'layer') continue; // only its size is looked at
        const found: readonly DataFinding[] = (await check({ quick })).findings;
        const errors = found.filter(({ severity }) => severity === 'error');
        assert.equal(errors.length, 1);
        assert.equal(errors[0]?.plugin?.name, record.name);
        assert.ok(errors[0]?.path.endsWith(digest.slice('sha256:'.length)));
        assert.match(errors[0]?.remedy ?? '', /outboard fsck --repair registry\.test/);
        assert.equal((await fixture.parts.content.stat(digest)).exists, true, 'it is not set aside');
      }
      assert.deepEqual(kindsOf(await check({ repair: true })), ['blob error repaired']);
      assert.deepEqual(kindsOf(await check()), []);
    });
  }

  test('a blob that no registry has is told with the reason, and the tree is left', async () => {
    await using checked = await openChecked();
    const { fixture, record, check } = checked;
    const [layer] = record.blobDigests;
    assert.ok(layer !== undefined);
    fixture.parts.content.damage(layer);
    fixture.remote.repository('acme/plugin').blobs.delete(layer);
    const { findings, report } = await check({ repair: true });
    assert.deepEqual(kindsOf({ findings }), ['blob error', 'rootfs note']);
    assert.match(
      findings[0]?.remedy ?? '',
      /cannot be fetched again from registry\.test.*the plugin runs on/,
    );
    assert.equal(report.repaired, 0);
    assert.equal(fixture.rootfsFile(record, 'first'), 'one');
  });

  test('a blob is fetched from where another plugin with the same content came from', async () => {
    await using checked = await openChecked();
    const { fixture, published, record, check } = checked;
    const { store, content } = fixture.parts;
    const { privileges } = published;
    const other = await pullPlugin(fixture.parts, { remote, privileges, name: 'acme/other:v1' });
    const reference = 'registry.test/acme/gone:v1';
    await store.save({ ...record, pluginReference: reference });
    for (const digest of [record.manifestDigest, ...record.blobDigests]) content.damage(digest);
    const { findings, report } = await check({ repair: true, plugins: [record.name] });
    assert.deepEqual([report.errors, report.repaired], [3, 3]);
    assert.ok(findings.every(({ plugin }) => plugin?.id === record.id));
    assert.deepEqual(kindsOf(await check({ plugins: [other.name] })), []);
  });

  for (const [what, damage, problem] of [
    ['cut short', (path: string) => truncateSync(path, 1), /has 1 bytes, want 3/],
    ['flipped', flipByte, /content differs/],
    ['deleted', (path: string) => rmSync(path), /is missing/],
  ] as const) {
    test(`a file of a root filesystem that was ${what} is told by name, and the tree is made anew`, async () => {
      await using checked = await openChecked();
      const { fixture, record, paths, check } = checked;
      const path = join(paths.rootfs, 'first');
      damage(path);
      const { findings } = await check();
      assert.deepEqual(kindsOf({ findings }), ['rootfs error']);
      assert.equal(findings[0]?.path, path);
      assert.match(findings[0]?.problem ?? '', problem);
      assert.deepEqual(kindsOf(await check({ repair: true })), ['rootfs error repaired']);
      assert.equal(fixture.rootfsFile(record, 'first'), 'one');
      assert.deepEqual(kindsOf(await check()), []);
    });
  }

  test('the root filesystem of an enabled plugin is not touched', async () => {
    await using checked = await openChecked();
    const { fixture, record, paths, check } = checked;
    await fixture.parts.store.save({ ...record, enabled: true });
    flipByte(join(paths.rootfs, 'first'));
    const { findings } = await check({ repair: true });
    assert.deepEqual(kindsOf({ findings }), ['rootfs error']);
    assert.match(findings[0]?.remedy ?? '', /it is enabled: outboard disable/);
    assert.notEqual(fixture.rootfsFile(record, 'first'), 'one');
  });

  test('what the plugin may have done itself is a note, blocks a repair, and is dropped by a strict one', async () => {
    await using checked = await openChecked();
    const { fixture, record, paths, check } = checked;
    markAsStarted(checked);
    writeFileSync(join(paths.rootfs, 'state'), 'of the plugin');
    writeFileSync(join(paths.rootfs, 'mount-point'), '');
    mkdirSync(join(paths.rootfs, 'run'));
    assert.deepEqual(kindsOf(await check({ repair: true })), ['rootfs note']);
    rmSync(join(paths.rootfs, 'first'));
    const { findings } = await check({ repair: true });
    assert.deepEqual(kindsOf({ findings }), ['rootfs error', 'rootfs note']);
    assert.match(findings[0]?.remedy ?? '', /--repair --strict .*drops what the plugin made/);
    assert.equal(readFileSync(join(paths.rootfs, 'state'), 'utf8'), 'of the plugin');
    const strict = await check({ repair: true, strict: true });
    assert.deepEqual(kindsOf(strict), ['rootfs error repaired', 'rootfs error repaired']);
    assert.deepEqual(kindsOf(await check({ strict: true })), []);
    assert.equal(fixture.rootfsFile(record, 'first'), 'one');
  });

  test('a root filesystem that is gone is made anew', async () => {
    await using checked = await openChecked();
    const { fixture, record, paths, check } = checked;
    rmSync(paths.rootfs, { recursive: true });
    for (const quick of [true, false]) assert.deepEqual(kindsOf(await check({ quick })), ['rootfs error']);
    assert.deepEqual(kindsOf(await check({ repair: true })), ['rootfs error repaired']);
    assert.equal(fixture.rootfsFile(record, 'second'), 'two');
  });

  test('a plugin whose directory is gone is told to be missing, and the check goes on', async () => {
    await using checked = await openChecked();
    rmSync(checked.paths.directory, { recursive: true });
    const { findings } = await checked.check({ quick: true });
    assert.deepEqual(
      findings.filter(({ path }) => path === checked.paths.rootfs).map(({ subject }) => subject),
      ['rootfs'],
    );
  });

  test('a damaged list of references is written again from the one in force', async () => {
    await using checked = await openChecked();
    const { fixture, record, paths, check } = checked;
    await fixture.parts.references.add(record.id, { kind: 'client', holder: 'web' });
    const before = readFileSync(paths.references);
    flipByte(paths.references);
    assert.deepEqual(kindsOf(await check()), ['state error']);
    assert.deepEqual(kindsOf(await check({ repair: true })), ['state error repaired']);
    assert.deepEqual(readFileSync(paths.references), before);
  });

  test('a damaged record of consents is written again from the one in force', async () => {
    await using checked = await openChecked();
    const { fixture, record, check } = checked;
    const path = join(fixture.parts.dataRoot, 'consents.json');
    await fixture.parts.consents.remember(record.manifestDigest, record.privileges);
    const before = readFileSync(path);
    for (const damage of [flipByte, (file: string) => rmSync(file)]) {
      damage(path);
      assert.deepEqual(kindsOf(await check()), ['state error']);
      assert.deepEqual(kindsOf(await check({ repair: true })), ['state error repaired']);
      assert.deepEqual(readFileSync(path), before);
    }
  });

  test('what no plugin uses is a note', async () => {
    await using checked = await openChecked();
    const { fixture, check } = checked;
    await fixture.parts.content.write(Buffer.from('of no plugin'));
    mkdirSync(join(fixture.parts.store.layout.pluginsDirectory, 'lost+found'));
    const { findings } = await check();
    assert.deepEqual(kindsOf({ findings }), ['leftover note', 'leftover note']);
    assert.match(findings[1]?.remedy ?? '', /outboard gc/);
  });
});

function readFileSyncOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
