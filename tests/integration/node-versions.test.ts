import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const scripts = new URL('../../scripts', import.meta.url).pathname;

/**
 * Does what npm does: deletes the directory first, and leaves out a package whose download failed, here the first time. It
 * fails when another one runs.
 */
const npm = `#!/bin/sh
set -e
mkdir "$STATE/running" || { echo 'two at once' >&2; exit 1; }
echo run >> "$STATE/runs"
rm -rf node_modules
sleep 0.2
for name in node20 node22 node24; do
  [ $name = node24 ] && [ $(wc -l < "$STATE/runs") = 1 ] && continue
  mkdir -p node_modules/$name-$PROCESSOR/bin
  touch node_modules/$name-$PROCESSOR/bin/node
done
cp package-lock.json node_modules/.package-lock.json
rmdir "$STATE/running"
`;

test('processes that need other versions of Node.js at once install them once, and again if npm left one out', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'outboard-node-versions-'));
  t.after(() => rm(root, { recursive: true }));
  const programs = join(root, 'bin');
  await mkdir(programs);
  await writeFile(join(programs, 'npm'), npm, { mode: 0o755 });
  for (const name of ['node-versions.mjs', 'installed-packages.mjs', 'is-main.mjs'])
    await cp(join(scripts, name), join(root, name));
  await mkdir(join(root, 'node-versions'));
  for (const name of ['package.json', 'package-lock.json'])
    await cp(join(scripts, 'node-versions', name), join(root, 'node-versions', name));

  const code = `import { installedNode } from ${JSON.stringify(join(root, 'node-versions.mjs'))}; console.log(installedNode(24));`;
  const env = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    STATE: root,
    PROCESSOR: process.arch,
  };
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { env });
  for (const { stdout } of await Promise.all([run(), run(), run()]))
    assert.match(stdout, new RegExp(`node-versions/node_modules/node24-${process.arch}\\n$`));
  assert.equal(await readFile(join(root, 'runs'), 'utf8'), 'run\nrun\n');
});
