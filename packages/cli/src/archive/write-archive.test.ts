import assert from 'node:assert/strict';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { refuseTerminal, writeArchive } from './write-archive.ts';

describe('writeArchive()', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ob-write-'));
  });
  after(() => rm(directory, { recursive: true }));

  const written: Buffer[] = [];
  const stdout = { write: (chunk: string | Buffer) => written.push(Buffer.from(chunk)) > 0 };
  const to = (output: string | undefined, isTTY?: boolean) => ({
    output,
    host: { stdout: { ...stdout, isTTY } as never }, // the parts of a stream that are used
    signal: new AbortController().signal,
  });

  function archive(...chunks: readonly string[]): Readable {
    return Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: false },
    );
  }

  async function* breaking(): AsyncGenerator<Buffer> {
    yield Buffer.from('half of it');
    throw new Error('the connection broke');
  }

  test('replaces a file, for its owner only, and a link to it stays', async () => {
    const [file, link] = [join(directory, 'a.tar'), join(directory, 'link.tar')];
    await writeFile(file, 'earlier content');
    await chmod(file, 0o644);
    await symlink('a.tar', link);
    await writeArchive(archive('one', 'two'), to(link));
    assert.equal(await readFile(file, 'utf8'), 'onetwo');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.deepEqual((await readdir(directory)).sort(), ['a.tar', 'link.tar']);
    await Promise.all([rm(file), rm(link)]);
  });

  test('leaves the file that was there, and nothing else, when the archive breaks', async () => {
    const file = join(directory, 'b.tar');
    await writeFile(file, 'earlier content');
    await assert.rejects(writeArchive(Readable.from(breaking(), { objectMode: false }), to(file)), {
      message: 'the connection broke',
    });
    assert.equal(await readFile(file, 'utf8'), 'earlier content');
    assert.deepEqual(await readdir(directory), ['b.tar']);
    await rm(file);
  });

  test('says which file cannot be written, and why', async () => {
    await mkdir(join(directory, 'd'));
    const missing = join(directory, 'none/a.tar');
    const cases: readonly (readonly [path: string, reason: RegExp])[] = [
      ['/dev/full', /^cannot write "\/dev\/full": ENOSPC: no space left on device$/],
      [missing, /^cannot write ".*\/none\/a\.tar": ENOENT: no such file or directory$/],
      [join(directory, 'd'), /^cannot write ".*\/d": it is a directory, want a file$/],
    ];
    for (const [path, message] of cases) {
      await assert.rejects(writeArchive(archive('one'), to(path)), { message });
    }
    await rm(join(directory, 'd'), { recursive: true });
    assert.deepEqual(await readdir(directory), []);
  });

  test('writes to standard output, which must be no terminal', async () => {
    for (const output of [undefined, '-']) {
      written.length = 0;
      await writeArchive(archive('one', 'two'), to(output));
      assert.equal(Buffer.concat(written).toString(), 'onetwo');
      assert.throws(() => refuseTerminal(to(output, true)), { message: /refusing to save to a terminal/ });
      refuseTerminal(to(output, false));
    }
    refuseTerminal(to('file.tar', true));
  });
});
