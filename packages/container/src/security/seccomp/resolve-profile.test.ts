import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { containerDefaults } from '../../spec/container-defaults.ts';
import { builtInSeccompProfile } from './built-in-profile.ts';
import { parseSeccompProfile } from './profile-document.ts';
import { resolveSeccompProfile, type SeccompSubject } from './resolve-profile.ts';

const subject: SeccompSubject = {
  capabilities: containerDefaults.capabilities,
  architecture: 'x64',
  kernelRelease: '6.1.0-13-amd64',
};
const admin = { ...subject, capabilities: [...containerDefaults.capabilities, 'CAP_SYS_ADMIN'] };

/** Resolve a profile of one rule. @returns whether it is in the filter */
function isKept(conditions: object, more: Partial<SeccompSubject> = {}): boolean {
  const rule = { names: ['bpf'], action: 'SCMP_ACT_ALLOW', ...conditions };
  const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] });
  return (
    resolveSeccompProfile(parseSeccompProfile(text, 'test'), { ...subject, ...more }).syscalls.length === 1
  );
}

describe('resolveSeccompProfile()', () => {
  const caps = (...names: string[]) => names;
  for (const [name, conditions, more, expected] of [
    ['a rule without conditions', {}, {}, true],
    ['a rule with empty conditions', { includes: {}, excludes: {} }, {}, true],
    ['a rule with null conditions', { includes: null, excludes: { caps: null } }, {}, true],
    ['a capability that is there', { includes: { caps: caps('CAP_CHOWN') } }, {}, true],
    ['one of two capabilities', { includes: { caps: caps('CAP_CHOWN', 'CAP_BPF') } }, {}, false],
    ['a capability that is absent', { includes: { caps: caps('CAP_BPF') } }, {}, false],
    ['an excluded capability that is there', { excludes: { caps: caps('CAP_BPF', 'CAP_CHOWN') } }, {}, false],
    ['an excluded capability that is absent', { excludes: { caps: caps('CAP_BPF') } }, {}, true],
    ['this architecture', { includes: { arches: ['arm', 'amd64'] } }, {}, true],
    ['another architecture', { includes: { arches: ['arm64'] } }, {}, false],
    ['this architecture elsewhere', { includes: { arches: ['arm64'] } }, { architecture: 'arm64' }, true],
    ['an architecture that is unknown', { includes: { arches: ['amd64'] } }, { architecture: 'vax' }, false],
    ['this architecture, excluded', { excludes: { arches: ['amd64'] } }, {}, false],
    ['another architecture, excluded', { excludes: { arches: ['s390x'] } }, {}, true],
    ['a kernel older than this', { includes: { minKernel: '4.8' } }, {}, true],
    ['the kernel of this', { includes: { minKernel: '6.1' } }, {}, true],
    ['a later kernel', { includes: { minKernel: '6.2' } }, {}, false],
    ['a later kernel by number, not by text', { includes: { minKernel: '6.10' } }, {}, false],
    ['an older kernel, excluded', { excludes: { minKernel: '4.8' } }, {}, false],
    ['a later kernel, excluded', { excludes: { minKernel: '7.0' } }, {}, true],
    ['a release of numbers only', { includes: { minKernel: '5.4' } }, { kernelRelease: '5.4' }, true],
  ] as const) {
    test(`${expected ? 'keeps' : 'leaves out'} a rule for ${name}`, () => {
      assert.equal(isKept(conditions, more), expected);
    });
  }

  test('uses the architectures of this machine from the map, or the listed ones', () => {
    const archMap = [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
      { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null },
    ];
    const of = (document: object, architecture: string) =>
      resolveSeccompProfile(
        parseSeccompProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', ...document }), 'test'),
        { ...subject, architecture },
      ).architectures;
    assert.deepEqual(of({ archMap }, 'x64'), ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
    assert.deepEqual(of({ archMap }, 'riscv64'), ['SCMP_ARCH_RISCV64']);
    assert.equal(of({ archMap }, 's390x'), undefined);
    assert.equal(of({}, 'x64'), undefined);
    assert.deepEqual(of({ architectures: ['SCMP_ARCH_X86_64'] }, 'x64'), ['SCMP_ARCH_X86_64']);
  });

  test('writes rules in the form of the runtime spec', () => {
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [
        { name: 'chroot', action: 'SCMP_ACT_ERRNO', errno: 'EPERM', comment: 'Podman names errors' },
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 1, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: [], action: 'SCMP_ACT_ALLOW' },
        { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [] },
      ],
    });
    assert.deepEqual(resolveSeccompProfile(parseSeccompProfile(text, 'test'), subject), {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [
        { names: ['chroot'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 1, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      ],
    });
  });
});

/** System calls that a filter allows with any arguments. */
function allowedNames(of: SeccompSubject): ReadonlySet<string> {
  const { syscalls } = resolveSeccompProfile(builtInSeccompProfile, of);
  const rules = syscalls.filter(({ action, args }) => action === 'SCMP_ACT_ALLOW' && args === undefined);
  return new Set(rules.flatMap(({ names }) => names));
}

describe('the built-in seccomp profile', () => {
  // The list that Docker documents as blocked by its profile.
  const documentedAsBlocked =
    `acct add_key bpf clock_settime create_module delete_module finit_module get_kernel_syms get_mempolicy init_module
    ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind mount move_pages nfsservctl
    open_by_handle_at perf_event_open pivot_root query_module quotactl reboot request_key set_mempolicy setns
    settimeofday stime swapon swapoff sysfs _sysctl umount umount2 unshare uselib userfaultfd ustat vm86 vm86old
    io_uring_setup io_uring_enter io_uring_register`.split(/\s+/);

  test('allows nothing that Docker documents as blocked to a container without privileges', () => {
    const allowed = allowedNames(subject);
    assert.deepEqual(
      documentedAsBlocked.filter((name) => allowed.has(name)),
      [],
    );
  });

  test('allows mounting, namespaces and keyrings with CAP_SYS_ADMIN', () => {
    const allowed = allowedNames(admin);
    for (const name of 'mount umount2 move_mount fsopen setns unshare clone clone3 add_key keyctl bpf'.split(
      ' ',
    )) {
      assert.ok(allowed.has(name), name);
    }
    for (const name of ['kexec_load', 'init_module', 'io_uring_setup', 'userfaultfd', 'swapon', 'reboot']) {
      assert.ok(!allowed.has(name), name);
    }
  });

  for (const [capability, name] of [
    ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
    ['CAP_SYS_BOOT', 'reboot'],
    ['CAP_SYS_MODULE', 'finit_module'],
    ['CAP_SYS_PACCT', 'acct'],
    ['CAP_SYS_PTRACE', 'kcmp'],
    ['CAP_SYS_RAWIO', 'iopl'],
    ['CAP_SYS_TIME', 'clock_settime'],
    ['CAP_SYS_TTY_CONFIG', 'vhangup'],
    ['CAP_SYS_NICE', 'mbind'],
    ['CAP_SYSLOG', 'syslog'],
    ['CAP_BPF', 'bpf'],
    ['CAP_PERFMON', 'perf_event_open'],
  ] as const) {
    test(`allows ${name} with ${capability} only`, () => {
      assert.ok(!allowedNames(subject).has(name), 'without it');
      const capabilities = [...containerDefaults.capabilities, capability];
      assert.ok(allowedNames({ ...subject, capabilities }).has(name), 'with it');
    });
  }

  const rulesOf = (name: string, of: SeccompSubject) =>
    resolveSeccompProfile(builtInSeccompProfile, of).syscalls.filter(({ names }) => names.includes(name));

  test('lets a container without CAP_SYS_ADMIN make processes, but no namespaces', () => {
    const mask = 0x7e020000;
    const arguments_ = (of: SeccompSubject) => rulesOf('clone', of).map(({ args }) => args?.[0]);
    assert.deepEqual(arguments_(subject), [{ index: 0, value: mask, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]);
    assert.deepEqual(
      arguments_({ ...subject, architecture: 's390x' }).map((argument) => argument?.index),
      [1],
      'the flags are the second argument on s390x',
    );
    assert.deepEqual(arguments_(admin), [undefined]);
    assert.deepEqual(
      rulesOf('clone3', subject).map(({ action, errnoRet }) => [action, errnoRet]),
      [['SCMP_ACT_ERRNO', 38]],
    );
  });

  test('allows sockets of every family but AF_ALG and AF_VSOCK', () => {
    const compare: Readonly<Record<string, (family: number, value: number) => boolean>> = {
      SCMP_CMP_LT: (family, value) => family < value,
      SCMP_CMP_EQ: (family, value) => family === value,
      SCMP_CMP_GT: (family, value) => family > value,
    };
    const rules = rulesOf('socket', admin);
    const blocked = Array.from({ length: 50 }, (_, family) => family).filter(
      (family) => !rules.some(({ args }) => args?.every(({ op, value }) => compare[op]?.(family, value))),
    );
    assert.deepEqual(blocked, [38, 40]);
    assert.deepEqual(rulesOf('socketcall', admin), []);
  });

  test('never allows less for more capabilities', () => {
    const some = fc.subarray(['CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_SYS_PTRACE', 'CAP_SYS_TIME', 'CAP_NET_ADMIN']);
    fc.assert(
      fc.property(some, some, (less, more) => {
        const smaller = allowedNames({ ...subject, capabilities: less });
        const greater = allowedNames({ ...subject, capabilities: [...less, ...more] });
        assert.deepEqual(
          [...smaller].filter((name) => !greater.has(name)),
          [],
        );
      }),
      { numRuns: 50 },
    );
  });

  test('names each system call once among those that are always allowed', () => {
    const [rule] = builtInSeccompProfile.rules;
    const names = rule?.names ?? [];
    assert.ok(names.length > 300, `${names.length} names`);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z_][a-z0-9_]*$/);
  });
});
