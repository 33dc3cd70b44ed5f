import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canonicalCapability,
  containerDefaults,
  type RuntimeSpec,
  type SpecDevice,
} from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import fc from 'fast-check';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';
import { computePrivileges } from '../config/privileges.ts';
import { applySettings, initialSettings } from '../config/settings.ts';
import { createRuntimeSpec, type RuntimeSpecInput } from './create-runtime-spec.ts';

const {
  capabilities: defaultCapabilities,
  deviceRules: defaultDeviceRules,
  mounts: defaultMounts,
  maskedPaths,
  readonlyPaths,
} = containerDefaults;

const read = (config: object): PluginConfig => {
  return parsePluginConfig(Buffer.from(JSON.stringify({ entrypoint: ['/p'], ...config }))).config;
};

function create(config: PluginConfig, more: Partial<RuntimeSpecInput> = {}) {
  return createRuntimeSpec({
    config,
    settings: initialSettings(config),
    rootfsPath: '/data/rootfs',
    propagatedMountPath: '/data/propagated-mount',
    socketDirectory: '/exec/plugins/id',
    devices: [],
    cgroupsPath: '/outboard/id',
    security: { noNewPrivileges: true, readOnlyRootfs: false },
    ...(config.network.type === 'bridge' && { network: bridged }),
    ...more,
  });
}

const bridged = {
  namespacePath: '/exec/networks/plugins/id/netns',
  hostsPath: '/exec/networks/plugins/id/hosts',
  resolvConfPath: '/exec/networks/plugins/id/resolv.conf',
  hostname: 'id',
};

const fuse: SpecDevice = {
  path: '/dev/fuse',
  type: 'c',
  major: 10,
  minor: 229,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
};
const bind = (source: string | null, destination: string, ...options: string[]) => ({
  type: 'bind',
  source,
  destination,
  options: ['rbind', ...options],
});
const mountAt = (spec: RuntimeSpec, destination: string) =>
  spec.mounts.filter((mount) => mount.destination === destination);

describe('createRuntimeSpec()', () => {
  test('gives a directory of FIFOs, read-only, to log drivers, and to no other', () => {
    const logDirectory = '/run/docker/logging/id';
    const mountsOf = (types: readonly string[], more: Partial<RuntimeSpecInput> = { logDirectory }) =>
      mountAt(create(read({ interface: { types } }), more).spec, '/run/docker/logging');
    const mount = {
      type: 'bind',
      source: logDirectory,
      destination: '/run/docker/logging',
      options: ['bind', 'ro', 'rprivate'],
    };
    assert.deepEqual(mountsOf(['docker.logdriver/1.0']), [mount]);
    assert.deepEqual(mountsOf(['docker.volumedriver/1.0']), []);
    assert.deepEqual(mountsOf(['docker.logdriver/1.0'], {}), []);
  });

  test('gives the metrics socket to plugins that collect metrics, and to no other', () => {
    const metricsSocket = '/exec/metrics.sock';
    const mountsOf = (types: readonly string[]) =>
      mountAt(create(read({ interface: { types } }), { metricsSocket }).spec, '/run/docker/metrics.sock');
    const mount = {
      type: 'bind',
      source: metricsSocket,
      destination: '/run/docker/metrics.sock',
      options: ['bind', 'ro', 'rprivate'],
    };
    assert.deepEqual(mountsOf(['docker.metricscollector/1.0']), [mount]);
    assert.deepEqual(mountsOf(['docker.volumedriver/1.0', 'docker.metricscollector/1.0']), [mount]);
    assert.deepEqual(mountsOf(['docker.volumedriver/1.0']), []);
    assert.deepEqual(mountsOf(['docker.metricscollector/2.0']), []);
    const without = create(read({ interface: { types: ['docker.metricscollector/1.0'] } }));
    assert.deepEqual(mountAt(without.spec, '/run/docker/metrics.sock'), []);
  });

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

  test('I13 shares only the propagated mount, and the root only because of it', () => {
    const { spec } = create(
      read({ propagatedMount: '/mnt/', mounts: [bind('/s', '/d'), bind('/t', '/e', 'ro')] }),
    );
    assert.equal(spec.linux.rootfsPropagation, 'rshared');
    const shared = spec.mounts.filter(({ options }) => options.some((option) => option.endsWith('shared')));
    assert.deepEqual(shared, [
      {
        destination: '/mnt',
        type: 'bind',
        source: '/data/propagated-mount',
        options: ['rbind', 'rw', 'rshared'],
      },
    ]);
    assert.deepEqual(mountAt(spec, '/d')[0]?.options, ['rbind', 'rslave']);
    assert.deepEqual(mountAt(spec, '/e')[0]?.options, ['rbind', 'ro', 'rslave']);
    assert.equal(create(read({})).spec.linux.rootfsPropagation, undefined);
  });

  test('I11 refuses a propagated mount without its directory on the host', () => {
    const config = read({ propagatedMount: '/mnt' });
    const input = { config, settings: initialSettings(config), rootfsPath: '/r', socketDirectory: '/s' };
    const security = { noNewPrivileges: true, readOnlyRootfs: false };
    const withoutFolder = { ...input, security, devices: [], cgroupsPath: '/c' };
    assert.throws(() => createRuntimeSpec(withoutFolder), { kind: 'system' });
  });

  test('replaces the default mounts that a mount at /dev, /sys or below covers, and no other', () => {
    const kernel = (config: object) => {
      const types = create(read(config)).spec.mounts.filter(({ type }) => type !== 'bind');
      return types.map(({ destination }) => destination);
    };
    assert.deepEqual(kernel({ mounts: [bind('/dev', '/dev')] }), ['/proc', '/sys', '/sys/fs/cgroup']);
    assert.deepEqual(kernel({ mounts: [bind('/sys', '/sys')] }), [
      '/proc',
      '/dev',
      '/dev/pts',
      '/dev/mqueue',
      '/dev/shm',
    ]);
    const shm = create(read({ mounts: [bind('/dev/shm', '/dev/shm'), bind('/dev/net', '/dev/net')] })).spec;
    assert.deepEqual(
      mountAt(shm, '/dev/shm').map(({ type }) => type),
      ['bind'],
    );
    assert.equal(mountAt(shm, '/dev/net').length, 1);
    assert.equal(shm.mounts.filter(({ type }) => type !== 'bind').length, defaultMounts.length - 1);
  });

  test('I02 gives a tmpfs nosuid, nodev and noexec', () => {
    const tmpfs = (...options: string[]) => ({ type: 'tmpfs', destination: '/t', options });
    const of = (...options: string[]) => mountAt(create(read({ mounts: [tmpfs(...options)] })).spec, '/t');
    assert.deepEqual(of('size=1m'), [
      {
        destination: '/t',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['size=1m', 'nosuid', 'nodev', 'noexec'],
      },
    ]);
    assert.deepEqual(of('exec', 'nosuid')[0]?.options, ['exec', 'nosuid', 'nodev']);
  });

  test('leaves out a settable mount without source, with a notice, and mounts it once it is set', () => {
    const key = { ...bind('', '/key'), name: 'sshkey', settable: ['source'] };
    const config = read({ mounts: [key, { ...key, source: null, name: 'null', destination: '/null' }] });
    const { spec, notices } = create(config);
    assert.deepEqual([...mountAt(spec, '/key'), ...mountAt(spec, '/null')], []);
    assert.deepEqual(notices, [
      'mount "sshkey" is left out: its source is not set',
      'mount "null" is left out: its source is not set',
    ]);
    const settings = applySettings(config, initialSettings(config), ['sshkey=/root/.ssh/']);
    assert.equal(mountAt(create(config, { settings }).spec, '/key')[0]?.source, '/root/.ssh');
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

  test('masks nothing on a shared mount, which would mask it on the host', () => {
    const { linux } = create(read({ propagatedMount: '/m', mounts: [bind('/sys', '/sys', 'rshared')] })).spec;
    assert.deepEqual(
      linux.maskedPaths.filter((path) => path.startsWith('/sys')),
      [],
    );
    assert.ok(linux.maskedPaths.includes('/proc/kcore'));
  });

  test('mounts shared mounts last, so that nothing lands on the host through them', () => {
    const mounts = [bind('/a', '/shared', 'rshared'), bind('/b', '/b')];
    const { spec } = create(read({ network: { type: 'host' }, propagatedMount: '/m', mounts }));
    assert.equal(spec.mounts.at(-1)?.destination, '/shared');
  });

  test('mounts a shared mount as a slave, before the socket directory, where that lies below it', () => {
    const { spec, notices } = create(
      read({ propagatedMount: '/m', mounts: [bind('/var/run', '/run', 'shared')] }),
    );
    const [run, socketDirectory] = ['/run', '/run/docker/plugins'].map((path) =>
      spec.mounts.findIndex(({ destination }) => destination === path),
    );
    assert.ok(run !== undefined && socketDirectory !== undefined && run > 0 && run < socketDirectory);
    assert.deepEqual(spec.mounts[run], {
      destination: '/run',
      type: 'bind',
      source: '/var/run',
      options: ['rbind', 'rslave'],
    });
    assert.match(notices.join(), /"\/run" is mounted as "rslave", not shared/);
  });

  test('leaves no mount below a private or slave bind shared with the host', () => {
    for (const option of ['private', 'rprivate', 'slave', 'rslave']) {
      const { spec } = create(read({ propagatedMount: '/m', mounts: [bind('/host', '/host', option)] }));
      const options = spec.mounts.find(({ destination }) => destination === '/host')?.options;
      assert.deepEqual(options, ['rbind', option.replace(/^r?(?=[ps])/, 'r')]);
    }
  });
});

describe('createRuntimeSpec() with security options', () => {
  const security = { noNewPrivileges: true, readOnlyRootfs: false };

  test('passes the filter, the profile and the flag on as they are', () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };
    const more = { ...security, noNewPrivileges: false, seccomp, apparmorProfile: 'p' };
    const { process, linux } = create(read({}), { security: more }).spec;
    assert.deepEqual(linux.seccomp, seccomp);
    assert.equal(process.apparmorProfile, 'p');
    assert.equal(process.noNewPrivileges, false);
  });

  const readOnly = { security: { ...security, readOnlyRootfs: true } };
  const destinations = (config: object) =>
    create(read(config), readOnly).spec.mounts.map(({ destination }) => destination);

  test('makes the root read-only, with a tmpfs on /tmp and /run', () => {
    const { spec } = create(read({}), readOnly);
    assert.equal(spec.root.readonly, true);
    for (const [path, mode] of [
      ['/tmp', 'mode=1777'],
      ['/run', 'mode=755'],
    ] as const) {
      assert.deepEqual(mountAt(spec, path), [
        {
          destination: path,
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['rw', 'nosuid', 'nodev', 'noexec', mode],
        },
      ]);
    }
  });

  test('mounts what the config has at or below /tmp and /run over the tmpfs', () => {
    const config = { propagatedMount: '/run/volumes', mounts: [bind('/a', '/tmp'), bind('/b', '/run/b')] };
    const order = destinations(config).filter((path) => /^\/(?:tmp|run)/.test(path));
    assert.deepEqual(order, ['/tmp', '/run', '/run/volumes', '/tmp', '/run/b', '/run/docker/plugins']);
  });
});

const capabilityPool = ['CAP_SYS_ADMIN', 'NET_ADMIN', 'CAP_CHOWN', 'CAP_BPF'];
const arbitraryConfig = fc.record({
  network: fc.record({ type: fc.constantFrom('', 'host', 'none', 'bridge', 'null') }),
  ipchost: fc.boolean(),
  pidhost: fc.boolean(),
  propagatedmount: fc.constantFrom('', '/mnt'),
  mounts: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('bind', 'none', ''),
        source: fc.constantFrom('/a', '/dev', '/sys', '/run', '', null),
        destination: fc.constantFrom('/x', '/dev', '/sys', '/run', '/dev/shm'),
        options: fc.constantFrom(['rbind'], ['bind', 'ro'], ['rbind', 'rshared'], ['bind', 'private']),
        settable: fc.constantFrom(['source'], null),
      }),
      fc.record({
        type: fc.constant('tmpfs'),
        destination: fc.constantFrom('/t', '/run'),
        options: fc.constant(['exec']),
      }),
    ),
    { maxLength: 3 },
  ),
  linux: fc.record({
    allowAllDevices: fc.boolean(),
    devices: fc.array(fc.constantFrom({ path: '/dev/fuse' }, { path: null, settable: ['path'] }), {
      maxLength: 2,
    }),
    capabilities: fc.subarray(capabilityPool),
  }),
});

/** The access that a spec gives beyond the baseline, by the names of privileges. */
function accessBeyondBaseline(spec: RuntimeSpec): readonly string[] {
  const types = new Set(spec.linux.namespaces.map(({ type }) => type));
  const kernel = new Set(defaultMounts.map((mount) => JSON.stringify(mount)));
  const ours = new Set(['/data/propagated-mount', '/exec/plugins/id', ...Object.values(bridged)]);
  const isNetworkFile = (source: string, options: readonly string[]) =>
    ['/etc/hosts', '/etc/resolv.conf'].includes(source) && options.includes('ro');
  return [
    ...(types.has('network') ? [] : ['network=host']),
    ...spec.linux.namespaces
      .filter(({ path }) => path !== undefined && path !== bridged.namespacePath)
      .map(({ type, path }) => `${type}=${path}`),
    ...(types.has('ipc') ? [] : ['host ipc namespace=true']),
    ...(types.has('pid') ? [] : ['host pid namespace=true']),
    ...spec.mounts
      .filter((mount) => !kernel.has(JSON.stringify(mount)) && !ours.has(mount.source))
      .filter(({ source, options }) => !isNetworkFile(source, options))
      .map(({ source }) => `mount=${source}`),
    ...spec.linux.devices.map(({ path }) => `device=${path}`),
    ...(spec.linux.resources.devices.some(({ allow, type }) => allow && type === undefined)
      ? ['allow-all-devices=true']
      : []),
    ...spec.process.capabilities.bounding
      .filter((name) => !defaultCapabilities.includes(name))
      .map((name) => `capabilities=${name}`),
  ];
}

describe('createRuntimeSpec() against computePrivileges()', () => {
  test('I03 gives no access beyond the baseline without a privilege', () => {
    let compared = 0;
    fc.assert(
      fc.property(arbitraryConfig, (document) => {
        const config = read(document);
        let spec: RuntimeSpec;
        try {
          const devices = document.linux.devices.flatMap(({ path }) => (path === null ? [] : [fuse]));
          spec = create(config, { devices }).spec;
        } catch (error) {
          // Refused is safe; the count below shows that not everything is.
          assert.ok(isOutboardError(error, 'invalid'), String(error));
          return;
        }
        compared += 1;
        const granted = new Set(
          computePrivileges(config).flatMap(({ name, value }) =>
            value.map((one) => `${name}=${name === 'capabilities' ? canonicalCapability(one) : one}`),
          ),
        );
        for (const access of accessBeyondBaseline(spec))
          assert.ok(granted.has(access), `${access} was not granted`);
        assert.deepEqual(spec.process.capabilities.inheritable, []);
        for (const { type } of spec.mounts.filter((mount) => !defaultMounts.includes(mount))) {
          assert.ok(type === 'bind' || type === 'tmpfs');
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(compared > 50, `only ${compared} specs were compared`);
  });
});
