import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFileSystemProbe, type FileSystemProbe } from './file-system-probe.ts';

const directory = mkdtempSync(join(tmpdir(), 'outboard-ask-'));
after(() => rmSync(directory, { recursive: true }));
/** As if another process served every file system. */
const served = { isLocal: async () => false };
const probe = createFileSystemProbe({ paths: served });
const follow = { followLinks: true };
const noFollow = { followLinks: false };

test('status() reports type, owner and device', async () => {
  const device = await probe.status('/dev/null', noFollow);
  assert.deepEqual(device, {
    kind: 'found',
    value: { mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0 },
  });
});

test('status() and realPath() follow links, or not, whatever is in their names', async () => {
  const name = join(directory, '-a\n b');
  writeFileSync(name, '', { mode: 0o600 });
  symlinkSync(name, join(directory, 'link'));
  const typeOf = async (options: Parameters<FileSystemProbe['status']>[1]) => {
    const result = await probe.status(join(directory, 'link'), options);
    return result.kind === 'found' ? result.value.mode & 0o170000 : result.kind;
  };
  assert.deepEqual([await typeOf(follow), await typeOf(noFollow)], [0o100000, 0o120000]);
  assert.deepEqual(await probe.realPath(join(directory, 'link')), { kind: 'found', value: name });
});

test('status() distinguishes a missing path from an unreachable one', async () => {
  writeFileSync(join(directory, 'file'), '');
  symlinkSync('nothing', join(directory, 'dangling'));
  symlinkSync('circle', join(directory, 'circle'));
  assert.deepEqual(await probe.status(join(directory, 'nothing'), follow), { kind: 'missing' });
  assert.deepEqual(await probe.status(join(directory, 'dangling'), follow), { kind: 'missing' });
  assert.deepEqual(await probe.status(join(directory, 'file/below'), follow), {
    kind: 'unreachable',
    reason: 'not a directory',
  });
  assert.deepEqual(await probe.status(join(directory, 'circle'), follow), {
    kind: 'unreachable',
    reason: 'too many levels of symbolic links',
  });
});

test('space() reports the same as statfs(2)', async () => {
  const space = await probe.space('/proc');
  const { bavail, bsize, files, ffree } = statfsSync('/proc');
  assert.deepEqual(space, {
    kind: 'found',
    value: { freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree },
  });
  const shared = await probe.space(directory);
  assert.ok(shared.kind === 'found' && shared.value.freeBytes > 0, JSON.stringify(shared));
});

/** Run a probe with a script in place of `stat`. */
async function withStat<Result>(script: string, run: () => Promise<Result>): Promise<Result> {
  const programs = mkdtempSync(join(directory, 'bin-'));
  writeFileSync(join(programs, 'stat'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${programs}:${before}`;
  try {
    return await run();
  } finally {
    process.env.PATH = before;
  }
}

test('a probe on a slow host continues while it makes progress', async () => {
  mkdirSync(join(directory, 'slow'));
  // Many times the limit without progress.
  const slow = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exec /usr/bin/stat "$@"';
  const patient = createFileSystemProbe({ paths: served, idleMs: 40, intervalMs: 20, totalMs: 240_000 });
  const seen = await withStat(slow, () => patient.status(join(directory, 'slow'), follow));
  assert.equal(seen.kind, 'found', JSON.stringify(seen));
});

test('a probe ends with a reason without progress, and with that of its signal', async () => {
  const impatient = createFileSystemProbe({ paths: served, idleMs: 40, intervalMs: 20 });
  const silent = { kind: 'unreachable', reason: 'its file system does not answer' };
  const probeSilent = () => impatient.status(join(directory, 'silent'), follow);
  assert.deepEqual(await withStat('exec sleep 1000', probeSilent), silent);
  // Later probes with the same deadline fail at once.
  assert.deepEqual(await impatient.status(directory, follow), silent);
  const reason = new Error('the caller left');
  const scope = new AbortController();
  const left = createFileSystemProbe({ paths: served, signal: scope.signal }).status(directory, follow);
  scope.abort(reason);
  await assert.rejects(left, reason);
});
