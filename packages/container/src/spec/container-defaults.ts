/**
 * Docker's default Linux container: the least that every container gets.
 * @see moby daemon/pkg/oci/defaults.go (28.x), DefaultLinuxSpec
 */
import type { SpecDeviceRule, SpecMount } from './runtime-spec.ts';

/** PATH of a container whose environment sets none. */
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Docker's 14 default capabilities. */
const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

function kernelMount(destination: string, type: string, source: string, ...options: string[]): SpecMount {
  return { destination, type, source, options };
}

/** File systems of the kernel, in mount order. */
const defaultMounts: readonly SpecMount[] = [
  kernelMount('/proc', 'proc', 'proc', 'rw', 'nosuid', 'noexec', 'nodev'),
  kernelMount('/dev', 'tmpfs', 'tmpfs', 'rw', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
  kernelMount(
    '/dev/pts',
    'devpts',
    'devpts',
    'rw',
    'nosuid',
    'noexec',
    'newinstance',
    'ptmxmode=0666',
    'mode=0620',
    'gid=5',
  ),
  kernelMount('/sys', 'sysfs', 'sysfs', 'ro', 'nosuid', 'noexec', 'nodev'),
  kernelMount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'ro', 'nosuid', 'noexec', 'nodev'),
  kernelMount('/dev/mqueue', 'mqueue', 'mqueue', 'rw', 'nosuid', 'noexec', 'nodev'),
  kernelMount('/dev/shm', 'tmpfs', 'shm', 'rw', 'nosuid', 'noexec', 'nodev', 'mode=1777'),
];

/** Kernel files that the container sees as empty. */
const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

/** Kernel files that the container cannot write. */
const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

function characterDevice(allow: boolean, major: number, minor: number): SpecDeviceRule {
  return { allow, type: 'c', major, minor, access: 'rwm' };
}

/** Allows zero, null, urandom, random, tty and console only; the last rule denies /dev/fuse. */
const defaultDeviceRules: readonly SpecDeviceRule[] = [
  { allow: false, access: 'rwm' },
  characterDevice(true, 1, 5),
  characterDevice(true, 1, 3),
  characterDevice(true, 1, 9),
  characterDevice(true, 1, 8),
  characterDevice(true, 5, 0),
  characterDevice(true, 5, 1),
  characterDevice(false, 10, 229),
];

/** Docker's default container. A caller adds only what was granted. */
export const containerDefaults = {
  /** Entry of the environment: `PATH=…`. */
  path: defaultPath,
  /** 14 names with `CAP_`. */
  capabilities: defaultCapabilities,
  mounts: defaultMounts,
  deviceRules: defaultDeviceRules,
  maskedPaths,
  readonlyPaths,
} as const;
