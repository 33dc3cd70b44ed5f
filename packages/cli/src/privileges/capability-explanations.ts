/**
 * What each Linux capability lets a plugin do, in one sentence.
 * @see capabilities(7), Linux man-pages 6.9
 */

/** Without `CAP_`, upper case. */
const explanations: Readonly<Record<string, string>> = {
  AUDIT_CONTROL: "change or switch off the kernel's audit log",
  AUDIT_READ: "read the kernel's audit log",
  AUDIT_WRITE: "write records to the kernel's audit log",
  BLOCK_SUSPEND: 'keep the host from going to sleep',
  BPF: 'load programs into the kernel; with other capabilities it can watch the whole host',
  CHECKPOINT_RESTORE: 'freeze and restore processes, and choose their process ids',
  CHOWN: 'change the owner of any file it can see',
  DAC_OVERRIDE: 'read and write any file it can see, whatever its permissions',
  DAC_READ_SEARCH: 'read any file it can see, whatever its permissions, and open files of the host by handle',
  FOWNER: 'change modes and attributes of files that belong to others',
  FSETID: 'keep set-user-ID bits on files that it changes',
  IPC_LOCK: 'lock memory, so that it is never swapped out',
  IPC_OWNER: 'use shared memory and message queues of others',
  KILL: 'send signals to any process it can see',
  LEASE: 'be told when others open a file',
  LINUX_IMMUTABLE: 'make files immutable or append-only, and undo that',
  MAC_ADMIN: 'change the rules of SELinux, Smack or AppArmor',
  MAC_OVERRIDE: 'ignore the rules of Smack',
  MKNOD: 'make device files',
  NET_ADMIN: 'change network interfaces, addresses, routes and firewall rules of its network',
  NET_BIND_SERVICE: 'listen on ports below 1024',
  NET_BROADCAST: 'send broadcasts and listen to multicasts',
  NET_RAW: 'send and read raw packets, so also forge and eavesdrop on its network',
  PERFMON: 'watch performance counters, and through them other processes',
  SETFCAP: 'give capabilities to files',
  SETGID: 'become any group',
  SETPCAP: 'hand on its capabilities',
  SETUID: 'become any user',
  SYSLOG: "read the kernel's log, which can tell addresses that attackers need",
  SYS_ADMIN: 'mount file systems and administer nearly everything: close to being root on the host',
  SYS_BOOT: 'restart the host or load another kernel',
  SYS_CHROOT: 'change its root directory',
  SYS_MODULE: 'load modules into the kernel: this is root on the host',
  SYS_NICE: 'raise the priority of processes, also of others',
  SYS_PACCT: 'switch process accounting on and off',
  SYS_PTRACE: 'read and change the memory of other processes it can see',
  SYS_RAWIO: 'reach hardware ports and physical memory: this is root on the host',
  SYS_RESOURCE: 'exceed resource limits and disk quotas',
  SYS_TIME: "set the host's clock",
  SYS_TTY_CONFIG: 'hang up and reconfigure terminals',
  WAKE_ALARM: 'wake the host from sleep',
};

/** The one that stands for all, which no kernel names. */
const everything = 'do everything that root can do';

/** @param capability with or without `CAP_`, in any case */
export function explainCapability(capability: string): string {
  const name = capability.toUpperCase().replace(/^CAP_/, '');
  if (name === 'ALL') return everything;
  return Object.hasOwn(explanations, name)
    ? (explanations[name] ?? '')
    : 'a capability that this version of outboard does not know';
}
