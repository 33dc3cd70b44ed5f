import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import type { ConnectablePlugin, ConnectOptions } from '../consumer-kind.ts';
import { hostVolumePlugin } from './host-volume-plugin.ts';
import { nomadKind } from './nomad-kind.ts';
import { type NomadVersion, parseNomadVersion } from './nomad-version.ts';

const command = { program: ['/usr/bin/outboard'], host: 'unix:///run/outboard/outboard.sock' };
const disk: ConnectablePlugin = {
  id: 'a'.repeat(64),
  name: 'acme/disk:latest',
  alias: 'disk',
  socket: '/run/docker/plugins/disk.sock',
  capabilities: ['volumedriver'],
};

async function planFor(
  plugins: readonly ConnectablePlugin[],
  options: ConnectOptions = {},
  found: NomadVersion | undefined = parseNomadVersion('1.10.2'),
) {
  const examined = await nomadKind(command, async () => found).examine(options, {});
  return { description: examined.description, ...examined.plan(plugins) };
}

describe('nomadKind()', () => {
  test('writes a program for each volume plugin', async () => {
    const { description, files, notes } = await planFor([
      disk,
      { ...disk, alias: 'policy', capabilities: ['authz'] },
    ]);
    assert.equal(description, 'Nomad 1.10.2');
    assert.deepEqual(files, [
      {
        path: '/opt/nomad/data/host_volume_plugins/outboard-disk',
        content:
          '#!/bin/sh\n' +
          '# From Outboard, for its plugin "acme/disk:latest". "outboard disconnect nomad" removes it.\n' +
          'exec /usr/bin/outboard --host unix:///run/outboard/outboard.sock nomad-volume --driver acme/disk:latest "$1"\n',
        isExecutable: true,
        pluginId: disk.id,
      },
    ]);
    assert.match(notes.join('\n'), /"plugin_id" of a volume may be: outboard-disk\.$/);
  });

  test('writes into the directory that Nomad is configured with, and below a prefix', async () => {
    const { files } = await planFor([disk], { prefix: '/image', configDir: '/srv/plugins' });
    assert.equal(files[0]?.path, '/image/srv/plugins/outboard-disk');
  });

  test('refuses a Nomad without host volume plugins, and names the other ways', async () => {
    const refused = {
      kind: 'conflict',
      message: /^Nomad 1.9.7 runs no host volume plugins: .*"outboard connect docker"$/,
    };
    await assert.rejects(planFor([disk], {}, parseNomadVersion('v1.9.7')), refused);
    await assert.rejects(planFor([disk], { version: '1.9.7' }), refused);
    assert.equal((await planFor([disk], { version: '2.0.0' })).description, 'Nomad 2.0.0');
  });

  test('says that the version is not known', async () => {
    const { description, notes } = await planFor([], { prefix: '/image' });
    assert.equal(description, 'Nomad of unknown version');
    assert.match(notes.join('\n'), /^The version of Nomad is not known.*\nNo volume plugin is enabled/);
  });

  test('refuses options that do not fit', async () => {
    for (const options of [{ prefix: 'image' }, { configDir: 'plugins' }, { version: 'one' }]) {
      await assert.rejects(planFor([], options), { kind: 'invalid' });
    }
  });
});

test('hostVolumePlugin() passes every word on as it is', () => {
  const words = ["it's", '$HOME `id` "x" \\', 'plain'];
  const text = hostVolumePlugin(
    { name: 'a b' },
    { program: ['/usr/bin/printf', '%s\\n', ...words], host: '-' },
  );
  const output = execFileSync('/bin/sh', ['-c', text, 'sh', 'create'], { encoding: 'utf8', env: {} });
  assert.deepEqual(output.split('\n'), [
    ...words,
    '--host',
    '-',
    'nomad-volume',
    '--driver',
    'a b',
    'create',
    '',
  ]);
});
