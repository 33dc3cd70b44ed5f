/**
 * Explanations of paths of the host. A privilege does not say if a mount is read-only, so the texts assume the worse.
 */
import { posix } from 'node:path';
import type { Explanation } from './explanation.ts';

/** Explanation of some paths. The first matching rule applies. */
interface PathRule extends Explanation {
  readonly matches: (path: string) => boolean;
}

const within =
  (...directories: readonly string[]) =>
  (path: string) =>
    directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
const exactly =
  (...paths: readonly string[]) =>
  (path: string) =>
    paths.includes(path);

const mountRules: readonly PathRule[] = [
  { matches: exactly('/'), text: 'the whole file system of the host', risk: 'root' },
  {
    matches: exactly('/var/run', '/run', '/var', '/var/run/docker', '/run/docker'),
    text: 'a directory with sockets of services such as Docker, and so control over them',
    risk: 'root',
  },
  {
    matches: (path) => /\/(docker|containerd|podman|crio|outboard)\.sock$/.test(path),
    text: 'full control over the container engine',
    risk: 'root',
  },
  {
    matches: within('/run/systemd', '/var/run/systemd', '/run/dbus', '/var/run/dbus'),
    text: 'the sockets of the service manager and of the message bus, and so control over services',
    risk: 'root',
  },
  { matches: within('/run', '/var/run'), text: 'sockets and state of running services', risk: 'high' },
  {
    matches: within('/dev'),
    text: 'the device files of the host; its devices limit which it may open',
    risk: 'high',
  },
  {
    matches: within('/proc'),
    text: 'the processes and kernel settings of the host, and changes of them unless the mount is read-only',
    risk: 'high',
  },
  {
    matches: within('/sys/fs/cgroup'),
    text: 'the resource limits of all processes of the host',
    risk: 'high',
  },
  { matches: within('/sys'), text: "the host's hardware and kernel settings", risk: 'high' },
  {
    matches: within('/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/etc/localtime', '/etc/timezone'),
    text: 'the name, time zone or name servers of the host, which are no secrets',
    risk: 'low',
  },
  {
    matches: within(
      '/etc/ssl/certs',
      '/etc/pki/ca-trust',
      '/usr/share/ca-certificates',
      '/usr/share/zoneinfo',
    ),
    text: 'certificates that the host trusts or its time zones, which are no secrets',
    risk: 'low',
  },
  {
    matches: within('/etc'),
    text: 'configuration of the host, which can hold password hashes, keys and programs started at boot',
    risk: 'high',
  },
  {
    matches: within('/root', '/home'),
    text: 'files of users, which can hold keys and passwords',
    risk: 'high',
  },
  { matches: within('/boot'), text: 'the kernel and the boot loader', risk: 'high' },
  { matches: within('/lib/modules', '/usr/lib/modules'), text: 'modules of the kernel', risk: 'high' },
  {
    matches: within('/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr', '/opt'),
    text: 'programs of the host, which root runs',
    risk: 'high',
  },
  { matches: within('/var/spool/cron'), text: 'programs that the host starts at set times', risk: 'high' },
  {
    matches: within(
      '/var/lib/docker',
      '/var/lib/containerd',
      '/var/lib/containers',
      '/var/lib/kubelet',
      '/var/lib/outboard',
    ),
    text: 'data of the container engine: images, volumes, and plugins themselves',
    risk: 'high',
  },
  { matches: within('/var/log'), text: 'the logs of the host', risk: 'high' },
  { matches: within('/tmp', '/var/tmp'), text: 'temporary files of every program', risk: 'high' },
];

const deviceRules: readonly PathRule[] = [
  {
    matches: exactly('/dev/fuse'),
    text: 'mount file systems that programs provide (FUSE)',
    risk: 'low',
  },
  {
    matches: exactly('/dev/mem', '/dev/kmem', '/dev/port'),
    text: "the host's physical memory",
    risk: 'root',
  },
  { matches: exactly('/dev/kvm'), text: 'run virtual machines', risk: 'low' },
  { matches: within('/dev/net'), text: 'create network tunnels', risk: 'low' },
  { matches: exactly('/dev/kmsg'), text: "the kernel's log", risk: 'high' },
  {
    matches: within('/dev/input', '/dev/uinput'),
    text: 'keyboards and mice, and so everything that is typed',
    risk: 'high',
  },
  {
    matches: within('/dev/dri', '/dev/nvidia0', '/dev/nvidiactl', '/dev/kfd'),
    text: 'graphics cards',
    risk: 'low',
  },
  { matches: exactly('/dev/zfs'), text: 'all ZFS pools', risk: 'root' },
  {
    matches: exactly('/dev/mapper/control', '/dev/loop-control'),
    text: 'create block devices from files and other disks',
    risk: 'high',
  },
  {
    matches: (path) =>
      /^\/dev\/((sd|hd|vd|xvd|nvme|dm-|md|mmcblk|loop|nbd|rbd|sr)[\w-]*|(mapper|disk|drbd)(\/.*)?)$/.test(
        path,
      ),
    text: 'a disk, without file permissions',
    risk: 'root',
  },
];

/** Explain the source of a mount. */
export function explainMount(source: string): Explanation {
  if (source === 'tmpfs') {
    return { text: 'an empty file system in memory, with no access to the host', risk: 'low' };
  }
  if (source === '') return { text: 'a path of the host that is chosen later, with `set`', risk: 'low' };
  return (
    explainPath(mountRules, source) ?? {
      text: 'reads and, unless the mount is read-only, changes this path of the host',
      risk: 'low',
    }
  );
}

/** Explain a device. */
export function explainDevice(path: string): Explanation {
  if (path === '') return { text: 'a device of the host that is chosen later, with `set`', risk: 'low' };
  return explainPath(deviceRules, path) ?? { text: 'reads and writes this device of the host', risk: 'high' };
}

/** Explain a normalized path: `/var/../etc/` is `/etc`. Relative paths match no rule. */
function explainPath(rules: readonly PathRule[], path: string): Explanation | undefined {
  const clean = posix
    .normalize(path)
    .replace(/(?<=.)\/+$/, '')
    .replace(/^\/+/, '/');
  const rule = rules.find(({ matches }) => matches(clean));
  return rule === undefined ? undefined : { text: rule.text, risk: rule.risk };
}
