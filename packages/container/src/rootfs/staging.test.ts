import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import pino from 'pino';
import { openStaging } from './staging.ts';

const silent = pino({ level: 'silent' });

async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-staging-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

test('openStaging() makes a private directory and deletes what an earlier run left', async () => {
  await using place = await makePlace();
  const tmp = join(place.path, 'plugins', 'tmp');
  await openStaging(tmp, silent);
  assert.equal(modeOf(tmp), '700');
  await mkdir(join(tmp, 'old', 'rootfs'), { recursive: true });
  await writeFile(join(tmp, 'file'), '');
  await openStaging(tmp, silent);
  assert.deepEqual(await readdir(tmp), []);
});

test('A25 a staging directory is private, and a directory in it has the mode of a root directory', async () => {
  await using place = await makePlace();
  const staging = await openStaging(join(place.path, 'tmp'), silent);
  await using staged = await staging.create();
  assert.equal(modeOf(staged.path), '700');
  assert.equal(modeOf(await staged.makeDirectory('rootfs')), '755');
});

test('a staging directory is deleted unless it was renamed away', async () => {
  await using place = await makePlace();
  const staging = await openStaging(join(place.path, 'tmp'), silent);
  const target = join(place.path, 'plugin');
  {
    await using kept = await staging.create();
    await using _failed = await staging.create();
    await rename(kept.commit(), target);
  }
  assert.ok(existsSync(target));
  assert.deepEqual(await readdir(join(place.path, 'tmp')), []);
});

test('openStaging() names a directory that cannot be made', async () => {
  await using place = await makePlace();
  await writeFile(join(place.path, 'file'), '');
  await assert.rejects(openStaging(join(place.path, 'file', 'tmp'), silent), {
    kind: 'system',
    message: /cannot make directory .*: ENOTDIR/,
  });
});
