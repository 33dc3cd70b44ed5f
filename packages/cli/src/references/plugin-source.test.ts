import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePluginSource } from './plugin-source.ts';

for (const [typed, expected] of [
  ['vieux/sshfs', { kind: 'registry', reference: 'vieux/sshfs' }],
  ['sshfs.tar', { kind: 'registry', reference: 'sshfs.tar' }],
  ['localhost:5000/p:v1', { kind: 'registry', reference: 'localhost:5000/p:v1' }],
  ['oci:5000/p:v1', { kind: 'registry', reference: 'oci:5000/p:v1' }],
  ['docker://acme/p:v1', { kind: 'registry', reference: 'acme/p:v1' }],
  ['./p.tar', { kind: 'file', path: './p.tar' }],
  ['../p', { kind: 'file', path: '../p' }],
  ['/srv/p.tar', { kind: 'file', path: '/srv/p.tar' }],
  ['.', { kind: 'file', path: '.' }],
  ['-', { kind: 'file', path: '-' }],
  ['oci-archive:p.tar', { kind: 'file', path: 'p.tar', name: undefined }],
  ['oci-archive:/p.tar:reg:5000/p:v1', { kind: 'file', path: '/p.tar', name: 'reg:5000/p:v1' }],
  ['docker-archive:p.tar:a:1', { kind: 'file', path: 'p.tar', name: 'a:1' }],
  ['oci:dir', { kind: 'directory', path: 'dir', name: undefined }],
  ['oci:dir:v1', { kind: 'directory', path: 'dir', name: 'v1' }],
] as const) {
  test(`parsePluginSource() reads ${typed} as ${expected.kind}`, () => {
    assert.deepEqual(parsePluginSource(typed), expected);
  });
}

test('parsePluginSource() refuses a prefix without a path', () => {
  assert.throws(() => parsePluginSource('oci::v1'), /want oci:PATH\[:NAME\]/);
});
