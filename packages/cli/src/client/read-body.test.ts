import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLines } from './read-body.ts';

async function collect(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('readLines()', () => {
  async function* chunks(...parts: readonly string[]) {
    for (const part of parts) yield Buffer.from(part);
  }

  test('joins lines that arrive in several chunks', async () => {
    const lines = await collect(readLines(chunks('{"a":', '1}\r\n{}\n\r\n{"b"', ':2}'), 100));
    assert.deepEqual(lines, ['{"a":1}', '{}', '{"b":2}']);
  });

  test('decodes characters that are split between chunks', async () => {
    async function* pieces() {
      yield Buffer.from([0xe2, 0x82]);
      yield Buffer.from([0xac, 0x0a]);
    }
    assert.deepEqual(await collect(readLines(pieces(), 100)), ['€']);
  });

  test('refuses an endless line', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(10, 'x');
    }
    await assert.rejects(collect(readLines(endless(), 100)), /longer than 100 bytes/);
  });
});
