import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { digestOf } from '../digests/digest.ts';
import { codec } from './codecs.ts';
import { JsonFile } from './json-file.ts';

const shape = {
  subject: 'note',
  codec: codec.object({ text: codec.field('Text', codec.requiredText) }),
} as const;

function pathFor(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-json-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'note.json');
}

const kinds = [
  ['plain', {}, '{"Text":"a"}\n'],
  ['without newline', { endsWithNewline: false }, '{"Text":"a"}'],
  ['sealed', { isSealed: true }, `{"Text":"a","Checksum":"${digestOf(Buffer.from('{"Text":"a"}'))}"}\n`],
  ['for this boot', { isDurable: false }, '{"Text":"a"}\n'],
] as const;

for (const [title, options, bytes] of kinds) {
  test(`a file ${title} is read as it was written, and is for root alone`, async (context) => {
    const path = pathFor(context);
    const file = new JsonFile({ ...shape, ...options });
    assert.equal(await file.read(path), undefined);
    await file.write(path, { text: 'before' });
    await file.commit(path, { text: 'a' }, assert.fail);
    const committed = readFileSync(path, 'utf8');
    await file.write(path, { text: 'a' });
    assert.equal(readFileSync(path, 'utf8'), committed);
    assert.equal(committed, bytes);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(await file.read(path), { text: 'a' });
  });
}

for (const content of [
  '',
  '{"Text":"a',
  'null',
  '[]',
  '{}',
  '{"Text":1}',
  '{"Text":"a","Checksum":"sha256:0"}',
]) {
  const isSealed = content.includes('Checksum');
  const title = `damage (${content || 'an empty file'})`;

  test(`${title} is an error that names the file`, async (context) => {
    const path = pathFor(context);
    writeFileSync(path, content);
    await assert.rejects(new JsonFile({ ...shape, isSealed }).read(path), (error: Error) =>
      error.message.startsWith(`note ${JSON.stringify(path)} is damaged: `),
    );
    assert.equal(readFileSync(path, 'utf8'), content);
  });

  test(`${title} is set aside where that is asked for`, async (context) => {
    const path = pathFor(context);
    writeFileSync(path, content);
    await assert.rejects(new JsonFile({ ...shape, isSealed, damage: 'set-aside' }).read(path), {
      kind: 'system',
    });
    assert.equal(existsSync(path), false);
    assert.equal(readFileSync(`${path}.damaged`, 'utf8'), content);
  });

  test(`${title} counts as absent where that is asked for`, async (context) => {
    const path = pathFor(context);
    writeFileSync(path, content);
    assert.equal(await new JsonFile({ ...shape, isSealed, damage: 'absent' }).read(path), undefined);
  });
}

test('a file that cannot be read is neither absent nor damaged', async (context) => {
  const path = pathFor(context);
  mkdirSync(path);
  const file = new JsonFile({ ...shape, damage: 'absent' });
  await assert.rejects(file.read(path), { code: 'EISDIR' });
  await assert.rejects(file.commit(path, { text: 'a' }, assert.fail), { kind: 'system' });
});
