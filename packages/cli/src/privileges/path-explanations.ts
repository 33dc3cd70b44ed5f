/**
 * What it means to be given a path of the host.
 */
import { posix } from 'node:path';

/** What a path of the host gives away. The first rule that matches tells. */
interface PathRule {
  readonly matches: (path: string) => boolean;
  readonly meaning: string;
}

const within =
  (...folders: readonly string[]) =>
  (path: string) =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
const exactly =
  (...paths: readonly string[]) =>
  (path: string) =>
    paths.includes(path);

const mountRules: readonly PathRule[] = [
  { matches: exactly('/'), meaning: 'the whole file system of the host: this is root on the host' },
  {
    matches: exactly('/var/run', '/run', '/var', '/var/run/docker', '/run/docker'),
    meaning:
      'a folder that holds the sockets of services such as Docker: control over them is root on the host',
  },
  {
    matches: (path) => /\/(docker|containerd|podman|crio|outboard)\.sock$/.test(path),
    meaning: 'full control over the container engine, which is root on the host',
  },
  {
    matches: within('/dev'),
    meaning: 'the device files of the host; which of them it may open, devices tell',
  },
  { matches: within('/proc'), meaning: 'the processes and kernel settings of the host' },
  { matches: within('/sys/fs/cgroup'), meaning: 'the resource limits of all processes of the host' },
  { matches: within('/sys'), meaning: "the host's hardware and kernel settings" },
  {
    matches: within('/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/etc/localtime', '/etc/timezone'),
    meaning: 'the name, time zone or name servers of the host, which are no secrets',
  },
  {
    matches: within('/etc'),
    meaning: 'configuration of the host, which can hold password hashes, keys and what starts at boot',
  },
  { matches: within('/root', '/home'), meaning: 'files of users, which can hold keys and passwords' },
  { matches: within('/boot'), meaning: 'the kernel and what starts it' },
  { matches: within('/lib/modules'), meaning: 'modules of the kernel' },
  {
    matches: within('/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr', '/opt'),
    meaning: 'programs of the host; whoever changes them runs as root',
  },
  {
    matches: within('/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/outboard'),
    meaning: 'data of the container engine: images, volumes, and plugins themselves',
  },
  { matches: within('/var/log'), meaning: 'the logs of the host' },
  { matches: within('/tmp', '/var/tmp'), meaning: 'temporary files of every program' },
];

const deviceRules: readonly PathRule[] = [
  { matches: exactly('/dev/fuse'), meaning: 'mount file systems that programs provide (FUSE)' },
  {
    matches: exactly('/dev/mem', '/dev/kmem', '/dev/port'),
    meaning: "the host's physical memory: this is root on the host",
  },
  { matches: exactly('/dev/kvm'), meaning: 'run virtual machines' },
  { matches: within('/dev/net'), meaning: 'make network tunnels' },
  { matches: exactly('/dev/kmsg'), meaning: "the kernel's log" },
  { matches: within('/dev/input'), meaning: 'keyboards and mice, so everything that is typed' },
  { matches: within('/dev/dri', '/dev/nvidia0', '/dev/nvidiactl', '/dev/kfd'), meaning: 'graphics cards' },
  { matches: exactly('/dev/zfs'), meaning: 'all ZFS pools' },
  {
    matches: (path) =>
      /^\/dev\/((sd|hd|vd|xvd|nvme|dm-|md|mmcblk|loop|nbd|rbd|sr)[\w-]*|(mapper|disk|drbd)(\/.*)?)$/.test(
        path,
      ),
    meaning: 'a disk, below all file permissions',
  },
];

/** What a mount source gives away, or what a mount is at all. */
export function explainMount(source: string): string {
  if (source === 'tmpfs') return 'an empty file system in memory; nothing of the host';
  if (source === '') return 'a path of the host that is chosen later, with `set`';
  const meaning = findMeaning(mountRules, source);
  return meaning === undefined
    ? 'reads and, unless the mount is read-only, changes this path of the host'
    : meaning;
}

/** What a device gives away. */
export function explainDevice(path: string): string {
  if (path === '') return 'a device of the host that is chosen later, with `set`';
  return findMeaning(deviceRules, path) ?? 'reads and writes this device of the host';
}

/** `/var/../etc/` is `/etc`. A path that does not start at the root is nothing known. */
function findMeaning(rules: readonly PathRule[], path: string): string | undefined {
  const clean = posix
    .normalize(path)
    .replace(/(?<=.)\/+$/, '')
    .replace(/^\/+/, '/');
  return rules.find(({ matches }) => matches(clean))?.meaning;
}
