/**
 * The default container, its process and its devices, and configs and settings that are refused.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerDefaults } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import { applySettings, initialSettings } from '../config/settings.ts';
import { bind, create, fuse, read } from '../testing/created-spec.ts';

const {
  capabilities: defaultCapabilities,
  deviceRules: defaultDeviceRules,
  mounts: defaultMounts,
  maskedPaths,
  readonlyPaths,
} = containerDefaults;

describe('createRuntimeSpec()', () => {
  test('I06 gives a plugin without privileges exactly the default container, which has no terminal', () => {
    const { spec, notices } = create(read({}));
    assert.deepEqual(notices, []);
    assert.deepEqual(spec, {
      ociVersion: '1.0.2',
      root: { path: '/data/rootfs', readonly: false },
      process: {
        terminal: false,
        user: { uid: 0, gid: 0 },
        args: ['/p'],
        env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        cwd: '/',
        capabilities: {
          bounding: defaultCapabilities,
          effective: defaultCapabilities,
          permitted: defaultCapabilities,
          inheritable: [],
          ambient: [],
        },
        noNewPrivileges: true,
      },
      mounts: [
        ...defaultMounts,
        {
          destination: '/run/docker/plugins',
          type: 'bind',
          source: '/exec/plugins/id',
          options: ['rbind', 'rprivate'],
        },
      ],
      linux: {
        namespaces: ['mount', 'uts', 'network', 'pid', 'ipc'].map((type) => ({ type })),
        devices: [],
        resources: { devices: defaultDeviceRules },
        cgroupsPath: '/outboard/id',
        maskedPaths,
        readonlyPaths,
      },
    });
  });

  test('appends the set arguments to the entrypoint, the set env to PATH, and uses the working directory', () => {
    const config = read({
      entrypoint: ['./p', '-a'],
      workdir: '/app/',
      args: { name: 'args', value: ['x'], settable: ['value'] },
      env: [{ name: 'A', value: '1', settable: ['value'] }],
    });
    const settings = applySettings(config, initialSettings(config), ['args=y z', 'A=2']);
    const { process } = create(config, { settings }).spec;
    assert.deepEqual(process.args, ['./p', '-a', 'y', 'z']);
    assert.deepEqual(process.env.slice(1), ['A=2']);
    assert.match(process.env[0] ?? '', /^PATH=/);
    assert.equal(process.cwd, '/app');
  });

  test('I17 has one PATH when the plugin sets its own', () => {
    const config = read({
      env: [
        { name: 'A', value: '1' },
        { name: 'PATH', value: '/own' },
      ],
    });
    assert.deepEqual(create(config).spec.process.env, ['A=1', 'PATH=/own']);
  });

  test('I18 runs as root whatever the config says', () => {
    assert.deepEqual(create(read({ user: { uid: 1000, gid: 1000 } })).spec.process.user, { uid: 0, gid: 0 });
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      'a mount without source',
      { mounts: [bind(null, '/d')] },
      /^mount source is not specified: mount "\/d"$/,
    ],
    ['a mount with an empty source', { mounts: [bind('', '/d')] }, /^mount source is not specified/],
    [
      'a relative source, which would be a file of the bundle',
      { mounts: [bind('config.json', '/d')] },
      /Source "config.json"/,
    ],
    ['no entrypoint', { entrypoint: [] }, /no entrypoint/],
    [
      'I01 a proc mount in a record that was never judged',
      { mounts: [{ type: 'proc', source: 'none', destination: '/p' }] },
      /Type "proc"/,
    ],
    ['I07 a working directory in /proc', { workdir: '/proc/self/fd/7' }, /WorkDir/],
  ];
  for (const [name, config, message] of refused) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => create(read(config)),
        (error) => isOutboardError(error, 'invalid') && message.test(error.message),
      );
    });
  }

  test('refuses a set source that the rules refuse', () => {
    const config = read({ mounts: [{ ...bind('/dev', '/dev'), name: 'dev', settable: ['source'] }] });
    const settings = applySettings(config, initialSettings(config), ['dev=/tmp/fake']);
    assert.throws(
      () => create(config, { settings }),
      /want a path below \/dev, or a bind of the host path \/dev/,
    );
  });

  test('adds devices and their rules after the default rules or after the rule for all', () => {
    const rule = { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' };
    const some = create(read({}), { devices: [fuse] }).spec.linux;
    assert.deepEqual(some.devices, [fuse]);
    assert.deepEqual(some.resources.devices, [...defaultDeviceRules, rule]);
    const all = create(read({ linux: { allowAllDevices: true } }), { devices: [fuse] }).spec.linux;
    assert.deepEqual(all.resources.devices, [{ allow: true, access: 'rwm' }, rule]);
  });

  test('makes no device node on the host when the host /dev is mounted', () => {
    const { linux } = create(read({ mounts: [bind('/dev', '/dev')] }), { devices: [fuse] }).spec;
    assert.deepEqual(linux.devices, []);
    assert.ok(linux.resources.devices.some(({ minor }) => minor === 229));
  });
});
