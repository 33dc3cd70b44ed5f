/**
 * Namespaces of a plugin, and the network that it joins.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialSettings } from '../config/settings.ts';
import { bridged, create, mountAt, read } from '../testing/created-spec.ts';
import { createRuntimeSpec, type RuntimeSpecInput } from './create-runtime-spec.ts';

describe('createRuntimeSpec()', () => {
  test('S21 leaves out the namespaces that are shared with the host, and adds a cgroup namespace on version 2', () => {
    const types = (config: object, more: Partial<RuntimeSpecInput> = {}) =>
      create(read(config), more).spec.linux.namespaces.map(({ type }) => type);
    assert.deepEqual(types({ network: { type: 'host' } }), ['mount', 'uts', 'pid', 'ipc']);
    assert.deepEqual(types({ network: { type: 'none' } }), ['mount', 'uts', 'network', 'pid', 'ipc']);
    assert.deepEqual(types({ pidhost: true, ipchost: true }), ['mount', 'uts', 'network']);
    assert.ok(types({}, { cgroupVersion: 2 }).includes('cgroup'));
  });

  test("mounts the host's files read-only for every network type that is not empty", () => {
    for (const type of ['host', 'none']) {
      const { spec } = create(read({ network: { type } }));
      for (const path of ['/etc/hosts', '/etc/resolv.conf']) {
        assert.deepEqual(mountAt(spec, path), [
          { destination: path, type: 'bind', source: path, options: ['rbind', 'ro', 'rprivate'] },
        ]);
      }
    }
    assert.deepEqual(mountAt(create(read({})).spec, '/etc/hosts'), []);
  });

  test('joins the network of a bridge, with its name and its own hosts files', () => {
    const { spec } = create(read({ network: { type: 'bridge' } }));
    const joined = spec.linux.namespaces.filter(({ type }) => type === 'network');
    assert.deepEqual(joined, [{ type: 'network', path: bridged.namespacePath }]);
    assert.equal(spec.hostname, 'id');
    const mounts = ['/etc/hosts', '/etc/resolv.conf'].flatMap((path) => mountAt(spec, path));
    assert.deepEqual(
      mounts.map(({ source, options }) => [source, ...options]),
      [bridged.hostsPath, bridged.resolvConfPath].map((path) => [path, 'rbind', 'ro', 'rprivate']),
    );
  });

  test('ignores a network that is given for another type', () => {
    for (const type of ['', 'none', 'host', 'weave']) {
      const { spec } = create(read({ network: { type } }), { network: bridged });
      assert.doesNotMatch(JSON.stringify(spec), /networks/, type);
      assert.equal(spec.hostname, undefined);
    }
  });

  test('refuses a bridge without a network to join', () => {
    const config = read({ network: { type: 'bridge' } });
    const input: RuntimeSpecInput = {
      config,
      settings: initialSettings(config),
      rootfsPath: '/data/rootfs',
      socketDirectory: '/exec/plugins/id',
      devices: [],
      cgroupsPath: '/outboard/id',
      security: { noNewPrivileges: true, readOnlyRootfs: false },
    };
    assert.throws(() => createRuntimeSpec(input), {
      kind: 'system',
      message: 'the config has a network of type "bridge": want the one to join',
    });
  });
});
