/**
 * Configs with the features of real plugins, one per quirk: all of them install on Docker, so all must here.
 * Each is cut down to what matters; key spelling, types, options and paths are as published.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntimeSpec } from '../spec/create-runtime-spec.ts';
import { messagesOf } from './config-finding.ts';
import { parsePluginConfig } from './parse-plugin-config.ts';
import { computePrivileges } from './privileges.ts';
import { initialSettings } from './settings.ts';
import { validatePluginConfig } from './validate-plugin-config.ts';

const volume = { socket: 'p.sock', types: ['docker.volumedriver/1.0'] };
const host = { type: 'host' };
const rbind = (source: string, destination = source, ...options: string[]) => ({
  source,
  destination,
  type: 'bind',
  options: ['rbind', ...options],
});

interface WildPlugin {
  readonly plugin: string;
  readonly config: object;
  /** Privileges as Docker lists them: `name=value,value`. */
  readonly privileges: readonly string[];
  /** Texts that the warnings must hold; no entry means no warning. */
  readonly warnings?: readonly RegExp[];
  /** Container paths of mounts beyond the default ones, in order. */
  readonly mounts: readonly string[];
}

const socketDirectory = '/run/docker/plugins';
const networkFiles = ['/etc/hosts', '/etc/resolv.conf'];

const plugins: readonly WildPlugin[] = [
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
    plugin: 'rexray/*, with every key in Docker spelling and the host /dev',
    config: {
      Args: { Description: '', Name: '', Settable: null, Value: null },
      Entrypoint: ['/rexray.sh', 'rexray', 'start'],
      Interface: { Socket: 'rexray.sock', Types: ['docker.volumedriver/1.0'] },
      Linux: { AllowAllDevices: true, Capabilities: ['CAP_SYS_ADMIN'], Devices: null },
      Mounts: [{ Source: '/dev', Destination: '/dev', Type: 'bind', Options: ['rbind'] }],
      Network: { Type: 'host' },
      PropagatedMount: '/var/lib/rexray/volumes',
      User: {},
      WorkDir: '',
    },
    privileges: ['network=host', 'mount=/dev', 'allow-all-devices=true', 'capabilities=CAP_SYS_ADMIN'],
    mounts: ['/var/lib/rexray/volumes', '/dev', socketDirectory, ...networkFiles],
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
    plugin: 'netapp/trident, with the host root and an unknown ipc key',
    config: {
      entrypoint: ['/netapp/container-launch.sh'],
      interface: volume,
      network: host,
      ipc: { type: 'host' },
      ipchost: true,
      pidhost: true,
      mounts: [rbind('/', '/host'), rbind('/dev'), rbind('/etc/netappdvp')],
      PropagatedMount: '/var/lib/docker-volumes/netapp',
      linux: { capabilities: ['CAP_SYS_ADMIN'], allowalldevices: true },
    },
    privileges: [
      'network=host',
      'host ipc namespace=true',
      'host pid namespace=true',
      'mount=/',
      'mount=/dev',
      'mount=/etc/netappdvp',
      'allow-all-devices=true',
      'capabilities=CAP_SYS_ADMIN',
    ],
    warnings: [/unknown key "ipc"/],
    mounts: [
      '/var/lib/docker-volumes/netapp',
      '/host',
      '/dev',
      '/etc/netappdvp',
      socketDirectory,
      ...networkFiles,
    ],
  },
  {
    plugin: 'docker-volume-flasharray, with host /sys and /run',
    config: {
      entrypoint: ['/usr/local/bin/docker-volume-flasharray'],
      workdir: '/',
      interface: volume,
      network: host,
      propagatedmount: '/mnt/flasharray',
      linux: {
        allowAllDevices: true,
        capabilities: ['CAP_SYS_ADMIN', 'CAP_MKNOD', 'CAP_SYS_MODULE'],
        devices: null,
      },
      mounts: [rbind('/dev'), rbind('/sys'), rbind('/run'), rbind('/lib/modules', '/lib/modules', 'ro')],
    },
    privileges: [
      'network=host',
      'mount=/dev',
      'mount=/sys',
      'mount=/run',
      'mount=/lib/modules',
      'allow-all-devices=true',
      'capabilities=CAP_SYS_ADMIN,CAP_MKNOD,CAP_SYS_MODULE',
    ],
    mounts: ['/mnt/flasharray', '/dev', '/sys', '/run', '/lib/modules', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'hpe, with shared /etc and an unknown hooks key',
    config: {
      entrypoint: ['/bin/sh', '-c', './plugin-start'],
      interface: volume,
      Linux: { Capabilities: ['CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE'], AllowAllDevices: true, Devices: null },
      hooks: { poststop: [{ path: '/cleanup.sh', args: ['/cleanup.sh'] }] },
      mounts: [
        rbind('/dev'),
        rbind('/run/lock'),
        rbind('/etc', '/etc', 'shared'),
        rbind('/var/run/docker.sock'),
        {
          Name: 'iscsiadm',
          Source: '/sbin/iscsiadm',
          Destination: '/sbin/ia',
          Type: 'bind',
          Options: ['bind'],
          Settable: ['source'],
        },
      ],
      Network: { Type: 'host' },
      PropagatedMount: '/opt/hpe/data',
      User: {},
      WorkDir: '/python-hpedockerplugin',
    },
    privileges: [
      'network=host',
      'mount=/dev',
      'mount=/run/lock',
      'mount=/etc',
      'mount=/var/run/docker.sock',
      'mount=/sbin/iscsiadm',
      'allow-all-devices=true',
      'capabilities=CAP_SYS_ADMIN,CAP_SYS_RESOURCE',
    ],
    warnings: [/unknown key "hooks"/],
    // The host's hosts file would be mounted on the host itself through the shared /etc.
    mounts: [
      '/opt/hpe/data',
      '/dev',
      '/run/lock',
      '/var/run/docker.sock',
      '/sbin/ia',
      socketDirectory,
      '/etc',
    ],
  },
  {
    plugin: 'costela/docker-volume-hetzner, with a shared /dev whose source ends in a slash',
    config: {
      entrypoint: ['/plugin/docker-volume-hetzner'],
      interface: volume,
      linux: { allowAllDevices: true, capabilities: ['CAP_SYS_ADMIN'] },
      mounts: [{ ...rbind('/dev/', '/dev', 'rshared'), name: 'dev' }],
      network: host,
      propagatedmount: '/mnt',
    },
    privileges: ['network=host', 'mount=/dev/', 'allow-all-devices=true', 'capabilities=CAP_SYS_ADMIN'],
    mounts: ['/mnt', socketDirectory, ...networkFiles, '/dev'],
  },
  {
    plugin: 'wetopi/rbd, with env that has no value',
    config: {
      entrypoint: ['/docker-volume-rbd'],
      env: [
        { name: 'PLUGIN_VERSION', Description: 'version', value: '0.2.3' },
        { name: 'RBD_CONF_CLUSTER', settable: ['value'] },
      ],
      interface: volume,
      linux: { AllowAllDevices: true, capabilities: ['CAP_SYS_ADMIN'], devices: null },
      mounts: [rbind('/lib/modules'), rbind('/dev'), rbind('/sys')],
      network: host,
      propagatedmount: '/mnt/volumes',
    },
    privileges: [
      'network=host',
      'mount=/lib/modules',
      'mount=/dev',
      'mount=/sys',
      'allow-all-devices=true',
      'capabilities=CAP_SYS_ADMIN',
    ],
    mounts: ['/mnt/volumes', '/lib/modules', '/dev', '/sys', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'linode, with interface version 1.1 and env names with dashes',
    config: {
      entrypoint: ['/docker-volume-linode'],
      env: [
        { name: 'linode-token', settable: ['value'], value: '' },
        { name: 'mount-root', settable: ['value'], value: '/mnt' },
      ],
      interface: { socket: 'linode.sock', types: ['docker.volumedriver/1.1'] },
      linux: { allowAllDevices: true, capabilities: ['CAP_SYS_ADMIN'] },
      mounts: [{ ...rbind('/dev'), name: 'state' }],
      network: host,
      propagatedMount: '/mnt',
    },
    privileges: ['network=host', 'mount=/dev', 'allow-all-devices=true', 'capabilities=CAP_SYS_ADMIN'],
    mounts: ['/mnt', '/dev', socketDirectory, ...networkFiles],
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
    plugin: 'grafana/loki-docker-driver, with nothing but network and env',
    config: {
      entrypoint: ['/bin/docker-driver'],
      env: [{ name: 'LOG_LEVEL', settable: ['value'], value: 'info' }],
      interface: { socket: 'loki.sock', types: ['docker.logdriver/1.0'] },
      network: host,
    },
    privileges: ['network=host'],
    mounts: [socketDirectory, ...networkFiles],
  },
  {
    plugin: 'cpuguy83 metrics-plugin-test, whose propagated mount contains the socket directory',
    config: {
      entrypoint: ['/metrics'],
      PropagatedMount: '/run/docker',
      interface: { socket: 'metrics.sock', types: ['docker.metricscollector/1.0'] },
      Network: { Type: 'host' },
    },
    privileges: ['network=host'],
    warnings: [/contains the socket directory/],
    mounts: ['/run/docker', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'weaveworks/net-plugin, with trailing slashes and the host /proc elsewhere',
    config: {
      entrypoint: ['/home/weave/launch.sh'],
      interface: { socket: 'weave.sock', types: ['docker.networkdriver/1.0'] },
      linux: { capabilities: ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_SYS_MODULE'] },
      mounts: [rbind('/proc/', '/host/proc/', 'rw'), rbind('/var/run/docker.sock'), rbind('/lib/modules/')],
      network: host,
      workdir: '',
    },
    privileges: [
      'network=host',
      'mount=/proc/',
      'mount=/var/run/docker.sock',
      'mount=/lib/modules/',
      'capabilities=CAP_SYS_ADMIN,CAP_NET_ADMIN,CAP_SYS_MODULE',
    ],
    mounts: ['/host/proc', '/var/run/docker.sock', '/lib/modules', socketDirectory, ...networkFiles],
  },
  {
    plugin:
      'kathara/katharanp, with a slash before the socket, the plugin directory itself and extra device keys',
    config: {
      entrypoint: ['./entrypoint.sh'],
      workdir: '/app',
      mounts: [
        { ...rbind('/run/docker/plugins'), name: 'run_docker_plugins' },
        { ...rbind('/var/run/docker'), name: 'var_run_docker' },
        { ...rbind('', '/var/run/xtables.lock'), name: 'xtables_lock', settable: ['source'] },
      ],
      interface: { socket: '/katharanp.sock', types: ['docker.networkdriver/1.0'] },
      linux: {
        capabilities: ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_NET_RAW'],
        devices: [{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200 }],
      },
      network: host,
      pidhost: true,
    },
    privileges: [
      'network=host',
      'host pid namespace=true',
      'mount=/run/docker/plugins',
      'mount=/var/run/docker',
      'mount=',
      'device=/dev/net/tun',
      'capabilities=CAP_SYS_ADMIN,CAP_NET_ADMIN,CAP_NET_RAW',
    ],
    warnings: [
      /Devices\[0\]\.type/,
      /Devices\[0\]\.major/,
      /Devices\[0\]\.minor/,
      /"\/katharanp.sock" is read as/,
    ],
    mounts: ['/var/run/docker', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'devplayer0/net-dhcp, with a pid namespace and the Docker socket',
    config: {
      entrypoint: ['/usr/sbin/net-dhcp'],
      workdir: '/',
      interface: { socket: 'net-dhcp.sock', types: ['docker.networkdriver/1.0'] },
      network: host,
      pidhost: true,
      mounts: [{ ...rbind('/var/run/docker.sock', '/run/docker.sock'), options: ['bind'] }],
      linux: { capabilities: ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE'] },
    },
    privileges: [
      'network=host',
      'host pid namespace=true',
      'mount=/var/run/docker.sock',
      'capabilities=CAP_NET_ADMIN,CAP_SYS_ADMIN,CAP_SYS_PTRACE',
    ],
    mounts: ['/run/docker.sock', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'opa-docker-authz, with type none, options bind and ro, and no network key',
    config: {
      entrypoint: ['/opa-docker-authz'],
      args: { name: 'opa-args', settable: ['value'], value: ['-policy-file', 'policy.rego'] },
      interface: { socket: 'opa.sock', types: ['docker.authz/1.0'] },
      mounts: [
        {
          name: 'policy',
          source: '/etc/docker',
          destination: '/opa',
          type: 'none',
          options: ['bind', 'ro'],
          settable: ['source'],
        },
      ],
      workdir: '/opa',
    },
    privileges: ['mount=/etc/docker'],
    mounts: ['/opa', socketDirectory],
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
  {
    plugin: 'blockbridge, with a shared /run, below which the socket directory lies',
    config: {
      entrypoint: ['./volume_driver.sh'],
      workdir: '/usr/lib/driver',
      args: null,
      interface: volume,
      network: host,
      PropagatedMount: '/bb/mnt',
      linux: { capabilities: ['CAP_IPC_LOCK', 'CAP_IPC_OWNER'], allowAllDevices: true, devices: null },
      mounts: [
        rbind('/sys', '/sys', 'rshared'),
        { ...rbind('/var/run', '/run'), name: '/run', options: ['shared', 'bind'] },
        rbind('/etc/iscsi', '/etc/iscsi', 'shared'),
      ],
    },
    privileges: [
      'network=host',
      'mount=/sys',
      'mount=/var/run',
      'mount=/etc/iscsi',
      'allow-all-devices=true',
      'capabilities=CAP_IPC_LOCK,CAP_IPC_OWNER',
    ],
    warnings: [/"\/run" is mounted as "rslave", not shared/],
    mounts: ['/bb/mnt', '/run', socketDirectory, ...networkFiles, '/sys', '/etc/iscsi'],
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
    plugin: 'krakenfs and contiv, with keys of their own at the top and in args',
    config: {
      manifestVersion: 'v0',
      entrypoint: ['/krakenfs'],
      interface: { socket: 'k.sock', types: ['docker.networkdriver/1.0', 'docker.ipamdriver/1.0'] },
      args: { name: 'krakenfs', vendor: 'x', version: '1.0.0' },
      user: { uid: 0, gid: 0 },
      Capabilities: { Scope: 'global' },
      devices: [{ path: '/dev/fuse' }],
      mounts: [rbind('/var/lib/k', '/var/lib/k', 'rshared'), rbind('/var/run')],
    },
    privileges: ['mount=/var/lib/k', 'mount=/var/run'],
    warnings: [
      /"manifestVersion"/,
      /"Args\.vendor"/,
      /"Args\.version"/,
      /unknown key "Capabilities"/,
      /unknown key "devices"/,
    ],
    mounts: ['/var/run', socketDirectory, '/var/lib/k'],
  },
  {
    plugin: 'csi plugins, with two types, an empty settable and a null value',
    config: {
      entrypoint: ['/entrypoint.sh'],
      env: [{ name: 'HCLOUD_TOKEN', settable: [], value: null }],
      interface: { socket: 'csi.sock', types: ['docker.csicontroller/1.0', 'docker.csinode/1.0'] },
      linux: { capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: true, devices: null },
      mounts: [
        { ...rbind('/etc/hostname', '/node_hostname'), options: ['bind'] },
        rbind('/dev', '/dev', 'rshared'),
      ],
      network: host,
      propagatedmount: '/data/published',
    },
    privileges: [
      'network=host',
      'mount=/etc/hostname',
      'mount=/dev',
      'allow-all-devices=true',
      'capabilities=CAP_SYS_ADMIN',
    ],
    mounts: ['/data/published', '/node_hostname', socketDirectory, ...networkFiles, '/dev'],
  },
];

const kernelMounts = new Set(['proc', 'sysfs', 'cgroup', 'devpts', 'mqueue']);

for (const wild of plugins) {
  for (const strictness of ['create', 'pull'] as const) {
    test(`${wild.plugin}: is accepted on ${strictness} and gets its mounts in Docker's order`, () => {
      const parsed = parsePluginConfig(Buffer.from(JSON.stringify(wild.config)));
      const warnings = [
        ...messagesOf(parsed.findings),
        ...validatePluginConfig(parsed.config, { strictness }),
      ];
      const expected = wild.warnings ?? [];
      assert.equal(warnings.length, expected.length, warnings.join('\n'));
      for (const pattern of expected)
        assert.ok(
          warnings.some((warning) => pattern.test(warning)),
          String(pattern),
        );

      const privileges = computePrivileges(parsed.config).map(({ name, value }) => `${name}=${value}`);
      assert.deepEqual(privileges, wild.privileges);

      const { spec } = createRuntimeSpec({
        config: parsed.config,
        settings: initialSettings(parsed.config),
        rootfsPath: '/r',
        propagatedMountPath: '/p',
        socketDirectory: '/s',
        devices: [],
        security: { noNewPrivileges: true, readOnlyRootfs: false },
        cgroupsPath: '/outboard/x',
      });
      const own = spec.mounts.filter(
        ({ type, source }) => !kernelMounts.has(type) && source !== 'shm' && source !== 'tmpfs',
      );
      assert.deepEqual(
        own.map(({ destination }) => destination),
        wild.mounts,
      );
    });
  }
}
