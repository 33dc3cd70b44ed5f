/**
 * Data roots of every release are opened with all that is in them; one of a newer release is refused untouched.
 *
 * The archives in `data-roots` hold what the engine of that release wrote: `create`, `set DEBUG=1`, and since 0.2 `replace`
 * for a plugin `acme/kept:v1`. To add one: the same calls with the new release, then `tar -C DATA_ROOT -czf`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPluginEngine } from '@outboard/engine';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';

const releases = fileURLToPath(new URL('data-roots', import.meta.url));

async function withDataRoot(step: (dataRoot: string, execRoot: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'outboard-layout-'));
  const dataRoot = join(home, 'data');
  mkdirSync(dataRoot, { mode: 0o755 });
  try {
    await step(dataRoot, join(home, 'exec'));
  } finally {
    rmSync(home, { recursive: true });
  }
}

for (const archive of readdirSync(releases)) {
  test(
    `opens the data root of release ${archive.replace('.tar.gz', '')}, and migrates it once`,
    {
      skip: needsRoot,
    },
    () =>
      withDataRoot(async (dataRoot, execRoot) => {
        execFileSync('tar', ['-C', dataRoot, '-xzf', join(releases, archive)]);
        const [id = ''] = readdirSync(join(dataRoot, 'plugins')).filter((name) => name.length === 64);
        const old = readFileSync(join(dataRoot, 'plugins', id, 'config.json'), 'utf8');
        const versions: unknown[] = [];
        for (let start = 0; start < 2; start += 1) {
          await using engine = await openPluginEngine({ dataRoot, execRoot });
          const [plugin, other] = engine.list();
          assert.equal(other, undefined);
          assert.equal(plugin?.name, 'acme/kept:v1');
          assert.deepEqual(plugin.settings.env, ['DEBUG=1']);
          assert.match(plugin.config.description, /^plugin (?:first|second)$/);
          versions.push(lstatSync(join(dataRoot, 'layout.json')).ino);
          await engine.set(plugin.id, ['DEBUG=2']);
          await engine.set(plugin.id, ['DEBUG=1']);
        }
        assert.equal(new Set(versions).size, 1, 'the version was written twice');
        const backup = join(dataRoot, 'backups/layout-1', `${id}.json`);
        assert.equal(readFileSync(backup, 'utf8'), old);
        checkDataRoot(dataRoot);
      }),
  );
}

test('refuses the data root of a newer release, and changes nothing', { skip: needsRoot }, () =>
  withDataRoot(async (dataRoot, execRoot) => {
    mkdirSync(join(dataRoot, 'plugins'), { mode: 0o755 });
    writeFileSync(join(dataRoot, 'layout.json'), '{"Version":1000,"WrittenBy":"outboard/9.0.0"}');
    const facts = () =>
      ['', 'plugins', 'layout.json'].map((name) => {
        const { mode, mtimeMs, ctimeMs } = lstatSync(join(dataRoot, name));
        return [name, mode, mtimeMs, ctimeMs];
      });
    const before = facts();
    await assert.rejects(openPluginEngine({ dataRoot, execRoot, userAgent: 'outboard/0.3.0' }), {
      kind: 'conflict',
      code: 'newer-data-root',
      message: /layout 1000, last by outboard\/9\.0\.0.*outboard\/0\.3\.0 knows/,
    });
    assert.deepEqual(facts(), before);
    assert.ok(!existsSync(execRoot));
  }),
);
