import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { changeAuthFile } from './change-auth-file.ts';
import { setJsonMember } from './edit-json.ts';

describe('changeAuthFile()', () => {
  let home: string;
  let count = 0;
  const { signal } = new AbortController();
  const add = (key: string) => (text: string) => setJsonMember(text, ['auths', key], {});

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'ob-auth-file-'));
  });
  after(() => rm(home, { recursive: true }));
  const place = () => join(home, String(count++));
  const bits = async (path: string) => (await stat(path)).mode & 0o777;

  test('makes the file and its directory for their owner only', async () => {
    const directory = place();
    const path = join(directory, 'nested', 'config.json');
    assert.deepEqual(await changeAuthFile(path, add('h'), signal), { hasChanged: true, wideMode: undefined });
    assert.equal(await bits(path), 0o600);
    assert.equal(await bits(join(directory, 'nested')), 0o700);
    assert.deepEqual(await readdir(join(directory, 'nested')), ['config.json']);
  });

  test('closes a file that others could read, and says so', async () => {
    const directory = place();
    await mkdir(directory);
    const path = join(directory, 'config.json');
    await writeFile(path, '{"x": 1}', { mode: 0o644 });
    assert.equal((await changeAuthFile(path, add('h'), signal)).wideMode, 0o644);
    assert.equal(await bits(path), 0o600);
  });

  test('follows links, and leaves them', async () => {
    const directory = place();
    await mkdir(join(directory, 'dotfiles'), { recursive: true });
    await writeFile(join(directory, 'dotfiles/docker.json'), '{"x": 1}');
    await symlink('dotfiles/docker.json', join(directory, 'config.json'));
    await symlink('dotfiles/new.json', join(directory, 'absent.json'));
    await changeAuthFile(join(directory, 'config.json'), add('h'), signal);
    await changeAuthFile(join(directory, 'absent.json'), add('h'), signal);
    assert.equal(await readlink(join(directory, 'config.json')), 'dotfiles/docker.json');
    assert.deepEqual(JSON.parse(await readFile(join(directory, 'dotfiles/docker.json'), 'utf8')), {
      x: 1,
      auths: { h: {} },
    });
    assert.match(await readFile(join(directory, 'dotfiles/new.json'), 'utf8'), /"h": \{\}/);
  });

  test('writers at once do not lose one another', async () => {
    const path = join(place(), 'config.json');
    const keys = Array.from({ length: 20 }, (_, index) => `h${index}`);
    await Promise.all(keys.map((key) => changeAuthFile(path, add(key), new AbortController().signal)));
    assert.deepEqual(Object.keys(JSON.parse(await readFile(path, 'utf8')).auths).sort(), keys.sort());
  });

  for (const [name, content, reason] of [
    ['a file that is not JSON', '{"auths": S3CRET', /is not valid JSON: repair it, or move it away/],
    ['a file with a list', '["S3CRET"]', /is not a JSON object/],
  ] as const) {
    test(`refuses ${name}, and leaves it`, async () => {
      const directory = place();
      await mkdir(directory);
      const path = join(directory, 'config.json');
      await writeFile(path, content);
      await assert.rejects(changeAuthFile(path, add('h'), signal), (error: Error) => {
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /S3CRET/);
        return true;
      });
      assert.equal(await readFile(path, 'utf8'), content);
      assert.deepEqual(await readdir(directory), ['config.json']);
    });
  }

  test('names the file that cannot be written, in words', async () => {
    const directory = place();
    await writeFile(directory, '');
    await assert.rejects(changeAuthFile(join(directory, 'config.json'), add('h'), signal), {
      message: /^cannot (read|write) ".*config\.json": a part of its path is not a directory$/,
    });
  });
});
