/**
 * Configs with the features of real plugins, one per quirk. Volume plugins that mount file systems: FUSE, networks, directories of the host.
 */
import {
  host,
  networkFiles,
  rbind,
  socketDirectory,
  testWildPlugins,
  volume,
} from '../testing/wild-plugins.ts';

testWildPlugins([
  {
    plugin: 'vieux/sshfs, with its settable key that has no source',
    config: {
      entrypoint: ['/docker-volume-sshfs'],
      env: [{ name: 'DEBUG', settable: ['value'], value: '0' }],
      interface: volume,
      linux: { capabilities: ['CAP_SYS_ADMIN'], devices: [{ path: '/dev/fuse' }] },
      mounts: [
        { ...rbind('/var/lib/docker/plugins/', '/mnt/state'), name: 'state', settable: ['source'] },
        { ...rbind('', '/root/.ssh'), name: 'sshkey', settable: ['source'] },
      ],
      network: host,
      propagatedmount: '/mnt/volumes',
    },
    privileges: [
      'network=host',
      'mount=/var/lib/docker/plugins/',
      'mount=',
      'device=/dev/fuse',
      'capabilities=CAP_SYS_ADMIN',
    ],
    mounts: ['/mnt/volumes', '/mnt/state', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'rclone/docker-volume-rclone, with a relative entrypoint and settable args',
    config: {
      interface: volume,
      linux: { capabilities: ['CAP_SYS_ADMIN'], devices: [{ path: '/dev/fuse' }] },
      network: host,
      entrypoint: ['rclone', 'serve', 'docker'],
      workdir: '/data',
      args: { name: 'args', value: [], settable: ['value'] },
      mounts: [{ ...rbind('/var/lib/rclone/config', '/data/config'), name: 'config', settable: ['source'] }],
      propagatedMount: '/mnt',
    },
    privileges: [
      'network=host',
      'mount=/var/lib/rclone/config',
      'device=/dev/fuse',
      'capabilities=CAP_SYS_ADMIN',
    ],
    mounts: ['/mnt', '/data/config', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'trajano/cifs, with the unknown option readonly and the host cgroups',
    config: {
      entrypoint: ['/bin/sh', '-e', '/init.sh'],
      interface: volume,
      network: host,
      mounts: [
        { ...rbind('/root'), options: ['bind', 'readonly', 'private'] },
        { ...rbind('/sys/fs/cgroup', '/hostcgroup'), options: ['bind', 'ro', 'private'] },
      ],
      propagatedMount: '/var/lib/docker-volumes',
      linux: {
        capabilities: ['CAP_SYS_ADMIN', 'CAP_DAC_READ_SEARCH'],
        devices: [{ path: '/dev/fuse' }],
        namespaces: [{ type: 'cgroup' }],
      },
    },
    privileges: [
      'network=host',
      'mount=/root',
      'mount=/sys/fs/cgroup',
      'device=/dev/fuse',
      'capabilities=CAP_SYS_ADMIN,CAP_DAC_READ_SEARCH',
    ],
    warnings: [/unknown key "Linux\.namespaces"/, /"readonly" has no effect/],
    mounts: ['/var/lib/docker-volumes', '/root', '/hostcgroup', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'juicedata/juicefs, with the typo key mount',
    config: {
      entrypoint: ['/docker-volume-juicefs'],
      interface: volume,
      linux: { capabilities: ['CAP_SYS_ADMIN'], devices: [{ path: '/dev/fuse' }] },
      mount: [rbind('/var/lib/docker/plugins/', '/jfs/state')],
      network: host,
      propagatedmount: '/jfs/volumes',
    },
    privileges: ['network=host', 'device=/dev/fuse', 'capabilities=CAP_SYS_ADMIN'],
    warnings: [/unknown key "mount"/],
    mounts: ['/jfs/volumes', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'local-persist, with a mount on its propagated mount',
    config: {
      args: { description: '', name: '', settable: null, value: null },
      entrypoint: ['/local-persist'],
      interface: volume,
      linux: { capabilities: null, allowAllDevices: false, devices: null },
      mounts: [{ ...rbind('/docker-data'), name: 'data', settable: ['source'] }],
      propagatedMount: '/docker-data',
    },
    privileges: ['mount=/docker-data'],
    warnings: [/"PropagatedMount": a mount at "\/docker-data" covers it/],
    mounts: ['/docker-data', '/docker-data', socketDirectory],
  },
  {
    plugin:
      'plugins with a line of fstab or of docker run for a mount: type rbind or none, options defaults and z',
    config: {
      entrypoint: ['/p'],
      interface: volume,
      mounts: [
        { source: '/srv/a', destination: '/a', type: 'rbind', options: ['rw'] },
        { source: '/srv/b', destination: '/b', type: 'none', options: ['defaults', 'bind'] },
        { source: '/srv/c', destination: '/c', type: 'bind', options: ['rbind', 'z'] },
        { source: '/srv/d', destination: '/d', type: 'ext4', options: ['bind', 'rw'] },
      ],
    },
    privileges: ['mount=/srv/a', 'mount=/srv/b', 'mount=/srv/c', 'mount=/srv/d'],
    warnings: [/mounted as "rbind"/, /"defaults" has no effect/, /"z" has no effect/],
    mounts: ['/a', '/b', '/c', '/d', socketDirectory],
  },
  {
    plugin: 'seaweedfs, with a network of the host, a type 2.0 and a mount without options',
    config: {
      entrypoint: ['/bin/docker-plugin-volume'],
      interface: { socket: 'volumedriver.sock', types: ['docker.volumedriver/2.0'] },
      network: { type: 'seaweedfs_internal' },
      mounts: [{ source: '/run/docker', destination: '/run/docker', type: 'bind' }],
      propagatedMount: '/mnt',
    },
    privileges: ['network=seaweedfs_internal', 'mount=/run/docker'],
    warnings: [/mounted as "rbind"/, /"Network\.Type": invalid value "seaweedfs_internal"/],
    mounts: ['/mnt', '/run/docker', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'nexentastor, with the option r, which is none',
    config: {
      entrypoint: ['/bin/nvd'],
      interface: volume,
      network: host,
      linux: { capabilities: ['CAP_SYS_ADMIN'] },
      mounts: [{ ...rbind('/etc/nvd/'), options: ['bind', 'r'] }],
      propagatedmount: '/mnt/nvd',
    },
    privileges: ['network=host', 'mount=/etc/nvd/', 'capabilities=CAP_SYS_ADMIN'],
    warnings: [/option "r" has no effect; a read-only mount is "ro"/],
    mounts: ['/mnt/nvd', '/etc/nvd', socketDirectory, ...networkFiles],
  },
]);
