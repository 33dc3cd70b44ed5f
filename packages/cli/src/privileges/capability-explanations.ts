/**
 * Explanations of Linux capabilities, one sentence for each.
 * @see capabilities(7), Linux man-pages 6.9
 */
import type { Explanation } from './explanation.ts';

/** Other privileges of the plugin that change the effect of a capability. */
export interface PluginAccess {
  readonly hostNetwork: boolean;
  readonly hostProcesses: boolean;
  readonly hostIpc: boolean;
}

/** Texts by name without `CAP_`, in upper case. */
const lowRisk: Readonly<Record<string, string>> = {
  AUDIT_WRITE: "write records to the kernel's audit log",
  BLOCK_SUSPEND: 'prevent the host from suspending',
  CHOWN: 'change the owner of any file it can see',
  DAC_OVERRIDE: 'read and write any file it can see, whatever its permissions',
  FOWNER: 'change modes and attributes of files that belong to others',
  FSETID: 'keep set-user-ID bits on files that it changes',
  IPC_LOCK: 'lock memory, so that it is never swapped out',
  IPC_OWNER: 'use shared memory and message queues of others in its container',
  KILL: 'send signals to any process it can see',
  LEASE: 'be notified when others open a file',
  LINUX_IMMUTABLE: 'make files immutable or append-only, and undo that',
  MKNOD: 'create device files; its devices limit which it may open',
  NET_ADMIN: 'change network interfaces, addresses, routes and firewall rules of its network',
  NET_BIND_SERVICE: 'listen on ports below 1024',
  NET_BROADCAST: 'send broadcasts and listen to multicasts',
  NET_RAW: 'send and receive raw packets, and so forge and intercept traffic of its network',
  SETFCAP: 'give capabilities to files',
  SETGID: 'become any group',
  SETPCAP: 'pass on its capabilities',
  SETUID: 'become any user',
  SYS_CHROOT: 'change its root directory',
  SYS_NICE: 'raise the priority of processes, also of others',
  SYS_PTRACE: 'read and change the memory of other processes in its container',
  SYS_TTY_CONFIG: 'hang up and reconfigure terminals',
  WAKE_ALARM: 'wake the host from sleep',
};

const highRisk: Readonly<Record<string, string>> = {
  AUDIT_CONTROL: "change or switch off the kernel's audit log",
  AUDIT_READ: "read the kernel's audit log",
  BPF: 'load programs into the kernel; with other capabilities it can watch the whole host',
  CHECKPOINT_RESTORE: 'freeze and restore processes, and choose their process ids',
  DAC_READ_SEARCH: 'read any file it can see, whatever its permissions, and open files of the host by handle',
  MAC_ADMIN: 'change the rules of SELinux, Smack or AppArmor',
  MAC_OVERRIDE: 'ignore the rules of Smack',
  PERFMON: 'watch performance counters, and through them other processes of the host',
  SYSLOG: "read the kernel's log, which can hold addresses that attackers need",
  SYS_BOOT: 'restart the host or load another kernel',
  SYS_PACCT: 'switch process accounting on and off',
  SYS_RESOURCE: 'exceed resource limits and disk quotas',
  SYS_TIME: "set the host's clock",
};

const rootOnHost: Readonly<Record<string, string>> = {
  ALL: 'do everything that root can do',
  SYS_ADMIN: 'mount file systems and administer nearly everything',
  SYS_MODULE: 'load modules into the kernel',
  SYS_RAWIO: 'reach hardware ports and physical memory',
};

/** Explanations for capabilities together with other access, the greater risk first. */
const together: readonly (Explanation & { readonly name: string; readonly with: keyof PluginAccess })[] = [
  {
    name: 'SYS_PTRACE',
    with: 'hostProcesses',
    text: 'read and change the memory of all processes of the host',
    risk: 'root',
  },
  {
    name: 'NET_ADMIN',
    with: 'hostNetwork',
    text: 'change network interfaces, addresses, routes and firewall rules of the host',
    risk: 'high',
  },
  {
    name: 'NET_RAW',
    with: 'hostNetwork',
    text: 'send and receive raw packets, and so forge and intercept traffic of the host network',
    risk: 'high',
  },
  {
    name: 'IPC_OWNER',
    with: 'hostIpc',
    text: 'use shared memory and message queues of all programs of the host',
    risk: 'high',
  },
];

const byRisk = [
  ['root', rootOnHost],
  ['high', highRisk],
  ['low', lowRisk],
] as const;

/** Explain a capability. @param capability with or without `CAP_`, in any letter case */
export function explainCapability(capability: string, access: PluginAccess): Explanation {
  const name = capability.toUpperCase().replace(/^CAP_/, '');
  const combined = together.find((entry) => entry.name === name && access[entry.with]);
  if (combined !== undefined) return { text: combined.text, risk: combined.risk };
  for (const [risk, texts] of byRisk) {
    const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
    if (text !== undefined) return { text, risk };
  }
  return { text: 'a capability that this version of outboard does not know', risk: 'high' };
}
