/**
 * `outboard dev` with a real daemon: an edit is served, a fault of the author breaks nothing, and the end leaves what was there.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as run, startOutboard } from '../support/outboard-program.ts';

describe('outboard dev', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
  });
  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const place = () => ({ cwd: home, socket: daemon.socket });
  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await run(args, place());
    assert.equal(code, 0, err);
    return out;
  }

  /** A small plugin that says a word when it starts. @returns a function that changes its source */
  async function begin(name: string) {
    await succeed('init', '--kind', 'volume', '--language', 'c', name);
    const file = join(home, name, 'src/main.c');
    const source = await readFile(file, 'utf8');
    const edit = async (line: string) => {
      await writeFile(file, `#include <stdio.h>\n${source.replace('{\n', `{\n  ${line}\n`)}`);
    };
    await edit('fprintf(stderr, "version one\\n");');
    return edit;
  }

  test('replaces the plugin after an edit, keeps it after a fault, and removes it at the end', async () => {
    const edit = await begin('edited');
    const dev = startOutboard(['dev', 'edited'], place());
    await dev.shows('version one');
    await dev.shows('dev: created edited:latest, and enabled it');
    const id = await succeed('inspect', '--format', '{{.Id}}', 'edited');
    await succeed('volume', 'create', '--driver', 'edited', 'kept');
    await edit('fprintf(stderr, "version two\\n");');
    await dev.shows('dev: replaced edited:latest');
    await dev.shows('version two');
    assert.equal(await succeed('inspect', '--format', '{{.Id}}', 'edited'), id);
    assert.match(await succeed('volume', 'ls'), /edited:latest +kept/);
    await edit('this is no C;');
    await dev.shows(/error: .*[\s\S]*the build command "make --silent" failed: exit code 2/);
    assert.match(await succeed('volume', 'ls'), /edited:latest +kept/);
    await edit('return 7;');
    await dev.shows(/plugin edited:latest was not upgraded, and the installed version runs again: .*code 7/);
    assert.match(await succeed('volume', 'ls'), /edited:latest +kept/);
    assert.equal(await dev.end('SIGINT'), 0);
    assert.match(dev.output(), /dev: removed edited:latest\n$/);
    assert.doesNotMatch(await succeed('ls'), /edited/);
  });

  test('keeps a plugin that was there, and disables it when it was', async () => {
    await begin('present');
    await succeed('build', 'present');
    const dev = startOutboard(['dev', 'present'], place());
    await dev.shows('dev: replaced present:latest, and enabled it');
    assert.equal(await dev.end('SIGTERM'), 0);
    assert.match(await succeed('ls'), /present:latest +disabled/);
    const kept = startOutboard(['dev', '--keep', 'present'], place());
    await kept.shows('and enabled it');
    assert.equal(await kept.end('SIGINT'), 0);
    assert.match(await succeed('ls'), /present:latest +running/);
    await succeed('rm', '--force', 'present');
  });

  test('asks for a privilege that an edit adds, and ends without a terminal', async () => {
    await begin('privileged');
    const dev = startOutboard(['dev', 'privileged'], place());
    await dev.shows('and enabled it');
    const file = join(home, 'privileged/config.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...config, network: { type: 'host' } }));
    await dev.shows(/is requesting the following privileges:\n - network: \[host\]/);
    await dev.shows('use --grant-all-permissions to confirm');
    await dev.shows('dev: removed privileged:latest');
    const granted = startOutboard(['dev', '--grant-all-permissions', 'privileged'], place());
    await granted.shows('and enabled it');
    assert.match(await succeed('inspect', '--format', '{{.Config.Network.Type}}', 'privileged'), /host/);
    assert.equal(await granted.end('SIGINT'), 0);
  });

  test('refuses a project without a name', async () => {
    await writeFile(join(home, 'config.json'), '{}');
    const { code, err } = await run(['dev', '.'], place());
    assert.equal(code, 125);
    assert.match(err, /the project has no "name".*: want --tag NAME/);
  });
});
