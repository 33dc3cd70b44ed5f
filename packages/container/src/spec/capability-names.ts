/**
 * Names of Linux capabilities. An unknown name must not reach an OCI runtime, which would ignore it silently or,
 * worse, know it.
 * @see capabilities(7), Linux 6.12, include/uapi/linux/capability.h
 */
import { OutboardError, showValue } from '@outboard/oci';

const names = `
  AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
  FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
  NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT
  SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
`
  .trim()
  .split(/\s+/);

const canonicalNames: ReadonlySet<string> = new Set(names.map((name) => `CAP_${name}`));

/**
 * Full name of a capability: `CAP_SYS_ADMIN` for `SYS_ADMIN`.
 * @throws {OutboardError} invalid for an unknown name, another letter case, and `ALL`
 */
export function canonicalCapability(name: string): string {
  const canonical = name.startsWith('CAP_') ? name : `CAP_${name}`;
  if (canonicalNames.has(canonical)) return canonical;
  const upper = canonical.toUpperCase().replace(/^CAP_CAP_/, 'CAP_');
  const want = canonicalNames.has(upper) ? upper : 'a capability of capabilities(7), such as CAP_SYS_ADMIN';
  throw new OutboardError('invalid', `unknown capability ${showValue(name)}: want ${want}`);
}
