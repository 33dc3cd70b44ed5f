/** The picture of the README shows the session `tour` of docs/podman.md, which another test runs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from './pages.ts';

test('the picture is the session of docs/podman.md, as scripts/picture.mjs draws it', () => {
  const read = (path: string) => readFileSync(join(repository, path), 'utf8');
  const drawn = execFileSync(process.execPath, ['scripts/picture.mjs', '--print'], { cwd: repository });
  assert.match(read('README.md'), /\(docs\/pictures\/tour\.svg\)/);
  assert.equal(read('docs/pictures/tour.svg'), drawn.toString(), 'run: node scripts/picture.mjs');
});
