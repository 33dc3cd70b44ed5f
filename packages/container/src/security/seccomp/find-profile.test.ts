import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtInSeccompProfile } from './built-in-profile.ts';
import { findSeccompProfile } from './find-profile.ts';

describe('findSeccompProfile()', () => {
  let directory = '';
  let own = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-seccomp-'));
    own = join(directory, 'own.json');
    await writeFile(own, '{"defaultAction": "SCMP_ACT_LOG"}');
  });
  after(() => rm(directory, { recursive: true }));

  test('finds the first profile that the host has', async () => {
    const later = join(directory, 'later.json');
    await writeFile(later, '{"defaultAction": "SCMP_ACT_KILL"}');
    const found = await findSeccompProfile('default', [join(directory, 'absent.json'), own, later]);
    assert.equal(found?.defaultAction, 'SCMP_ACT_LOG');
  });

  test('uses the built-in profile where the host has none, and on request', async () => {
    assert.equal(
      await findSeccompProfile('default', [join(directory, 'absent.json')]),
      builtInSeccompProfile,
    );
    assert.equal(await findSeccompProfile('builtin', [own]), builtInSeccompProfile);
  });

  test('finds none for unconfined, and the file of a path', async () => {
    assert.equal(await findSeccompProfile('unconfined', [own]), undefined);
    assert.equal((await findSeccompProfile(own, []))?.defaultAction, 'SCMP_ACT_LOG');
  });

  test('falls back to no other profile when one is invalid', async () => {
    const broken = join(directory, 'broken.json');
    await writeFile(broken, '{}');
    await assert.rejects(findSeccompProfile('default', [broken]), {
      kind: 'invalid',
      message: /defaultAction/,
    });
  });

  test('refuses a path without file, a directory, a fifo and a file that is too large', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const large = join(directory, 'large.json');
    await writeFile(large, '');
    await truncate(large, 2 ** 20 + 1);
    for (const [path, message] of [
      [join(directory, 'absent.json'), /no such file/],
      [directory, /not a regular file/],
      [fifo, /not a regular file/],
      [large, /1048577 bytes, want at most 1048576/],
      [join(own, 'below'), /not a directory/],
    ] as const) {
      await assert.rejects(findSeccompProfile(path), { kind: 'invalid', message }, path);
    }
  });
});
