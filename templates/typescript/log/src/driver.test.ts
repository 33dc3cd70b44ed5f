import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definePlugin, type LoggedContainer } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };
const container = { id: 'a'.repeat(64), options: new Map() } as unknown as LoggedContainer;

test('a log gives back what was written, the last lines if asked for', async () => {
  const root = await mkdtemp(join(tmpdir(), '__NAME__-'));
  try {
    const driver = openDriver(root);
    const sink = await driver.openLog(container, context);
    for (const text of ['one', 'two']) {
      await sink.write({ source: 'stdout', timeNano: 1n, line: Buffer.from(text) });
    }
    await sink.close();
    const read = async (tail?: number) => {
      const lines: string[] = [];
      const entries = await driver.readLogs?.(container, { tail, follow: false }, context);
      for await (const { line } of entries ?? []) lines.push(Buffer.from(line).toString());
      return lines;
    };
    assert.deepEqual(await read(), ['one', 'two']);
    assert.deepEqual(await read(1), ['two']);
  } finally {
    await rm(root, { recursive: true });
  }
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', log: openDriver('/nonexistent') });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
