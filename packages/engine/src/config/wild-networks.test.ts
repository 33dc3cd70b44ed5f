/**
 * Configs with the features of real plugins, one per quirk. Network plugins.
 */
import { host, networkFiles, rbind, socketDirectory, testWildPlugins } from '../testing/wild-plugins.ts';

testWildPlugins([
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
]);
