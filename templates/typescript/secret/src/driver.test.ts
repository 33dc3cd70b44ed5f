import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definePlugin, type SecretRequest } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };
const requestFor = (secretName: string) => ({ secretName }) as SecretRequest;

test('a secret is the content of its file, and others are not found', async () => {
  const root = await mkdtemp(join(tmpdir(), '__NAME__-'));
  try {
    await writeFile(join(root, 'db-password'), 'value');
    const driver = openDriver(root);
    const found = await driver.getSecret(requestFor('db-password'), context);
    assert.equal(String(found?.value), 'value');
    assert.equal(await driver.getSecret(requestFor('other'), context), undefined);
    await assert.rejects(driver.getSecret(requestFor('../etc/shadow'), context), /invalid secret name/);
  } finally {
    await rm(root, { recursive: true });
  }
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', secrets: openDriver('/nonexistent') });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
