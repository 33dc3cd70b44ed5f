/** docs/plugin-protocols.md: its examples are the code that runs here, and its table names every client. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as engineExports from '@outboard/engine';
import * as protocolExports from '@outboard/protocol';
import { needsRoot } from '../support/needs-root.ts';
import { keepLog } from './documented/logs.ts';
import { connectContainer } from './documented/networks.ts';
import { fetchSecret } from './documented/secrets.ts';
import { mountVolume } from './documented/volumes.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const page = readFileSync(new URL('../../docs/plugin-protocols.md', import.meta.url), 'utf8');

test('docs/plugin-protocols.md quotes the programs that run here, including imports', () => {
  const directory = new URL('documented/', import.meta.url);
  const files = readdirSync(directory).map((name) => readFileSync(new URL(name, directory), 'utf8'));
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  assert.deepEqual(blocks.toSorted(), files.toSorted());
});

test('docs/plugin-protocols.md names existing functions', () => {
  const names = [...page.matchAll(/`((?:create|open|encode|decode)\w+)`/g)].map(([, name = '']) => name);
  assert.ok(names.includes('createNetworkDriver'), 'want the table of clients');
  for (const name of names)
    assert.ok(name in engineExports || name in protocolExports, `not exported: ${name}`);
});

describe('the examples of docs/plugin-protocols.md', { skip: needsRoot }, () => {
  const plugin = useProtocolPlugin(
    'volumedriver',
    'networkdriver',
    'ipamdriver',
    'logdriver',
    'secretprovider',
  );

  test('mount a volume and report its path on the host', async () => {
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

  test('write a log and read it', async () => {
    const { home, name } = plugin();
    assert.deepEqual(await keepLog(home.engine, name), ['ready\n']);
  });

  test('fetch a secret', async () => {
    const { home, name } = plugin();
    assert.equal((await fetchSecret(home.engine, name)).toString(), 'hidden');
  });
});
