import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '@outboard/oci';
import pino from 'pino';
import { openConsents } from './consents.ts';

const logger = pino({ level: 'silent' });
const digest = digestOf(Buffer.from('manifest'));
const privileges = [{ name: 'network', description: '', value: ['host'] }];

test('openConsents() keeps the last consents over a restart, 1000 at most', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-consents-'));
  t.after(() => rm(root, { recursive: true }));
  const consents = await openConsents(root, logger);
  assert.equal(consents.find(digest), undefined);
  await consents.remember(digest, []);
  await consents.remember(digest, privileges);
  const reopened = await openConsents(root, logger);
  assert.deepEqual(reopened.find(digest), consents.find(digest));
  assert.deepEqual(reopened.find(digest)?.privileges, privileges);
});

test('openConsents() puts a damaged file aside, and begins anew', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-consents-'));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'consents.json'), '{"Consents":[]');
  const consents = await openConsents(root, logger);
  assert.equal(consents.find(digest), undefined);
  assert.deepEqual(await readdir(root), ['consents.json.damaged']);
});

test('remember() changes nothing in memory when the disk fails', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-consents-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const consents = await openConsents(root, logger);
  await rm(root, { recursive: true });
  await assert.rejects(consents.remember(digest, privileges), { kind: 'system' });
  assert.equal(consents.find(digest), undefined);
});

test('V5 openConsents() removes what a kill within a write left', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-consents-'));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, '.consents.json.0123456789abcdef.unfinished'), '');
  await openConsents(root, logger);
  assert.deepEqual(await readdir(root), []);
});
