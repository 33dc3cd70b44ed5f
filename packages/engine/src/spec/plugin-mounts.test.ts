/**
 * Mounts of a plugin: for its type, as its config has them, and where they are shared with the host.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerDefaults } from '@outboard/container';
import { applySettings, initialSettings } from '../config/settings.ts';
import { bind, create, mountAt, read } from '../testing/created-spec.ts';
import { createRuntimeSpec, type RuntimeSpecInput } from './create-runtime-spec.ts';

const { mounts: defaultMounts } = containerDefaults;

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
