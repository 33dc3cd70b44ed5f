/**
 * The built-in seccomp profile, for hosts without one: system calls that programs need, by subject, and those that
 * only programs with certain capabilities can use. Everything else fails with EPERM, as without the capability.
 *
 * It follows Docker's default profile (docs.docker.com/engine/security/seccomp lists what that blocks) with these
 * differences:
 * - with CAP_SYS_ADMIN also keyrings and `pivot_root`: mount.ceph, `rbd map` and fscrypt put their secrets into
 * kernel keyrings, and a program that may mount gains nothing by them;
 * - no sockets of AF_ALG (CVE-2026-31431), nor of AF_VSOCK, which bypasses all networks to reach the host of a
 * hypervisor;
 * - no `socketcall`, which hides the address family from the filter, so that 32-bit programs must use `socket`;
 * - no x32, which no current distribution has; each architecture delays the start of a container by some
 * milliseconds.
 * @see syscalls(2), Linux man-pages 6.9
 */
import type { SeccompArgument, SeccompProfile, SeccompRule } from './profile-document.ts';

const files = `
  access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr
  file_getattr file_setattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
  ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat ioctl lchown lchown32 lgetxattr link
  linkat listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat
  name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
  readdir readlink readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64
  setxattr setxattrat splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range sync_file_range2
  syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev
`;
const waiting = `
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
  fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
  io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect pipe pipe2 poll ppoll ppoll_time64 pselect6
  pselect6_time64 select signalfd signalfd4
`;
const sockets = `
  accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg
  send sendmmsg sendmsg sendto setsockopt shutdown socketpair
`;
const memory = `
  brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
  mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
`;
const processes = `
  capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake
  get_robust_list get_thread_area getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
  getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
  gettid getuid getuid32 ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self nice
  pidfd_open pidfd_send_signal prctl prlimit64 process_mrelease process_vm_readv process_vm_writev ptrace rseq
  sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
  sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
  sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid
  setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32
  setreuid setreuid32 setrlimit setsid setuid setuid32 ugetrlimit uretprobe vfork wait4 waitid waitpid
`;
const signals = `
  kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal sigpending sigprocmask sigreturn
  sigsuspend tgkill tkill
`;
/** Setting the clock through adjtime needs CAP_SYS_TIME; reading through it does not. */
const time = `
  adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
  clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
  timerfd_gettime64 timerfd_settime timerfd_settime64 times
`;
const messages = `
  ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
  msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
`;
const system = 'getrandom sysinfo uname';

const mounting = `
  fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree open_tree_attr pivot_root quotactl
  quotactl_fd umount umount2
`;
const keyrings = 'add_key keyctl request_key';
const observing = 'bpf fanotify_init lookup_dcookie perf_event_open syslog';
const namespaces = 'clone clone3 setdomainname sethostname setns unshare';
const memoryPlacement = 'get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node';
const otherProcesses = 'kcmp pidfd_getfd process_madvise';

/** Capability to what it opens. */
const behindCapabilities: readonly (readonly [capability: string, names: string])[] = [
  ['CAP_SYS_ADMIN', `${mounting} ${keyrings} ${observing} ${namespaces}`],
  ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ['CAP_SYS_BOOT', 'kexec_file_load kexec_load reboot'],
  ['CAP_SYS_CHROOT', 'chroot'],
  ['CAP_SYS_MODULE', 'delete_module finit_module init_module'],
  ['CAP_SYS_PACCT', 'acct'],
  ['CAP_SYS_PTRACE', otherProcesses],
  ['CAP_SYS_RAWIO', 'ioperm iopl'],
  ['CAP_SYS_TIME', 'clock_settime clock_settime64 settimeofday stime'],
  ['CAP_SYS_TTY_CONFIG', 'vhangup'],
  ['CAP_SYS_NICE', memoryPlacement],
  ['CAP_SYSLOG', 'syslog'],
  ['CAP_BPF', 'bpf'],
  ['CAP_PERFMON', 'perf_event_open'],
];

const x86 = ['amd64'];
const arm = ['arm', 'arm64'];
const s390 = ['s390', 's390x'];
/** CLONE_NEW* of sched.h but CLONE_NEWTIME, whose bit is another thing's in clone(2). */
const cloneNamespaces = 0x7e020000;
const anyButMasked = 'SCMP_CMP_MASKED_EQ';
const notImplemented = 38; // ENOSYS
const addressFamilyAlgorithm = 38;
const addressFamilyVirtualMachine = 40;

/** The profile. */
export const builtInSeccompProfile: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1, // EPERM
  architectures: [],
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  flags: [],
  rules: [
    allow([files, waiting, sockets, memory, processes, signals, time, messages, system].join(' ')),
    ...behindCapabilities.map(([capability, names]) =>
      allow(names, { includes: only({ caps: [capability] }) }),
    ),
    // Each line allows more; conditions within one would be alternatives to the runtime.
    allowIf('socket', { index: 0, op: 'SCMP_CMP_LT', value: addressFamilyAlgorithm }),
    allowIf('socket', { index: 0, op: 'SCMP_CMP_EQ', value: addressFamilyAlgorithm + 1 }),
    allowIf('socket', { index: 0, op: 'SCMP_CMP_GT', value: addressFamilyVirtualMachine }),
    // PER_LINUX, PER_LINUX32, each with UNAME26 or without; the last value asks which it is.
    ...[0, 0x8, 0x20000, 0x20008, 0xffffffff].map((value) =>
      allowIf('personality', { index: 0, op: 'SCMP_CMP_EQ', value }),
    ),
    allowIf('clone', { index: 0, op: anyButMasked, value: cloneNamespaces }, withoutAdmin({ arches: s390 })),
    allowIf(
      'clone',
      { index: 1, op: anyButMasked, value: cloneNamespaces },
      {
        includes: only({ arches: s390 }),
        ...withoutAdmin({}),
      },
    ),
    // Its flags lie in memory, out of a filter's sight. C libraries fall back to clone(2) on this error, and no other.
    { ...allow('clone3'), action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented, ...withoutAdmin({}) },
    allow('arch_prctl modify_ldt', { includes: only({ arches: x86 }) }),
    allow('arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls', {
      includes: only({ arches: arm }),
    }),
    allow('swapcontext', { includes: only({ arches: ['ppc64le'] }) }),
    allow('s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr', { includes: only({ arches: s390 }) }),
    allow('riscv_flush_icache riscv_hwprobe', { includes: only({ arches: ['riscv64'] }) }),
  ],
};

type Condition = NonNullable<SeccompRule['includes']>;
type Conditions = Partial<Pick<SeccompRule, 'includes' | 'excludes'>>;

function allow(names: string, conditions: Conditions = {}): SeccompRule {
  return {
    names: names.trim().split(/\s+/),
    action: 'SCMP_ACT_ALLOW',
    errnoRet: undefined,
    args: undefined,
    includes: undefined,
    excludes: undefined,
    ...conditions,
  };
}

/** @param argument `value` is the mask when it compares masked: what is left must be 0 */
function allowIf(
  name: string,
  argument: Pick<SeccompArgument, 'index' | 'value' | 'op'>,
  conditions: Conditions = {},
): SeccompRule {
  return { ...allow(name, conditions), args: [{ ...argument, valueTwo: undefined }] };
}

function only(condition: Partial<Condition>): Condition {
  return { caps: undefined, arches: undefined, minKernel: undefined, ...condition };
}

function withoutAdmin(condition: Partial<Condition>): Conditions {
  return { excludes: only({ ...condition, caps: ['CAP_SYS_ADMIN'] }) };
}
