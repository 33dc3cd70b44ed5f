/**
 * Sets of Linux capabilities as the kernel shows them: one bit each.
 * @see capabilities(7); Linux 6.12, include/uapi/linux/capability.h
 */

/** In the order of their bits. */
const names = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
`
  .trim()
  .split(/\s+/);

/** Parse one line of `/proc/PID/status`, such as `CapBnd`. @returns an empty set when the line is absent */
export function parseCapabilitySet(status: string, field: 'CapBnd' | 'CapEff'): ReadonlySet<string> {
  const [, digits = '0'] = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? [];
  const bits = BigInt(`0x${digits}`);
  return new Set(names.filter((_, bit) => (bits >> BigInt(bit)) & 1n).map((name) => `CAP_${name}`));
}

/** List the capabilities of a kernel. @param last number of its last one, of `/proc/sys/kernel/cap_last_cap` */
export function allCapabilities(last: number): readonly string[] {
  return names.slice(0, last + 1).map((name) => `CAP_${name}`);
}
