import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogFixture } from '../testing/log-fixture.ts';
import { watchDirectory } from './watch-directory.ts';

/** Watch a directory; resolves when the listener was called. */
function watching(t: { after(clean: () => void): void }, path: string) {
  let calls = 0;
  let tell = (): void => undefined;
  t.after(
    watchDirectory(path, () => {
      calls += 1;
      tell();
    }),
  );
  // The watch does not keep the test alive.
  const alive = setInterval(() => undefined, 60_000);
  t.after(() => clearInterval(alive));
  return {
    calls: () => calls,
    next: () =>
      new Promise<void>((resolve) => {
        tell = resolve;
      }),
  };
}

test('each change is reported, also those during the pause after one', async (t) => {
  const { directory } = createLogFixture(t);
  const watched = watching(t, directory);
  for (let round = 0; round < 3; round += 1) {
    const told = watched.next();
    writeFileSync(join(directory, `file-${round}`), '');
    await told;
  }
});

test('a thousand changes are reported a few times', async (t) => {
  const { directory } = createLogFixture(t);
  const watched = watching(t, directory);
  const first = watched.next();
  for (let round = 0; round < 1000; round += 1) writeFileSync(join(directory, 'file'), String(round));
  await first;
  await watched.next();
  assert.ok(watched.calls() < 20, `told ${watched.calls()} times`);
});

test('a directory that is missing, and made again, is watched again', async (t) => {
  const { directory } = createLogFixture(t);
  rmSync(directory, { recursive: true });
  const watched = watching(t, directory);
  await watched.next();
  mkdirSync(directory);
  await watched.next();
  writeFileSync(join(directory, 'file'), '');
  await watched.next();
});

test('nothing is reported after the watch has stopped', async (t) => {
  const { directory } = createLogFixture(t);
  const other = watching(t, directory);
  const unwatch = watchDirectory(directory, () => assert.fail('told after the end'));
  unwatch();
  const told = other.next();
  writeFileSync(join(directory, 'file'), '');
  await told;
});
