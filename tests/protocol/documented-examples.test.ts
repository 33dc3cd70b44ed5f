/** docs/plugin-protocols.md: its examples are the code that runs here, and its table names every client. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as engineExports from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { connectContainer, fetchSecret, keepLog, mountVolume } from './documented-examples.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const page = readFileSync(new URL('../../docs/plugin-protocols.md', import.meta.url), 'utf8');
const examples = readFileSync(new URL('documented-examples.ts', import.meta.url), 'utf8');

test('docs/plugin-protocols.md quotes the examples word for word, all of them', () => {
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  for (const block of blocks) assert.ok(examples.includes(block), `not in documented-examples.ts:\n${block}`);
  const functions = [...examples.matchAll(/^export async function \w+/gm)].map(([name]) => name);
  for (const name of functions) assert.ok(page.includes(name), `not on the page: ${name}`);
});

test('docs/plugin-protocols.md names functions that are there', () => {
  const names = [...page.matchAll(/`((?:create|open|encode|decode)\w+)`/g)].map(([, name = '']) => name);
  assert.ok(names.includes('createNetworkDriver'), 'want the table of clients');
  for (const name of names) assert.ok(name in engineExports, `not exported: ${name}`);
});

describe('the examples of docs/plugin-protocols.md', { skip: needsRoot }, () => {
  const plugin = useProtocolPlugin(
    'volumedriver',
    'networkdriver',
    'ipamdriver',
    'logdriver',
    'secretprovider',
  );

  test('mount a volume and say where the host sees it', async () => {
    const { home, name } = plugin();
    await plugin().behave('VolumeDriver.Create', 'null');
    const { id } = home.engine.inspect(name);
    const want = join(home.dataRoot, 'plugins', id, 'rootfs/mnt/v');
    assert.equal(await mountVolume(home.engine, name), want);
  });

  test('connect a container', async () => {
    const { home, name } = plugin();
    const joined = await connectContainer(home.engine, name, '/run/netns/web');
    assert.equal(joined.interfaceName?.source, 'veth0');
  });

  test('keep a log and read it', async () => {
    const { home, name } = plugin();
    assert.deepEqual(await keepLog(home.engine, name), ['ready\n']);
  });

  test('fetch a secret', async () => {
    const { home, name } = plugin();
    assert.equal((await fetchSecret(home.engine, name)).toString(), 'hidden');
  });
});
