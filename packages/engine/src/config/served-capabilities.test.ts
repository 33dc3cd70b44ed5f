import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInterfaceType } from './interface-type.ts';
import { servedCapabilities } from './served-capabilities.ts';

function served(types: readonly string[] | null, protocolScheme = ''): readonly string[] {
  const parsed = types?.map(parseInterfaceType) ?? null;
  return servedCapabilities({ interface: { types: parsed, socket: 'p.sock', protocolScheme } });
}

for (const [types, capabilities] of [
  [null, []],
  [[], []],
  [['docker.volumedriver/1.0'], ['volumedriver']],
  [['docker.volumedriver/1.1'], ['volumedriver']],
  [['docker.volumedriver'], ['volumedriver']],
  [['docker.volumedriver/1.0', 'docker.volumedriver/2.0'], ['volumedriver']],
  [
    ['docker.authz/9', 'docker.logdriver/x', 'docker.secretprovider/'],
    ['authz', 'logdriver', 'secretprovider'],
  ],
  [
    ['docker.networkdriver/1.0', 'docker.ipamdriver/1.0'],
    ['networkdriver', 'ipamdriver'],
  ],
  [['docker.networkdriver/1.1', 'docker.ipamdriver', 'docker.metricscollector/2.0'], []],
  [['Docker.volumedriver/1.0', 'volumedriver/1.0', 'x.docker.authz/1.0'], []],
  [['docker.csinode/1.0'], ['csinode']],
  [['docker.VolumeDriver/1.0'], ['VolumeDriver']],
] as const) {
  test(`types ${types?.join(', ') ?? 'null'} serve ${capabilities.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(served(types), capabilities);
  });
}

test('a plugin of another protocol serves no capability', () => {
  assert.deepEqual(served(['docker.volumedriver/1.0'], 'moby.plugins.http/v1'), ['volumedriver']);
  assert.deepEqual(served(['docker.volumedriver/1.0'], 'grpc'), []);
});
