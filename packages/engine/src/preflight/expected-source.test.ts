import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedSource } from './expected-source.ts';

const cases = {
  directory: [
    '/var/lib/docker/plugins/',
    '/var/lib/docker-plugins/rclone/config',
    '/etc/docker/certs.d',
    '/etc/netappdvp',
    '/srv/store.v2',
    '/root/.ssh',
    '/devices',
    '/srv/websockets',
  ],
  socket: [
    '/var/run/docker.sock',
    '/run/docker.sock/',
    '/run/containerd/containerd.sock',
    '/run/dbus/system_bus_socket',
    '/run/a.socket',
  ],
  device: ['/dev/fuse', '/dev/mapper/control', '/dev/nbd0'],
  'kernel file': ['/proc/x', '/sys/kernel/debug/x'],
  file: ['/etc/hosts', '/etc/acme.conf', '/root/.docker/config.json', '/etc/ssl/ca.pem', '/run/xtables.lock'],
} as const;

for (const [expected, paths] of Object.entries(cases)) {
  for (const source of paths) {
    test(`a missing ${source} is expected to be a ${expected}`, () => {
      assert.equal(expectedSource({ source, destination: '/mnt/x' }, 'absent'), expected);
    });
  }
}

test('the destination decides too, by its name and by the file in the root filesystem', () => {
  const source = '/srv/a';
  assert.equal(expectedSource({ source, destination: '/run/docker.sock' }, 'absent'), 'socket');
  assert.equal(expectedSource({ source, destination: '/a' }, 'other'), 'file');
  assert.equal(expectedSource({ source, destination: '/a' }, 'directory'), 'directory');
  assert.equal(expectedSource({ source, destination: '/a' }), 'directory');
});
