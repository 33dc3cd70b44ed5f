/**
 * The pages of the manual, as scripts/manual-pages.mjs writes them, read by mandoc and by man.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needsPrograms } from '../support/packed-programs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the manual', { skip: needsPrograms('/usr/bin/mandoc') }, () => {
  let directory: string;
  let files: readonly string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ob-manual-'));
    const made = spawnSync(process.execPath, ['scripts/manual-pages.mjs', directory], { cwd: root });
    assert.equal(made.status, 0, String(made.stderr));
    files = (await readdir(directory)).map((file) => join(directory, file));
  });
  after(() => rm(directory, { recursive: true }));

  test('has no error and no warning', () => {
    const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-W', 'warning', ...files], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [0, '']);
  });

  test('shows options, commands and keys as they are typed', () => {
    const read = (file: string) => {
      const { stdout } = spawnSync('mandoc', ['-Tascii', join(directory, file)], { encoding: 'utf8' });
      // Bold and underlined characters are overstruck.
      const parts = stdout.split('\b');
      return parts.map((part, index) => (index < parts.length - 1 ? part.slice(0, -1) : part)).join('');
    };
    assert.match(read('outboard-ls.1'), /^ {7}-f, --filter filter$/m);
    assert.match(read('outboard-inspect.1'), /outboard inspect -f '\{\{json \.Settings\.Env\}\}' rclone$/m);
    assert.match(read('outboard-volume-create.1'), /^ {7}outboard volume create \[OPTIONS\] \[VOLUME\]$/m);
    assert.match(read('outboard.1'), /^ {7}outboard-daemon\(8\)$/m);
    assert.match(read('outboard-daemon.8'), /^ {7}--data-root directory$/m);
    assert.match(read('outboard-daemon.json.5'), /^ {7}data-root$/m);
  });
});
